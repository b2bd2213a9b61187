// SPDX-License-Identifier: GPL-3.0-or-later
// The main job: one passphrase over early ssh, every volume open before root
// continues, file systems mounted, services released.
#include <nlohmann/json.hpp>

#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// Nothing that unlocking needs or made is left of early boot, but its report.
void check_no_trace(Machine& m) {
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
  CHECK_FALSE(has(m.must("cat /proc/mounts"), "keys"));
  // Its LV is put to rest too (case 36), and still is what status knows.
  m.until("[ ! -e /dev/mapper/system-encrypted--keys ]", 240s);
  CHECK(m.must("lvs --noheadings -o lv_active system/encrypted-keys") == "");
  CHECK(m.sh("pgrep -f '[d]ropbear|[l]atchkey-unlock|[u]dhcpc'").status == 1);
  CHECK(m.sh("test -e /run/latchkey/early").status == 1);
  CHECK(m.must("find /run/latchkey -path '*/keys/*'").empty());
  CHECK(m.must("ip -4 -o addr show scope global | wc -l") == "1");
  CHECK(m.must("ip -4 route show default | wc -l") == "1");
  CHECK(has(m.must("ss -Hltnp sport = :22"), "sshd"));
}

// The passphrase is in no log, argument list, environment or file of /run.
void check_no_secret(Machine& m) {
  m.must("cat > /root/needle && chmod 600 /root/needle", m.passphrase());
  const std::string search = "grep -qaF -f /root/needle ";
  CHECK(m.sh("journalctl -o verbose | " + search + "-").status == 1);
  CHECK(m.sh("dmesg | " + search + "-").status == 1);
  CHECK(m.sh(search + "-r --exclude-dir=systemd /run /var/log /etc /boot").status == 1);
  CHECK(m.sh("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | " + search + "-").status ==
        1);
  m.must("rm /root/needle");
  CHECK_FALSE(has(m.console(), m.passphrase()));
}

void check_end_state(Machine& m) {
  for (const std::string volume : {"mysql", "www", "mail", "logs"}) {
    INFO(volume);
    CHECK(m.must("findmnt -no SOURCE /srv/" + volume) == "/dev/mapper/cleartext-" + volume);
    CHECK(m.must("cat /srv/" + volume + "/marker") == volume);
  }
  m.until_active("mariadb nginx");
  CHECK(m.must("mariadb -N -e 'select word from latchkey_demo.marker'") == "kept");
  CHECK(has(m.must("wget -qO- http://127.0.0.1/"), "served from an encrypted volume"));
  CHECK(m.must("systemctl --failed --no-legend").empty());
}

}  // namespace

TEST_CASE("main job: one passphrase over early ssh brings up four volumes and two services",
          "[main]") {
  Machine& m = guests().services();
  m.load("early");

  // The console asks at the same time (case 1).
  m.until_console("passphrase of the keys volume");

  const Done wrong = m.early("", "not the passphrase\n");
  CHECK(wrong.status == exit_status(Code::denied));
  CHECK(has(wrong.output, "wrong passphrase"));

  const Done right = m.early("", m.passphrase() + "\n");
  INFO(right.output);
  CHECK(right.status == 0);
  for (const char* volume : {"mysql", "www", "mail", "logs"})
    CHECK(has(right.output, "'" + std::string(volume) + "' is open"));
  CHECK(has(right.output, "all 4 volumes are open; the boot goes on"));

  m.wait_login();
  check_end_state(m);
  check_no_trace(m);
  check_no_secret(m);

  // What early boot opened is complete for systemd: its device units are active.
  for (const std::string volume : {"mysql", "www", "mail", "logs"})
    CHECK(m.must("systemctl is-active 'dev-mapper-cleartext\\x2d" + volume + ".device'") ==
          "active");
  CHECK(has(m.must("journalctl -u latchkey-release -o cat"), "early boot: unlocked by"));
  // It did all that with no more than its unit leaves it (Should 9).
  const std::string limits = m.must(
      "systemctl show latchkey-release -p LimitCORE -p KeyringMode -p LockPersonality"
      " -p NoNewPrivileges -p CapabilityBoundingSet");
  INFO(limits);
  for (const char* limit : {"LimitCORE=0", "KeyringMode=private", "LockPersonality=yes",
                            "NoNewPrivileges=yes", "CapabilityBoundingSet=cap_"})
    CHECK(has(limits, limit));
  CHECK_FALSE(has(limits, "cap_sys_module"));

  const Done again = m.sh("release-services");
  INFO(again.output);
  CHECK(again.status == 0);
  CHECK(has(again.output, "nothing to do"));

  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(status.status == 0);
  const auto json = nlohmann::json::parse(m.must("latchkey status --json"));
  CHECK(json["keys"]["open"] == false);
  CHECK(json["keys"]["present"] == true);
  CHECK(json["volumes"].size() == 4);
  for (const auto& volume : json["volumes"]) CHECK(volume["mounted"] == true);
  for (const auto& service : json["units"]) CHECK(service["up"] == true);
}

TEST_CASE("case 31: continue boots on without the data, and release-services makes up for it") {
  Machine& m = guests().services();
  m.load("early");
  const Done on = m.early("continue");
  INFO(on.output);
  CHECK(on.status == 0);
  CHECK(has(on.output, "release-services"));
  m.wait_login();
  m.until_started();
  CHECK(m.must("systemctl --failed --no-legend").empty());
  for (const char* unit : {"mariadb", "nginx"}) {
    CHECK(m.sh("systemctl is-active " + std::string(unit)).status != 0);
    CHECK(m.sh("systemctl start " + std::string(unit)).status == 0);  // skipped, not failed
    CHECK(m.sh("systemctl is-active " + std::string(unit)).status != 0);
  }
  CHECK(m.mappings().empty());
  CHECK(m.sh("latchkey status").status == 1);

  Child typed = m.terminal("release-services");
  typed.expect("passphrase");
  typed.write("wrong\n");
  typed.expect("wrong passphrase", 60s);
  typed.expect("passphrase of the keys volume");
  typed.write(m.passphrase() + "\n");
  const int status = typed.wait(240s);
  INFO(typed.output());
  CHECK(status == 0);
  CHECK_FALSE(has(typed.output(), m.passphrase()));
  check_end_state(m);
  CHECK(m.sh("release-services").status == 0);
}

TEST_CASE("lock closes everything and unlock with release brings it back") {
  Machine& m = guests().services();
  m.load("early");
  m.unlock_and_boot();
  m.until_active("mariadb nginx");
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  CHECK(m.mappings().empty());
  CHECK(m.sh("systemctl is-active mariadb").status != 0);
  CHECK(m.sh("latchkey lock").status == 0);

  const Done opened = m.sh("latchkey unlock", m.passphrase());
  INFO(opened.output);
  CHECK(opened.status == 0);
  CHECK(m.sh("latchkey unlock").status == 0);
  const Done released = m.sh("release-services");
  INFO(released.output);
  CHECK(released.status == 0);
  check_end_state(m);
}
