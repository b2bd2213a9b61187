// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <fstream>

#include "core/hold/hold.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/hold/drop_ins.hpp"
#include "sys/hold/late_unit_file.hpp"

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

TEST_CASE("a unit that was let go, and that systemd still holds, is told") {
  const latchkey::test::TempFolder folder;
  const Paths paths{folder.path()};
  const std::string early = folder.path() + "/early";
  const auto volumes = parse_volumes("data system/encrypted-data /srv/data ext4\n", "volumes");
  REQUIRE(volumes);
  std::vector<DropIn> all = drop_ins(read_holds("db data\n", "", *volumes).units);
  const std::vector<DropIn> others = patience(*volumes);
  REQUIRE_FALSE(others.empty());
  all.insert(all.end(), others.begin(), others.end());
  for (const DropIn& one : all) {
    std::filesystem::create_directories(early + "/" + one.unit + ".d");
    std::ofstream(early + "/" + one.unit + ".d/" + std::string(drop_in_name)) << one.text;
  }
  CHECK(stale_drop_ins(paths, *volumes, early) == std::vector<std::string>{"db.service"});
  CHECK(still_held("db.service", early));
  CHECK_FALSE(still_held(others.front().unit, early));
  CHECK_FALSE(still_held("web.service", early));
}

TEST_CASE("files of units that lie on a volume are told, mounted or not") {
  namespace fs = std::filesystem;
  const latchkey::test::TempFolder folder;
  const std::string units = folder.path() + "/units";
  const std::string place = folder.path() + "/srv/app";
  fs::create_directories(units + "/web.service.d");
  const auto volumes = parse_volumes("app vg/app " + place + " ext4\n", "volumes");
  REQUIRE(volumes);
  const auto late = [&](const std::string& unit, const UnitState& state = {}) {
    const auto error = late_unit_file(unit, state, *volumes, units);
    return error ? error->what : std::string();
  };
  const auto hint = [&](const std::string& file) {
    const auto error = late_unit_file("x.service", {.files = {file}}, *volumes, units);
    return error ? error->hint : std::string();
  };
  std::ofstream(units + "/web.service") << "[Service]\n";
  CHECK(late("web.service").empty());
  CHECK(late("none.service").empty());
  // Dangling, as the boot meets it; over a second link; by a template; and a drop-in.
  fs::create_symlink(place + "/deploy/app.service", units + "/app.service");
  CHECK(late("app.service").find(units + "/app.service' lies on 'app'") != std::string::npos);
  fs::create_symlink("app.service", units + "/byname.service");
  CHECK(late("byname.service").find(place + "/deploy/app.service") != std::string::npos);
  fs::create_symlink("../srv/app/m@.service", units + "/m@.service");
  CHECK_FALSE(late("m@one.service").empty());
  fs::create_symlink(place + "/web.conf", units + "/web.service.d/web.conf");
  CHECK_FALSE(late("web.service").empty());
  // Of other places by what systemd has loaded, and where it is mounted.
  fs::create_directories(place);
  std::ofstream(place + "/x.service") << "";
  CHECK_FALSE(late("x.service", {.files = {place + "/x.service"}}).empty());
  CHECK(hint(place + "/x.service").starts_with("copy it to " + units + ";"));
  CHECK(hint(place + "/x.service.d/a.conf").starts_with("copy it to " + units + "/x.service.d;"));
  CHECK(late("x.service", {.files = {folder.path() + "/srv/app2/x.service"}}).empty());
}
