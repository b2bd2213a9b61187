// SPDX-License-Identifier: GPL-3.0-or-later
// The log of boots, and hooks of every kind on a real boot.
#include <nlohmann/json.hpp>

#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string hooks = "/etc/latchkey/hooks.d/";

void put_hook(Machine& m, const std::string& name, const std::string& body) {
  m.must("cat > " + hooks + name + " && chmod 755 " + hooks + name, "#!/bin/sh\n" + body + "\n");
}

}  // namespace

TEST_CASE("log and hooks: who unlocked survives a reboot, and bad hooks hold up nothing",
          "[.slow]") {
  Machine& m = guests().unlocked();
  m.until("grep -q '\"event\":\"released\"' /var/lib/latchkey/boots.jsonl", 180s);
  CHECK(m.must("stat -c %a /var/lib/latchkey/boots.jsonl") == "600");
  const std::string first = m.must("cat /proc/sys/kernel/random/boot_id");

  put_hook(m, "unlocked/10-fails", "echo this one fails; exit 3");
  put_hook(m, "unlocked/20-hangs", "exec sleep 1000");
  put_hook(m, "unlocked/30-records", "cat > /root/unlocked.json");
  put_hook(m, "released/records", "cat > /root/released.json");
  // systemd's own activation of the volume group lasts until the release is over.
  m.must("cat > /etc/systemd/system/lvm-activate-system.service && "
         "systemctl enable lvm-activate-system",
         "[Unit]\nDefaultDependencies=no\n[Service]\nType=exec\nExecStart=/bin/sh -c "
         "'until systemctl -q is-active latchkey-release; do sleep 1; done; sleep 5'\n"
         "[Install]\nWantedBy=sysinit.target\n");
  m.must("sync");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  m.until("systemctl is-active --quiet latchkey-release");
  // The boot is complete while the hook still hangs.
  m.until("systemctl is-system-running | grep -qx running", 180s);
  m.until("test -s /root/released.json", 240s);
  CHECK(m.must("systemctl --failed --no-legend").empty());

  // The keys volume's LV is put to rest after that, by a unit that no service waits for.
  m.until("[ ! -e /dev/mapper/system-encrypted--keys ]", 120s);
  const std::string units =
      "journalctl -b -o cat -u latchkey-release -u lvm-activate-system -u latchkey-start";
  m.until(units + " | grep -q 'Finished latchkey-start'", 120s);
  const std::string order = m.must(units);
  INFO(order);
  const auto rest = order.find("Finished latchkey-start");
  const auto activated = order.find("lvm-activate-system.service: Deactivated");
  CHECK(order.find("Finished latchkey-release") < activated);
  CHECK(activated < rest);

  const auto unlocked = nlohmann::json::parse(m.must("cat /root/unlocked.json"));
  CHECK(unlocked["event"] == "unlocked");
  CHECK(unlocked["early"]["peer"]["kind"] == "ssh");
  CHECK(has(unlocked["early"]["peer"]["fingerprint"].get<std::string>(), "SHA256:"));
  CHECK(unlocked["early"]["volumes"].size() == 4);
  const auto released = nlohmann::json::parse(m.must("cat /root/released.json"));
  CHECK(released["event"] == "released");
  CHECK(released["events"].back()["items"].size() == 4);
  CHECK(released["boot"] != first);

  const std::string journal = m.must("journalctl -b -o cat -u 'latchkey-hooks@*'");
  CHECK(has(journal, "hook 10-fails: this one fails"));
  CHECK(has(journal, "10-fails' failed: it ended with status 3"));
  CHECK(has(journal, "20-hangs' failed: it did not end within 30 s"));
  const std::string release = m.must("journalctl -b -o cat -u latchkey-release");
  for (const char* part : {"early boot: unlocked by '", "SHA256:", " from ", ", at 20",
                           "early boot: 'a' open in ", "early boot: 'd' open in "})
    CHECK(has(release, part));
  CHECK(m.sh("pgrep -f '[s]leep 1000'").status == 1);

  const auto log = nlohmann::json::parse(m.must("latchkey log --json"));
  REQUIRE(log["boots"].size() == 2);
  CHECK(log["boots"][0]["boot"] == log["current"]);
  CHECK(log["boots"][1]["boot"] == first);
  for (const auto& boot : log["boots"]) {
    CHECK(boot["early"]["result"] == "unlocked");
    CHECK(boot["early"]["uptime"] > 0);
    CHECK(boot["events"].back()["event"] == "released");
  }

  // On the running system, by a person.
  m.must("latchkey lock");
  CHECK(m.sh("release-services", m.passphrase()).status == 0);
  const std::string text = m.must("latchkey log -n 1");
  INFO(text);
  CHECK(has(text, "release-services: unlocked, typed by 'root' from "));
  CHECK(has(text, "release-services: everything is up, typed by 'root'"));
}
