// SPDX-License-Identifier: GPL-3.0-or-later
// One fault at a time on a machine with four volumes and a service on each: it costs
// its own volume or service and nothing else, the table says what is wrong and what
// to type, and after the repair the same command completes just what was missing.
#include <nlohmann/json.hpp>

#include "core/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/closed_guest.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

struct Fault {
  std::string name;
  std::string breaks;   // typed while all volumes are closed
  std::string victim;   // the volume or unit that stays away
  std::string says;     // in the table
  std::string advises;  // what to type, in the table
  std::string repairs;  // what the person types, before release-services again
};

const std::string open_b =
    "latchkey -q unlock < /root/p && for v in a c d; do cryptsetup close cleartext-$v; done && ";

const std::vector<Fault> faults{
    {"a damaged ext4",
     open_b + "debugfs -w -R 'clri <2>' /dev/mapper/cleartext-b && "
              "debugfs -w -R 'ssv state 2' /dev/mapper/cleartext-b && cryptsetup close cleartext-b",
     "b", "its file system has errors that need a person", "fsck.ext4 /dev/mapper/cleartext-b",
     "fsck.ext4 -y /dev/mapper/cleartext-b > /root/fsck.log; test $? -le 1; "
     "mount /dev/mapper/cleartext-b /mnt && echo b > /mnt/marker && umount /mnt"},
    {"a missing LV", "lvrename -q system/encrypted-b system/elsewhere", "b",
     "system/encrypted-b did not appear", "lvs",
     "lvrename -q system/elsewhere system/encrypted-b"},
    {"a missing key file",
     "latchkey -q mount-keys --write < /root/p && mv /run/latchkey/keys/system-b.key "
     "/run/latchkey/keys/aside && latchkey -q umount-keys",
     "b", "'system-b.key': it is not on the keys volume", "latchkey restore",
     "latchkey -q mount-keys --write < /root/p && mv /run/latchkey/keys/aside "
     "/run/latchkey/keys/system-b.key && latchkey -q umount-keys"},
    {"a damaged LUKS header",
     "dd if=/dev/system/encrypted-b of=/root/header bs=1M count=16 status=none && "
     "dd if=/dev/zero of=/dev/system/encrypted-b bs=1M count=1 conv=notrunc status=none",
     "b", "header", "latchkey restore",
     "dd if=/root/header of=/dev/system/encrypted-b bs=1M conv=notrunc status=none"},
    {"a mount point that is a file",
     "chattr -i /srv/b && rmdir /srv/b && touch /srv/b", "b", "'/srv/b' is not a directory",
     "release-services", "rm /srv/b"},
    {"a mount point with files in it", "chattr -i /srv/b && touch /srv/b/stray", "b",
     "holds files that it would hide: 'stray'", "--over-files", "rm /srv/b/stray"},
    {"a service that fails to start",
     "mkdir -p /etc/systemd/system/serve-b.service.d && "
     "printf '[Service]\\nExecStartPre=false\\n' > /etc/systemd/system/serve-b.service.d/x.conf && "
     "systemctl daemon-reload",
     "serve-b.service", "failed", "journalctl -b -u serve-b.service",
     "rm -r /etc/systemd/system/serve-b.service.d && systemctl daemon-reload"},
    {"a service that hangs as it starts",
     "mkdir -p /etc/systemd/system/serve-b.service.d && "
     "printf '[Service]\\nTimeoutStartSec=infinity\\nExecStartPre=tail -f /dev/null\\n' > "
     "/etc/systemd/system/serve-b.service.d/x.conf && systemctl daemon-reload",
     "serve-b.service", "it is still 'activating' after", "serve-b.service",
     "rm -r /etc/systemd/system/serve-b.service.d && systemctl daemon-reload && "
     "systemctl stop serve-b"},
};

// The row of one volume or unit, with what is said below it.
nlohmann::json row_of(Machine& m, const std::string& name) {
  const auto status = nlohmann::json::parse(m.sh("latchkey status --json").output);
  for (const char* kind : {"volumes", "units"})
    for (const auto& row : status[kind])
      if (row["name"] == name) return row;
  return {};
}

}  // namespace

TEST_CASE("promise 5: each fault costs its own volume or service, and its repair is completed",
          "[main]") {
  for (const Fault& fault : faults) {
    DYNAMIC_SECTION(fault.name) {
      Machine& m = closed();
      m.must(fault.breaks);
      m.must(
          "mkdir -p /etc/latchkey/hooks.d/failed && cat > /etc/latchkey/hooks.d/failed/keep && "
          "chmod 755 /etc/latchkey/hooks.d/failed/keep",
          "#!/bin/sh\ncat > /root/failed.json\n");

      const Done first = m.sh("release-services < /root/p");
      INFO(first.output);
      CHECK(first.status == exit_status(Code::partial));
      CHECK(has(first.output, fault.says));
      CHECK(has(first.output, fault.advises));
      check_up(m, {"a", "c", "d"});
      CHECK(m.sh("systemctl is-active serve-b").status != 0);
      CHECK(row_of(m, fault.victim)["up"] == false);
      // Whoever asked for it is told, and of nothing once all is well.
      m.until("test -s /root/failed.json");
      CHECK(has(m.must("cat /root/failed.json && rm /root/failed.json"), fault.victim));

      m.must(fault.repairs);
      const std::string before = m.must("systemctl show -P InvocationID serve-a serve-c serve-d");
      const Done second = m.sh("release-services < /root/p");
      INFO(second.output);
      CHECK(second.status == 0);
      check_up(m, closed_volumes);
      // Just what was missing: the others were not started anew.
      CHECK(m.must("systemctl show -P InvocationID serve-a serve-c serve-d") == before);
      CHECK(m.must("systemctl --failed --no-legend").empty());
      CHECK(m.sh("test -e /root/failed.json").status != 0);
    }
  }
}

TEST_CASE("case 45, 46: faults of every kind at boot cost no emergency mode and no wait") {
  Machine& m = closed();
  m.must(faults[0].breaks);  // b: its file system
  m.must("chattr -i /srv/c && touch /srv/c/stray && lvrename -q system/encrypted-d system/elsewhere");
  m.reboot();
  m.wait_early();
  const Done opened = m.early("", m.passphrase() + "\n");
  INFO(opened.output);
  CHECK(opened.status == exit_status(Code::partial));
  CHECK(has(opened.output, "'d'"));
  m.wait_login();
  m.until("systemctl is-system-running --wait | grep -qxE 'running|degraded'");
  check_up(m, {"a"});
  for (const char* unit : {"serve-b", "serve-c", "serve-d"})
    CHECK(m.must("systemctl is-active " + std::string(unit) + " || true") == "inactive");
  CHECK(m.must("systemctl is-active emergency.target || true") == "inactive");
  // The release itself is what is told as failed, if it ended within the boot's patience,
  // and nothing else.
  m.until("journalctl -b -o cat | grep -q 'waits for .d.'");
  CHECK(m.must("systemctl --failed --no-legend --plain | grep -vc latchkey-release || true") == "0");
  const std::string told = m.must("journalctl -b -u latchkey-release -o cat");
  INFO(told);
  CHECK(has(told, "its file system has errors that need a person"));
  CHECK(has(told, "holds files that it would hide: 'stray'"));
  CHECK(has(told, "system/encrypted-d"));

  m.must(faults[0].repairs);
  m.must("rm /srv/c/stray && lvrename -q system/elsewhere system/encrypted-d");
  const Done repaired = m.sh("release-services < /root/p");
  INFO(repaired.output);
  CHECK(repaired.status == 0);
  check_up(m, closed_volumes);
  CHECK(m.must("systemctl is-system-running") == "running");
}

TEST_CASE("a long check is a bar on a terminal and leaves no trace of it") {
  Machine& m = closed();
  m.must(open_b + "debugfs -w -R 'ssv state 2' /dev/mapper/cleartext-b && latchkey -q lock");
  Child typed = m.terminal("release-services --only b < /root/p");
  typed.expect("checking 'b' [", 60s);
  CHECK(typed.wait(120s) == 0);
  INFO(typed.output());
  CHECK(has(typed.output(), "pass 5 of 5"));
  CHECK(has(typed.output(), "\r\033[Klatchkey: "));
  CHECK_FALSE(has(m.sh("release-services < /root/p").output, "\r"));
}
