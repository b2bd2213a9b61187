// SPDX-License-Identifier: GPL-3.0-or-later
// Faults on a machine with four volumes and a service on each: each costs its own volume or
// service and nothing else, the table says what is wrong and what to type, and after the
// repair the same command completes just what was missing.
#include <nlohmann/json.hpp>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "vm/closed_guest.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// What is typed and said has `%` where the name of the volume belongs.
struct Fault {
  std::string name;
  std::string breaks;   // typed while all volumes are closed
  std::string victim;   // the volume or unit that stays away
  std::string says;     // in the table
  std::string advises;  // what to type, in the table
  std::string repairs;  // what the person types, before release-services again
};

const std::vector<Fault> faults{
    {"a damaged ext4",
     "latchkey -q unlock < /root/p && debugfs -w -R 'clri <2>' /dev/mapper/cleartext-% && "
     "debugfs -w -R 'ssv state 2' /dev/mapper/cleartext-% && "
     "for v in a b c d; do cryptsetup close cleartext-$v; done",
     "%", "its file system has errors that need a person", "fsck.ext4 /dev/mapper/cleartext-%",
     "fsck.ext4 -y /dev/mapper/cleartext-% > /root/fsck.log; test $? -le 1; "
     "mount /dev/mapper/cleartext-% /mnt && echo % > /mnt/marker && umount /mnt"},
    {"a missing LV", "lvrename -q system/encrypted-% system/elsewhere", "%",
     "system/encrypted-% did not appear", "lvs",
     "lvrename -q system/elsewhere system/encrypted-%"},
    {"a missing key file",
     "latchkey -q mount-keys --write < /root/p && mv /run/latchkey/keys/system-%.key "
     "/run/latchkey/keys/aside && latchkey -q umount-keys",
     "%", "'system-%.key': it is not on the keys volume", "latchkey restore",
     "latchkey -q mount-keys --write < /root/p && mv /run/latchkey/keys/aside "
     "/run/latchkey/keys/system-%.key && latchkey -q umount-keys"},
    {"a damaged LUKS header",
     "dd if=/dev/system/encrypted-% of=/root/header bs=1M count=16 status=none && "
     "dd if=/dev/zero of=/dev/system/encrypted-% bs=1M count=1 conv=notrunc status=none",
     "%", "header", "latchkey restore",
     "dd if=/root/header of=/dev/system/encrypted-% bs=1M conv=notrunc status=none"},
    {"a mount point that is a file",
     "chattr -i /srv/% && rmdir /srv/% && touch /srv/%", "%", "'/srv/%' is not a directory",
     "release-services", "rm /srv/%"},
    {"a mount point with files in it", "chattr -i /srv/% && touch /srv/%/stray", "%",
     "holds files that it would hide: 'stray'", "--over-files", "rm /srv/%/stray"},
    {"a service that fails to start",
     "mkdir -p /etc/systemd/system/serve-%.service.d && "
     "printf '[Service]\\nExecStartPre=false\\n' > /etc/systemd/system/serve-%.service.d/x.conf && "
     "systemctl daemon-reload",
     "serve-%.service", "failed", "journalctl -b -u serve-%.service",
     "rm -r /etc/systemd/system/serve-%.service.d && systemctl daemon-reload"},
    {"a service that hangs as it starts",
     "mkdir -p /etc/systemd/system/serve-%.service.d && "
     "printf '[Service]\\nTimeoutStartSec=infinity\\nExecStartPre=tail -f /dev/null\\n' > "
     "/etc/systemd/system/serve-%.service.d/x.conf && systemctl daemon-reload",
     "serve-%.service", "it is still 'activating' after", "serve-%.service",
     "rm -r /etc/systemd/system/serve-%.service.d && systemctl daemon-reload && "
     "systemctl stop serve-%"},
};

std::string with(const std::string& text, const std::string& volume) {
  return replace_all(text, "%", volume);
}

// The row of one volume or unit, with what is said below it.
nlohmann::json row_of(Machine& m, const std::string& name) {
  const auto status = nlohmann::json::parse(m.sh("latchkey status --json").output);
  for (const char* kind : {"volumes", "units"})
    for (const auto& row : status[kind])
      if (row["name"] == name) return row;
  return {};
}

// How long the system took to start, from the end of early boot to its last job.
double seconds_to_start(Machine& m) {
  const auto at = [&](const std::string& moment) {
    return std::stod(m.must("systemctl show -P " + moment + "TimestampMonotonic")) / 1e6;
  };
  return at("Finish") - at("Userspace");
}

// Boots with a check of 'b' that goes on until /run/go-on is there, and then does `more`.
void boot_with_long_check(Machine& m, const std::string& more) {
  m.must("cat > /root/fsck && chmod +x /root/fsck && mv -f /root/fsck /sbin/fsck.ext4 && sync",
         "#!/bin/sh\n"
         "case \"$*\" in *cleartext-b*)\n"
         "until [ -e /run/go-on ]; do sleep 1; done\n" +
             more +
             ";; esac\n"
             "exec e2fsck \"$@\"\n");
  m.reboot();
  m.wait_early();
  CHECK(m.early("", m.passphrase() + "\n").status == 0);
  m.wait_login();
  m.until_started();
  m.until_active("serve-a serve-c serve-d");
}

}  // namespace

TEST_CASE("promise 5: each fault costs its own volume or service, and its repair is completed") {
  // Two at a time, which have nothing to do with each other either.
  for (std::size_t i = 0; i + 1 < faults.size(); i += 2) {
    const std::vector<std::pair<Fault, std::string>> pair{{faults[i], "b"}, {faults[i + 1], "c"}};
    DYNAMIC_SECTION(pair[0].first.name << ", " << pair[1].first.name) {
      Machine& m = closed();
      for (const auto& [fault, volume] : pair) m.must(with(fault.breaks, volume));
      m.must(
          "mkdir -p /etc/latchkey/hooks.d/failed && cat > /etc/latchkey/hooks.d/failed/keep && "
          "chmod 755 /etc/latchkey/hooks.d/failed/keep",
          "#!/bin/sh\ncat > /root/failed.json\n");

      const Done first = m.sh("release-services < /root/p");
      INFO(first.output);
      CHECK(first.status == exit_status(Code::partial));
      check_up(m, {"a", "d"});
      m.until("test -s /root/failed.json");
      const std::string told = m.must("cat /root/failed.json && rm /root/failed.json");
      for (const auto& [fault, volume] : pair) {
        INFO(fault.name);
        CHECK(has(first.output, with(fault.says, volume)));
        CHECK(has(first.output, with(fault.advises, volume)));
        CHECK(m.sh("systemctl is-active serve-" + volume).status != 0);
        CHECK(row_of(m, with(fault.victim, volume))["up"] == false);
        // Whoever asked for it is told, and of nothing once all is well.
        CHECK(has(told, with(fault.victim, volume)));
      }

      for (const auto& [fault, volume] : pair) m.must(with(fault.repairs, volume));
      const std::string before = m.must("systemctl show -P InvocationID serve-a serve-d");
      const Done second = m.sh("release-services < /root/p");
      INFO(second.output);
      CHECK(second.status == 0);
      check_up(m, closed_volumes);
      // Just what was missing: the others were not started anew.
      CHECK(m.must("systemctl show -P InvocationID serve-a serve-d") == before);
      CHECK(m.must("systemctl --failed --no-legend").empty());
      CHECK(m.sh("test -e /root/failed.json").status != 0);
    }
  }
}

TEST_CASE("case 45, 46: faults of every kind at boot cost no emergency mode and no wait") {
  Machine& m = closed();
  const double without_data = seconds_to_start(m);
  m.must(with(faults[0].breaks, "b"));  // its file system
  m.must("chattr -i /srv/c && touch /srv/c/stray && lvrename -q system/encrypted-d system/elsewhere");
  m.reboot();
  m.wait_early();
  const Done opened = m.early("", m.passphrase() + "\n");
  INFO(opened.output);
  CHECK(opened.status == exit_status(Code::partial));
  CHECK(has(opened.output, "'d'"));
  m.wait_login();
  m.until("systemctl is-system-running --wait | grep -qxE 'running|degraded'");
  // The release has ten seconds of the boot; a job that waits for a device has ninety. How fast
  // the machine is today, the boot before tells.
  CHECK(seconds_to_start(m) < 2 * without_data + 50);
  CHECK(m.count("journalctl -b --no-pager -o cat _PID=1", "imed out") == 0);
  check_up(m, {"a"});
  for (const char* unit : {"serve-b", "serve-c", "serve-d"})
    CHECK(m.must("systemctl is-active " + std::string(unit) + " || true") == "inactive");
  CHECK(m.must("systemctl is-active emergency.target || true") == "inactive");
  // The release itself is what is told as failed, if it ended within the boot's patience, or
  // what starts the services behind it, and nothing else.
  m.until("journalctl -b -o cat | grep -q 'waits for .d.'");
  m.until("systemctl is-failed --quiet latchkey-release latchkey-start");
  for (const std::string& unit :
       split(trim(m.must("systemctl --failed --no-legend --plain")), '\n'))
    CHECK((has(unit, "latchkey-release") || has(unit, "latchkey-start")));
  const std::string told = m.must("journalctl -b -u latchkey-release -o cat");
  INFO(told);
  CHECK(has(told, "its file system has errors that need a person"));
  CHECK(has(told, "holds files that it would hide: 'stray'"));
  CHECK(has(told, "system/encrypted-d"));

  m.must(with(faults[0].repairs, "b"));
  m.must("rm /srv/c/stray && lvrename -q system/elsewhere system/encrypted-d");
  const Done repaired = m.sh("release-services < /root/p");
  INFO(repaired.output);
  CHECK(repaired.status == 0);
  check_up(m, closed_volumes);
  CHECK(m.must("systemctl is-system-running") == "running");
}

TEST_CASE("case 45: one volume's long check delays neither the boot nor what is on the others",
          "[.slow]") {
  Machine& m = closed();
  // A daemon that does without its socket would never get it, once it runs.
  m.must(
      "cd /etc/systemd/system && printf '[Socket]\nListenStream=127.0.0.1:8099\n[Install]\n"
      "WantedBy=sockets.target\n' >heard-a.socket && printf '[Service]\nExecStart=sleep 1d\n"
      "[Install]\nWantedBy=multi-user.target\n' >heard-a.service && systemctl daemon-reload && "
      "systemctl enable heard-a.socket heard-a.service && latchkey hold heard-a --needs a && "
      // Its mount is one of those that go before the network does.
      "sed -i '/^c /s/$/,_netdev/' /etc/latchkey/volumes");
  boot_with_long_check(m, "");
  CHECK(m.count("journalctl -b -u latchkey-release -o cat",
                "this takes longer; the boot goes on") == 1);
  m.until_active("heard-a.service heard-a.socket");
  const std::string far = m.must("systemctl show -P Before srv-c.mount");
  INFO(far);
  CHECK((has(far, "remote-fs.target") && !has(far, "local-fs.target")));
  CHECK(has(m.must("systemctl show -P Before srv-a.mount"), "local-fs.target"));
  CHECK(m.sh("mountpoint -q /srv/b").status != 0);
  CHECK(m.must("systemctl show -P ActiveState serve-b") == "inactive");
  m.must("touch /run/go-on");
  m.until_active("serve-b");
  check_up(m, closed_volumes);
  m.until("latchkey status");
}

TEST_CASE("case 45: a long check that fails behind the boot leaves a failed unit", "[.slow]") {
  Machine& m = closed();
  boot_with_long_check(m, "[ -e /run/repaired ] || exit 4\n");
  CHECK(m.must("systemctl --failed --no-legend").empty());
  m.must("touch /run/go-on");
  m.until("systemctl --failed --no-legend | grep -q latchkey-start.service");
  CHECK(m.must("systemctl is-system-running || true") == "degraded");
  m.must("touch /run/repaired");
  const Done repaired = m.sh("release-services < /root/p");
  INFO(repaired.output);
  CHECK(repaired.status == 0);
  check_up(m, closed_volumes);
  CHECK(m.must("systemctl is-system-running") == "running");
}

TEST_CASE("a long check is a bar on a terminal and leaves no trace of it") {
  Machine& m = closed();
  m.must(
      "latchkey -q unlock < /root/p && for v in a c d; do cryptsetup close cleartext-$v; done && "
      "debugfs -w -R 'ssv state 2' /dev/mapper/cleartext-b && latchkey -q lock");
  Child typed = m.terminal("release-services --only b < /root/p");
  typed.expect("checking 'b' [", 60s);
  CHECK(typed.wait(120s) == 0);
  INFO(typed.output());
  CHECK(has(typed.output(), "pass 5 of 5"));
  CHECK(has(typed.output(), "\r\033[Klatchkey: "));
  CHECK_FALSE(has(m.sh("release-services < /root/p").output, "\r"));
}
