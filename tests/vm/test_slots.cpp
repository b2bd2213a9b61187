// SPDX-License-Identifier: GPL-3.0-or-later
// Passphrases, keys and the keys volume on the running system.
#include "core/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string device = "/dev/system/encrypted-keys";

Machine& unlocked() {
  Machine& m = guests().plain();
  m.load("early");
  m.unlock_and_boot();
  m.until("systemctl is-active --quiet latchkey-release");
  return m;
}

// Whether a passphrase opens the keys volume, asked of cryptsetup.
bool opens(Machine& m, const std::string& passphrase) {
  m.must("lvm lvchange -ay system/encrypted-keys");
  return m.sh("cryptsetup open --test-passphrase --key-file - " + device, passphrase).status == 0;
}

std::string slots(Machine& m) { return m.must("latchkey -q remove-passphrase"); }

void check_at_rest(Machine& m) {
  CHECK(m.must("dmsetup ls | grep -c keys || true") == "0");
  CHECK(m.must("grep -c keys /proc/mounts || true") == "0");
  CHECK(m.must("lvm lvs --noheadings -o lv_active system/encrypted-keys | tr -d ' '").empty());
}

// In a shell of its own, so that it ends by the signal and not the ssh session.
Done killed(Machine& m, const std::string& command, const std::string& input) {
  return m.sh("latchkey " + command + "; exit $?", input);
}

// The key file opens its volume, whatever was interrupted.
bool key_opens(Machine& m, const std::string& volume) {
  m.must("latchkey -q mount-keys", m.passphrase());
  const Done done = m.sh("cryptsetup open --test-passphrase --key-file /run/latchkey/keys/system-" +
                         volume + ".key /dev/system/encrypted-" + volume);
  m.must("latchkey -q umount-keys");
  return done.status == 0;
}

std::vector<std::string> steps_of(Machine& m, const std::string& command) {
  std::vector<std::string> steps;
  std::string word;
  for (const char c : m.must("latchkey -q " + command + " --halt list") + "\n") {
    if (c != '\n') {
      word += c;
    } else if (!word.empty()) {
      steps.push_back(word);
      word.clear();
    }
  }
  return steps;
}

}  // namespace

TEST_CASE("several administrators have a passphrase each, and the last one stays") {
  Machine& m = unlocked();
  m.must("latchkey add-passphrase alice", m.passphrase() + "\nalice has a long one\n");
  CHECK(opens(m, "alice has a long one"));
  CHECK(has(slots(m), "alice"));
  const Done own = m.sh("latchkey remove-passphrase alice", "alice has a long one\n");
  INFO(own.output);
  CHECK(own.status == exit_status(Code::denied));
  CHECK(has(own.output, "this is the passphrase that is to go"));
  m.must("latchkey remove-passphrase alice", m.passphrase());
  CHECK_FALSE(opens(m, "alice has a long one"));
  const Done last = m.sh("latchkey remove-passphrase --slot 0", m.passphrase());
  CHECK(last.status == exit_status(Code::refused));
  CHECK(opens(m, m.passphrase()));
  CHECK(has(m.sh("latchkey status").output, "latchkey backup FILE"));
}

TEST_CASE(
    "a change of the passphrase, killed anywhere: the old or the new one opens, and it is "
    "finished by either") {
  Machine& m = unlocked();
  std::string now = m.passphrase();
  int turn = 0;
  for (const std::string& step : steps_of(m, "change-passphrase"))
    for (const std::string when : {"before", "after"}) {
      const std::string next = "passphrase number " + std::to_string(++turn);
      INFO(step << ":" << when);
      const Done cut =
          killed(m, "change-passphrase --halt " + step + ":" + when, now + "\n" + next + "\n");
      REQUIRE(cut.status == 137);
      CHECK(has(m.sh("latchkey status").output, "'change-passphrase' of 'keys' is not finished"));
      const bool old_opens = opens(m, now);
      CHECK((old_opens || opens(m, next)));
      // By turns with the old one, where it still opens, and the new one.
      const bool with_old = old_opens && (turn % 2 == 0 || !opens(m, next));
      const Done again = m.sh("latchkey change-passphrase",
                              with_old ? now + "\n" + next + " afresh\n" : next + "\n");
      INFO(again.output);
      CHECK(again.status == 0);
      CHECK_FALSE(opens(m, now));
      now = with_old ? next + " afresh" : next;
      CHECK(opens(m, now));
      CHECK(slots(m).find('\n') == std::string::npos);  // one slot
    }
}

TEST_CASE("a rotation of a key, killed anywhere: the key file opens the volume at every moment") {
  Machine& m = unlocked();
  const std::string header = "cryptsetup luksDump /dev/system/encrypted-a | grep -c ': luks2'";
  for (const std::string& step : steps_of(m, "rotate-key a"))
    for (const std::string when : {"before", "after"}) {
      INFO(step << ":" << when);
      REQUIRE(killed(m, "rotate-key a --halt " + step + ":" + when, m.passphrase()).status == 137);
      CHECK(key_opens(m, "a"));
      const Done again = m.sh("latchkey rotate-key a", m.passphrase());
      INFO(again.output);
      CHECK(again.status == 0);
      CHECK(key_opens(m, "a"));
      CHECK(m.must(header) == "1");
    }
  m.must("ls -A /etc/latchkey/unfinished | grep . && exit 1 || true");
}

TEST_CASE("a recovery key opens what it is for, and a new one takes its place") {
  Machine& m = unlocked();
  const std::string test = "cryptsetup open --test-passphrase --key-file - /dev/system/encrypted-b";
  const std::string first = m.must("latchkey -q recovery-key b 2>/dev/null", m.passphrase());
  REQUIRE(first.size() == 47);
  CHECK(m.sh(test, first).status == 0);
  const std::string second = m.must("latchkey -q recovery-key b 2>/dev/null", m.passphrase());
  CHECK(m.sh(test, second).status == 0);
  CHECK(m.sh(test, first).status != 0);
  CHECK(key_opens(m, "b"));
}

TEST_CASE("case 36: an inspection of the keys volume closes by itself") {
  Machine& m = unlocked();
  // The session ends although the keeper goes on.
  const std::string where = m.must("latchkey -q mount-keys --for 5s", m.passphrase());
  CHECK(where == "/run/latchkey/keys/");
  CHECK(has(m.must("ls " + where), "system-a.key"));
  CHECK(m.must("grep -c keys /proc/mounts || true") == "0");
  CHECK(m.sh("touch " + where + "x").status != 0);
  CHECK(has(m.sh("latchkey status").output, "run: latchkey umount-keys"));
  m.until("test ! -e /run/latchkey/keeper", 60s);
  check_at_rest(m);
}

TEST_CASE("umount-keys names who uses the keys volume, and closes it when nobody does") {
  Machine& m = unlocked();
  m.must("latchkey -q mount-keys", m.passphrase());
  m.must(
      "cd /run/latchkey/keys/ && (setsid tail -f /dev/null >/dev/null 2>&1 & echo $! > "
      "/run/user-pid)");
  const Done busy = m.sh("latchkey umount-keys");
  INFO(busy.output);
  CHECK(busy.status == exit_status(Code::busy));
  CHECK(has(busy.output, "tail (pid "));
  m.must("kill $(cat /run/user-pid)");
  m.until("latchkey -q umount-keys");
  check_at_rest(m);
}

TEST_CASE("an unlock ends an inspection of the keys volume") {
  Machine& m = unlocked();
  m.must("latchkey -q mount-keys", m.passphrase());
  m.must("latchkey lock");
  m.must("latchkey unlock", m.passphrase());
  m.must("test ! -e /run/latchkey/keeper");
  check_at_rest(m);
}
