// SPDX-License-Identifier: GPL-3.0-or-later
// Case 52: apt and dpkg while the volumes are closed, and after the release.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// What was packed again is not what apt knows by this version.
const std::string apt =
    "DEBIAN_FRONTEND=noninteractive apt-get -y install --reinstall --allow-downgrades ";

// What apt or dpkg would have changed: states of all packages, what is on the mount
// points, and when dpkg last touched the package's own list of files.
std::string footprint(Machine& m) {
  return m.must(
      "dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\\n' | sha256sum; "
      "find /srv/mysql /srv/www -mindepth 1 | wc -l; "
      "stat -c %Y /var/lib/dpkg/info/mariadb-server.list /var/lib/dpkg/info/nginx-common.list");
}

void check_refused(const Done& done, const std::string& package, const std::string& unit,
                   const std::string& volume) {
  INFO(done.output);
  CHECK(done.status != 0);
  CHECK(has(done.output, "'" + package + "' must not be changed now: it has the held unit '" +
                             unit + "', whose volume '" + volume + "' is closed"));
  CHECK(has(done.output, "release-services"));
}

void check_all_configured(Machine& m) {
  CHECK(m.must("dpkg --audit") == "");
  CHECK(m.must("dpkg-query -W -f '${db:Status-Abbrev} ${Package}\\n' >/run/packages &&"
               " awk '!/^ii /' /run/packages")
            .empty());
}

}  // namespace

TEST_CASE(
    "case 52: closed, a held unit's package is refused before it is unpacked; released, not",
    "[.slow]") {
  Machine& m = guests().services();
  m.load("early");
  CHECK(m.early("continue").status == 0);
  m.wait_login();
  m.must("sh -s mariadb-server nginx-common wget",
         text_of(LATCHKEY_SOURCE_DIR "/tests/vm/guest/repack"));
  const std::string before = footprint(m);
  check_all_configured(m);

  check_refused(m.sh(apt + "/root/mariadb-server.deb"), "mariadb-server", "mariadb.service",
                "mysql");
  check_refused(m.sh(apt + "/root/nginx-common.deb"), "nginx-common", "nginx.service", "www");
  check_refused(m.sh("dpkg -i /root/mariadb-server.deb"), "mariadb-server", "mariadb.service",
                "mysql");
  check_refused(m.sh("DEBIAN_FRONTEND=noninteractive apt-get -y purge mariadb-server"),
                "mariadb-server", "mariadb.service", "mysql");
  CHECK(footprint(m) == before);
  CHECK(has(m.must("systemctl show -p ExecStartPre apt-daily-upgrade"), "apt-guard --keep-back"));
  m.must("/usr/lib/latchkey/latchkey-guard apt-guard --keep-back");
  CHECK(m.must("APT_CONFIG=/run/latchkey/apt.conf apt-config dump | "
               "grep -c 'Package-Blacklist.*[\\^]'") == "2");
  check_all_configured(m);

  const Done other = m.sh(apt + "/root/wget.deb");
  INFO(other.output);
  CHECK(other.status == 0);
  check_all_configured(m);

  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  m.until_active("mariadb nginx");
  const Done installed = m.sh(apt + "/root/mariadb-server.deb /root/nginx-common.deb");
  INFO(installed.output);
  CHECK(installed.status == 0);
  check_all_configured(m);
  m.until_active("mariadb nginx");
  CHECK(m.must("mariadb -N -e 'select word from latchkey_demo.marker'") == "kept");

  // As where the package is purged and comes back, or a configuration comes to what runs.
  m.must("rm -r /run/latchkey/released");
  const Done unmarked = m.sh("latchkey check");
  INFO(unmarked.output);
  CHECK(has(unmarked.output, "'mariadb.service' runs, and would not start again"));
  m.must("latchkey mark-running");
  CHECK_FALSE(has(m.sh("latchkey check").output, "would not start again"));
  m.must("systemctl restart mariadb && systemctl is-active mariadb");
  m.until("latchkey status || { journalctl -b -u nginx --no-pager | tail -n 20; false; }");
}
