// SPDX-License-Identifier: GPL-3.0-or-later
// What is never held, and where nothing is mounted.
#include "core/hold/hold.hpp"
#include "core/mount/mount_place.hpp"
#include "core/units/way_in.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("units without which nobody gets in are known by every form of their names") {
  for (const char* unit :
       {"ssh.service", "sshd.service", "ssh.socket", "ssh@7.service", "networking.service",
        "systemd-networkd.socket", "NetworkManager.service", "network-manager.service",
        "ifup@eth0.service", "systemd-logind.service", "dbus.socket", "user@0.service",
        "multi-user.target", "network-online.target", "latchkey-release.service"}) {
    INFO(unit);
    CHECK(is_way_in(unit));
  }
  for (const char* unit :
       {"mariadb.service", "postgresql@15-main.service", "systemd-nspawn@web.service",
        "nfs-server.service", "sshguard.service", "backups.target", "users.service", "srv.mount"}) {
    INFO(unit);
    CHECK_FALSE(is_way_in(unit));
  }
}

TEST_CASE("a services file that names one holds the others, and says so") {
  const std::string text = "# logins\nssh\ndb\n";
  const Holds holds = read_holds(text, "", {});
  REQUIRE(holds.units.size() == 1);
  CHECK(holds.units[0].unit == "db.service");
  REQUIRE(holds.problems.size() == 1);
  CHECK(holds.problems[0] == "/etc/latchkey/services:2:1: never held, nobody would get in: 'ssh'");
  // A lock would stop it otherwise.
  const auto services = parse_services(text, "services", {});
  REQUIRE(services);
  REQUIRE(services->size() == 1);
  CHECK(services->front().unit == "db.service");
  CHECK(named_units(text) == std::vector<std::string>{"ssh.service", "db.service"});
}

TEST_CASE("directories that every boot uses take no volume") {
  for (const char* place : {"/tmp", "/var/tmp", "/run", "/boot", "/var/log", "/var/lib"})
    CHECK(mount_place_error(place)->code == Code::refused);
  for (const char* place :
       {"/", "/usr", "/var", "/home", "/root", "/var/lib/mysql", "/srv/tmp", ""})
    CHECK_FALSE(mount_place_error(place));
}
