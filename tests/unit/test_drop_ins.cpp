// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <fstream>

#include "core/hold.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/drop_ins.hpp"

using namespace latchkey;

TEST_CASE("drop-ins that an older version wrote are told, until systemd is reloaded") {
  const latchkey::test::TempFolder folder;
  const Paths paths{folder.path()};
  const auto put = [](const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
  };
  put(paths.etc("services"), "db data\nweb data\ncron data\n");
  put(paths.etc("triggers"), "db db.socket\n");
  const auto volumes = parse_volumes("data system/encrypted-data /srv/data ext4\n", "volumes");
  REQUIRE(volumes);
  const std::string early = folder.path() + "/early";
  const auto stale = [&] { return stale_drop_ins(paths, *volumes, early); };
  CHECK(stale().empty());

  const auto all = drop_ins(read_holds("db data\nweb data\n", "db db.socket\n", *volumes).units);
  for (const DropIn& one : all)
    put(early + "/" + one.unit + ".d/" + std::string(drop_in_name), one.text);
  CHECK(stale().empty());
  put(early + "/db.service.d/zzzz-latchkey.conf", "[Unit]\nRequiresMountsFor=/srv/data\n");
  put(early + "/db.socket.d/zzzz-latchkey.conf", "");
  CHECK(stale() == std::vector<std::string>{"db.service", "db.socket"});
}
