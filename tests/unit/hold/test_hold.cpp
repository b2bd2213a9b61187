// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/hold.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

std::vector<Volume> volumes() {
  return *parse_volumes(
      "data system/encrypted-data /srv/data ext4\nlogs system/encrypted-logs /var/log/app xfs\n"
      "raw system/encrypted-raw none auto\n",
      "volumes");
}

}  // namespace

TEST_CASE("a held unit's drop-in names its mount points, its marker and the release unit") {
  const Holds holds = read_holds("db data\n", "", volumes());
  CHECK(holds.problems.empty());
  const auto files = drop_ins(holds.units);
  REQUIRE(files.size() == 1);
  CHECK(files[0].unit == "db.service");
  CHECK(files[0].text ==
        "# Written by latchkey-generator from /etc/latchkey/services, anew at each\n"
        "# daemon-reload. What waits, and for what: latchkey status\n"
        "[Unit]\n"
        "Documentation=man:latchkey(8)\n"
        "After=latchkey-release.service\n"
        "Conflicts=umount.target\n"
        "Before=umount.target\n"
        "After=srv-data.mount\n"
        "ConditionPathIsMountPoint=/srv/data\n"
        "ConditionPathExists=/run/latchkey/released/db.service\n");
}

TEST_CASE("a unit with no volume named waits for every mount point, not for unmounted volumes") {
  const Holds holds = read_holds("web\n", "", volumes());
  REQUIRE(holds.units.size() == 1);
  CHECK(holds.units[0].mount_points == Lines{"/srv/data", "/var/log/app"});
  CHECK(holds.units[0].devices.empty());
}

TEST_CASE("a volume without mount point is waited for by its mapping") {
  const Holds holds = read_holds("vm raw\n", "", volumes());
  CHECK(holds.units.at(0).devices == Lines{"/dev/mapper/cleartext-raw"});
  CHECK(drop_ins(holds.units)[0].text.find("ConditionPathExists=/dev/mapper/cleartext-raw\n") !=
        std::string::npos);
}

TEST_CASE("sockets, paths and timers get the conditions and no order") {
  const Holds holds = read_holds("db data\n", "# a comment\ndb db.socket db.timer\n", volumes());
  const auto files = drop_ins(holds.units);
  REQUIRE(files.size() == 3);
  CHECK(files[1].unit == "db.socket");
  CHECK(files[1].text.find("After=") == std::string::npos);
  CHECK(files[1].text.find("ConditionPathIsMountPoint=/srv/data\n"
                           "ConditionPathExists=/run/latchkey/released/db.service\n") !=
        std::string::npos);
  CHECK(files[2].unit == "db.timer");
}

TEST_CASE("a trigger of two held units waits for both") {
  const Holds holds = read_holds("a data\nb logs\n", "a x.socket\nb x.socket\n", volumes());
  const auto files = drop_ins(holds.units);
  REQUIRE(files.size() == 3);
  CHECK(files[2].text.find("released/a.service") != std::string::npos);
  CHECK(files[2].text.find("released/b.service") != std::string::npos);
}

TEST_CASE("without readable volumes every unit is held by its marker") {
  const Holds holds = read_holds("db data\nweb\n", "", {});
  REQUIRE(holds.units.size() == 2);
  CHECK(holds.problems ==
        Lines{"/etc/latchkey/services:1:4: held by its marker alone, unknown volume 'data'"});
  for (const DropIn& file : drop_ins(holds.units))
    CHECK(file.text.find("ConditionPathExists=/run/latchkey/released/") != std::string::npos);
}

TEST_CASE("a bad line in the services file costs only itself") {
  const Holds holds = read_holds("../../etc/x data\ndb data\n", "", volumes());
  REQUIRE(holds.units.size() == 1);
  CHECK(holds.units[0].unit == "db.service");
  CHECK(holds.problems.size() == 1);
}

TEST_CASE("triggers with impossible names write no file") {
  const Holds holds = read_holds("db data\n", "db ../evil.socket db.socket\n", volumes());
  CHECK(holds.units[0].triggers == Lines{"db.socket"});
}

TEST_CASE("mount points with what unit files treat specially stay one condition") {
  const auto odd = parse_volumes("a /dev/sda /srv/50%\\040off ext4\n", "volumes");
  REQUIRE(odd);
  const std::string text = drop_ins(read_holds("x a\n", "", *odd).units)[0].text;
  CHECK(text.find("ConditionPathIsMountPoint=/srv/50%% off\n") != std::string::npos);
  CHECK(text.find("After=srv-50\\x25\\x20off.mount\n") != std::string::npos);

  const std::vector<HeldUnit> end{{.unit = "x.service", .mount_points = {"/srv/a\\"}}};
  CHECK(drop_ins(end)[0].text.find("ConditionPathIsMountPoint=/srv/a\\/\n") != std::string::npos);
}

TEST_CASE("a held unit never makes systemd start a mount that fstab has for its volume") {
  const std::string text = drop_ins(read_holds("db data\n", "", volumes()).units)[0].text;
  for (const char* pulls : {"Requires", "Wants=", "BindsTo="})
    CHECK(text.find(pulls) == std::string::npos);
}

TEST_CASE("held services come after the mounts that are held with them, and go before them") {
  const auto units = read_holds("db data\nmnt-home.mount data\nweb www\n", "", volumes()).units;
  const auto files = drop_ins(units);
  REQUIRE(files.size() == 3);
  CHECK(files[1].unit == "mnt-home.mount");
  for (const std::size_t service : {0U, 2U})
    CHECK(files[service].text.find("After=mnt-home.mount\n") != std::string::npos);
  CHECK(files[1].text.find("After=mnt-home.mount\n") == std::string::npos);
}

TEST_CASE("a service that a held mount waits for is not ordered after it") {
  const auto units =
      read_holds("glusterd data\nmnt-gv0.mount data\nweb data\n", "", volumes()).units;
  const std::string line = "localhost:/gv0 /mnt/gv0/ glusterfs nofail,_netdev,";
  for (const char* option :
       {"x-systemd.requires=glusterd.service", "x-systemd.after=glusterd.service"}) {
    const auto files = drop_ins(units, "# all\n" + line + option + " 0 0\n");
    REQUIRE(files.size() == 3);
    CHECK(files[0].text.find("After=mnt-gv0.mount\n") == std::string::npos);
    CHECK(files[2].text.find("After=mnt-gv0.mount\n") != std::string::npos);
  }
  CHECK(drop_ins(units, line + "rw 0 0\n")[0].text.find("After=mnt-gv0.mount\n") !=
        std::string::npos);
}

TEST_CASE("what early boot has opened for the system is waited for as long as it takes") {
  const auto open = parse_volumes("var vg/var /var ext4\ndb vg/db /srv/db ext4\n", "volumes");
  const auto files = patience(*open);
  REQUIRE(files.size() == 2);
  CHECK(files[1].unit == "dev-mapper-cleartext\\x2dvar.device");
  // Behind what systemd's own generator writes of x-systemd.device-timeout=.
  CHECK(std::string("50-device-timeout.conf") < drop_in_name);
  CHECK(files[1].text.find("JobRunningTimeoutSec=300s\n") != std::string::npos);
}

TEST_CASE("a disk that hangs keeps LVM waiting, and the boot for a moment only") {
  const auto files = patience({});
  REQUIRE(files.size() == 1);
  CHECK(files[0].unit == "lvm2-monitor.service");
  // Not TimeoutStartSec=: what LVM does on a slow machine goes on.
  CHECK(files[0].text.find("[Unit]\nJobRunningTimeoutSec=90s\n") != std::string::npos);
}

TEST_CASE("loaded files hold a unit until a later one takes the conditions away") {
  const std::string fragment = "[Unit]\nConditionPathExists=/etc/db\n";
  const std::string ours = "[Unit]\nConditionPathExists=/run/latchkey/released/db.service\n";
  CHECK(still_held(Lines{fragment, ours}, "db.service"));
  CHECK_FALSE(still_held(Lines{fragment}, "db.service"));
  CHECK_FALSE(still_held(Lines{ours, "[Unit]\nConditionPathExists=\n"}, "db.service"));
  CHECK_FALSE(still_held(Lines{ours, "[Unit]\n ConditionHost =\n"}, "db.service"));
  CHECK(still_held(Lines{"[Unit]\nConditionPathExists=\n", ours}, "db.service"));
  CHECK(still_held(Lines{ours, "[Unit]\nConditionPathExists=|/etc/passwd\n"}, "db.service"));
  CHECK_FALSE(still_held(Lines{ours}, "web.service"));
}

TEST_CASE("hold changes one line of the services file and leaves the rest byte for byte") {
  const std::string before = "# mine\r\ndb   data\n\n# web too\nweb.service\n";
  CHECK(with_line(before, "db.service", Lines{"data", "logs"}) ==
        "# mine\r\ndb.service data logs\n\n# web too\nweb.service\n");
  CHECK(with_line(before, "new.service", {}) == before + "new.service\n");
  CHECK(with_line("web", "db.service", {}) == "web\ndb.service\n");
  CHECK(without_line(before, "web.service") == "# mine\r\ndb   data\n\n# web too\n");
  CHECK(without_line(before, "other.service") == before);
}

TEST_CASE("a byte order mark costs no unit its hold, and no command its line") {
  const std::string marked =
      "\xef\xbb\xbf"
      "db data\nweb data\n";
  const Holds holds = read_holds(marked, "", volumes());
  REQUIRE(holds.units.size() == 2);
  CHECK(holds.units[0].unit == "db.service");
  CHECK(without_line(marked, "db.service") == "web data\n");
}

TEST_CASE("templates are told from their instances") {
  CHECK(is_template("postgresql@.service"));
  CHECK_FALSE(is_template("postgresql@15-main.service"));
  CHECK(read_holds("postgresql@15-main data\n", "", volumes()).units.at(0).unit ==
        "postgresql@15-main.service");
}
