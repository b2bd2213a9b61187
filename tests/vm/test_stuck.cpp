// SPDX-License-Identifier: GPL-3.0-or-later
// What keeps the only way in: early ssh while the boot does not go on after the unlock, and
// the waiting while its end would come under somebody's hands.
#include <chrono>

#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

TEST_CASE("a boot that is stuck after the unlock is helped over early ssh", "[.slow]") {
  Machine m("test-stuck", {"--volumes", "a:ext4:64", "--script",
                           LATCHKEY_SOURCE_DIR "/tests/vm/guest/stuck-root"});
  CHECK(m.early("", m.passphrase()).status == 0);
  const Done told = m.early("status");
  INFO(told.output);
  CHECK(told.status == 0);
  CHECK(has(told.output, "the 1 volume is open; the unlock is over"));
  CHECK(has(told.output, "this key may say: log, reboot, shell"));
  CHECK(has(m.early("log").output, "unlocked by"));
  CHECK(m.early("poweroff").status == exit_status(Code::refused));
  CHECK(m.early("continue").status == exit_status(Code::refused));

  const Done again = m.early("reboot");
  CHECK(has(again.output, "rebooting"));
  m.until_console("Run /init as init process", 2);
  m.wait_early();
  CHECK(m.early("", m.passphrase()).status == 0);
  // Root's, with all that root may do: Dropbear keeps it back where no key is granted this word.
  const Done shell = m.early("shell",
                             "id -u; mkdir /run/there; mount -t tmpfs none /run/there && echo "
                             "mounted; umount /run/there; touch /run/go-on\n");
  INFO(shell.output);
  CHECK(has(shell.output, "0\n"));
  CHECK(has(shell.output, "mounted\n"));
  m.wait_login();
  m.until("latchkey status");
}

TEST_CASE("the waiting goes on while somebody is at the prompt, and not for ever", "[.slow]") {
  Machine m("test-wait", {"--volumes", "a:ext4:64", "--script",
                          LATCHKEY_SOURCE_DIR "/tests/vm/guest/short-wait"});
  Child session = m.early_terminal();
  session.expect("passphrase of the keys volume");
  const auto came = std::chrono::steady_clock::now();
  const auto after = [&](std::chrono::seconds time) {
    return [=] { return std::chrono::steady_clock::now() - came > time; };
  };
  wait_until(after(90s), "the minute is over", 120s);
  CHECK(has(m.early("status").output, "0 of 1 volume is open"));
  session.write("nonsense\n");
  session.expect("wrong passphrase");
  session.expect("passphrase of the keys volume");
  // It stays connected and types nothing.
  session.expect("nobody answered in time; the boot goes on without the data", 400s);
  m.wait_login();
  CHECK(m.sh("latchkey log").output.find("went on without the data") != std::string::npos);
}

TEST_CASE("a boot that nobody answers reboots at the end of its wait, when it is told so",
          "[.slow]") {
  Machine m("test-then", {"--volumes", "a:ext4:64", "--script",
                          LATCHKEY_SOURCE_DIR "/tests/vm/guest/then-reboot"});
  m.until_console("Run /init as init process", 2, 600s);
  m.wait_early();
  m.unlock_and_boot();
  m.until("latchkey status");
}
