// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/unit_name.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("mount units are named as systemd names them") {
  // As systemd-escape --path --suffix=mount prints them.
  CHECK(mount_unit("/") == "-.mount");
  CHECK(mount_unit("/srv/www/") == "srv-www.mount");
  CHECK(mount_unit("//srv//my-data") == "srv-my\\x2ddata.mount");
  CHECK(mount_unit("/srv/50% off") == "srv-50\\x25\\x20off.mount");
  CHECK(mount_unit("/.hidden/x.y") == "\\x2ehidden-x.y.mount");
  CHECK(mount_unit("/srv/.h") == "srv-.h.mount");
  CHECK(mount_unit("/srv/\xc3\xa4_:@a") == "srv-\\xc3\\xa4_:\\x40a.mount");
  CHECK(mount_unit("/srv/a\\b") == "srv-a\\x5cb.mount");
  CHECK(mount_unit("/srv/./x") == "srv-x.mount");
  CHECK(mount_unit("/srv/../x").empty());
  CHECK(mount_unit("/" + std::string(250, 'a')).empty());
  CHECK(mount_unit("/" + std::string(249, 'a')).size() == 255);
}
