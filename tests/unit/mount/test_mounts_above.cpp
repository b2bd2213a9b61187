// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/mounts_above.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Above = std::vector<MountAbove>;

Above above(const std::string& fstab, const std::string& held = "") {
  Setup setup;
  setup.volumes = *parse_volumes(
      "www system/www /srv/data/www ext4\nbase system/base /base ext4\n"
      "inner system/inner /base/x/inner ext4\n",
      "volumes");
  setup.services = *parse_services(held, "services", setup.volumes);
  Above out = mounts_above(fstab, setup, setup.volumes[0]);
  for (MountAbove& one : mounts_above(fstab, setup, setup.volumes[2])) out.push_back(one);
  return out;
}

}  // namespace

TEST_CASE("what fstab mounts above a volume comes before it, from the root down") {
  CHECK(above("/dev/sdc1 /srv/data/ ext4 nofail 0 2\n/dev/sdb1 /srv ext4 nofail 0 2\n") ==
        Above{{"/srv", "srv.mount"}, {"/srv/data", "srv-data.mount"}});
  CHECK(above("nas:/x /srv nfs _netdev\n") == Above{{"/srv", "srv.mount"}});
  CHECK(above("/srv /srv none bind,nofail\n") == Above{{"/srv", "srv.mount"}});
}

TEST_CASE(
    "no mount above a volume are its own place, other volumes, and what comes when it is asked "
    "for") {
  for (const char* line : {
           "/dev/sda1 / ext4 defaults",
           "/dev/mapper/cleartext-www /srv/data/www ext4 nofail",
           "/dev/mapper/cleartext-base /base ext4 nofail",
           "/dev/sdb1 /srv ext4 noauto",
           "/dev/sdb1 /srv ext4 noauto,x-systemd.automount",
           "/dev/sdb1 /srv/dat ext4 nofail",
           "/dev/sdb1 /srv/data/www/inner ext4 nofail",
           "/dev/sdb2 none swap sw",
           "#/dev/sdb1 /srv ext4 nofail",
       }) {
    INFO(line);
    CHECK(above(line).empty());
  }
}

TEST_CASE("a mount that waits for the release is not asked for by it") {
  CHECK(above("/dev/sdb1 /srv ext4 nofail\n", "srv.mount www\n") == Above{{"/srv", ""}});
  CHECK(above("/dev/sdb1 /srv ext4 nofail,x-systemd.after=latchkey-release.service\n") ==
        Above{{"/srv", ""}});
}
