// SPDX-License-Identifier: GPL-3.0-or-later
// The same on sysvinit: held scripts, the release of a boot, lock, and links that come
// back as they were.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/early_left.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// All links by name and target.
std::string links(Machine& m) {
  return m.must("find /etc/rc?.d -type l -printf '%p %l\\n' | sort");
}

// Boots start what insserv lists beside the links.
bool listed(Machine& m, const std::string& service) {
  return m.sh("grep -qw " + service + " /etc/init.d/.depend.start").status == 0;
}

bool runs(Machine& m, const std::string& service) {
  return m.sh("service " + service + " status").status == 0;
}

// Refused with a reason, and well: neither a boot nor dpkg may fail because of it.
void check_refused(Machine& m, const std::string& command) {
  const Done done = m.sh(command);
  INFO(command << "\n" << done.output);
  CHECK(done.status == 0);
  CHECK(has(done.output, "is held and was not started"));
  CHECK(has(done.output, "run: release-services"));
}

void check_up(Machine& m) {
  CHECK(m.must("findmnt -no SOURCE /srv/www") == "/dev/mapper/cleartext-www");
  CHECK(m.must("findmnt -no SOURCE /srv/data") == "/dev/mapper/cleartext-data");
  for (const char* service : {"nginx", "slow"}) CHECK(runs(m, service));
  CHECK(has(m.must("busybox wget -qO- http://127.0.0.1/"), "served from an encrypted volume"));
  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(status.status == 0);
}

void check_closed(Machine& m) {
  CHECK(m.mappings().empty());
  for (const char* service : {"nginx", "slow", "plain"}) CHECK_FALSE(runs(m, service));
  CHECK(m.must("find /srv/data /srv/www -type f").empty());
  CHECK(m.sh("latchkey status").status == 1);
}

// A boot is over when its last script, ours, has said what it did, and a release that took too
// long for the boot to wait for it has ended behind it.
void wait_booted(Machine& m) {
  m.wait_login();
  m.until("! pgrep -x startpar && ! pgrep -x latchkey && [ -s /run/latchkey/release.log ]", 180s);
}

}  // namespace

TEST_CASE("sysvinit: a boot, lock, release and unhold as on systemd", "[.slow]") {
  Machine& m = guests().sysvinit();
  m.load("early");
  const Done unlocked = m.early("", m.passphrase());
  INFO(unlocked.output);
  REQUIRE(unlocked.status == 0);
  wait_booted(m);
  REQUIRE(m.must("cat /proc/1/comm") == "init");
  const std::string told = m.must("cat /run/latchkey/release.log");
  INFO(told);
  CHECK(has(told, "early boot: unlocked by"));
  check_up(m);
  // Each held script had its turn in the boot, and was refused.
  CHECK(has(m.console(), "'slow' is held and was not started"));

  // A script that does not ask: its links go, and come back as they were.
  m.must("service plain start");
  const std::string before = links(m);
  const Done held = m.sh("latchkey hold plain --needs data");
  INFO(held.output);
  CHECK(held.status == 0);
  CHECK(has(held.output, "does not read /lib/lsb/init-functions"));
  CHECK(runs(m, "plain"));  // its volume is mounted
  CHECK(m.must("find /etc/rc[2-5S].d -name 'S??plain'").empty());
  CHECK_FALSE(listed(m, "plain"));
  CHECK(m.must("find /etc/rc2.d -name 'S??nginx' | wc -l") == "1");
  const Done nearest = m.sh("latchkey hold ngimx");
  CHECK(nearest.status == exit_status(Code::missing));
  CHECK(has(nearest.output, "did you mean 'nginx'?"));
  CHECK(has(m.sh("latchkey --verbose check").output,
            "'plain.service' is kept from starting at boot"));

  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  check_closed(m);
  check_refused(m, "service nginx start");
  check_refused(m, "/etc/rc2.d/S*slow start");
  check_refused(m, "invoke-rc.d nginx restart");
  check_closed(m);

  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  check_up(m);
  CHECK(runs(m, "plain"));
  CHECK(m.must("tail -n 2 /srv/data/started | xargs") == "slow plain");  // the file's order
  CHECK(m.sh("service nginx restart").status == 0);
  CHECK(runs(m, "nginx"));

  m.must("latchkey unhold plain");
  CHECK(links(m) == before);
  CHECK(listed(m, "plain"));
  CHECK(m.sh("[ -e /etc/latchkey/links ]").status == 1);
}

TEST_CASE("sysvinit: booted on without the data, upgraded, released, let go", "[.slow]") {
  Machine& m = guests().sysvinit();
  m.load("early");
  m.unlock_and_boot();
  wait_booted(m);
  const std::string before = links(m);
  REQUIRE(m.sh("latchkey hold plain.service --needs data").status == 0);
  const std::string disabled = links(m);
  m.reboot();
  m.wait_early();
  CHECK(m.early("continue").status == 0);
  wait_booted(m);
  CHECK(has(m.must("cat /run/latchkey/release.log"),
            "the encrypted volumes were not opened in early boot"));
  check_closed(m);
  check_refused(m, "service nginx start");

  // dpkg refuses before it unpacks anything, and changes nothing of the hold.
  const Done again = m.sh("dpkg -i /root/packages/*.deb");
  INFO(again.output);
  CHECK(again.status != 0);
  CHECK(has(again.output, "must not be changed now"));
  CHECK(m.must("dpkg --audit") == "");
  CHECK(links(m) == disabled);
  check_closed(m);

  Child typed = m.terminal("release-services");
  typed.expect("passphrase");
  typed.write(m.passphrase() + "\n");
  const int status = typed.wait(240s);
  INFO(typed.output());
  CHECK(status == 0);
  check_up(m);
  CHECK(runs(m, "plain"));

  m.must("latchkey lock");
  // A removal begins with this; the rest of it builds images, which takes minutes here.
  m.must("sh /var/lib/dpkg/info/latchkey.prerm remove");
  CHECK(links(m) == before);
}

TEST_CASE("sysvinit: an early boot that never came to its end keeps neither port nor address",
          "[.slow]") {
  std::vector<std::string> options = sysvinit_options();
  options.insert(options.end(), {"--script", no_farewell});
  Machine m("test-sysv-left", options);
  m.unlock_and_boot();
  check_nothing_left(m, "init");
  wait_booted(m);
  check_up(m);
  // A second call, by whoever, leaves the real network as it is.
  m.must("service latchkey-farewell start");
  CHECK(has(m.must("ip -br addr"), "10.0.2.15"));
}
