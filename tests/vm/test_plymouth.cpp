// SPDX-License-Identifier: GPL-3.0-or-later
// A boot with plymouth's splash: it shares the consoles with nobody.
#include <cctype>

#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey::test;

namespace {

// QEMU's name of the key that gives a character on an American keyboard.
std::string key_of(char c) {
  if (c == ' ') return "spc";
  if (c == '-') return "minus";
  if (c == '\n') return "ret";
  const std::string key(1, static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  return std::isupper(static_cast<unsigned char>(c)) != 0 ? "shift-" + key : key;
}

// Types at the screen's keyboard, which plymouth would read as well.
void type_at_screen(Machine& m, const std::string& text) {
  for (const char c : text) m.monitor("sendkey " + key_of(c));
}

}  // namespace

TEST_CASE("case 25: with plymouth, screen, serial console and ssh all take the passphrase",
          "[.slow]") {
  Machine m("test-plymouth", {"--volumes", "a", "--install", "plymouth,plymouth-themes",
                              "--cmdline", "quiet splash", "--memory", "768"});
  m.until_console("passphrase of the keys volume");
  type_at_screen(m, m.passphrase() + "\n");
  m.until_console("unlocked by the console");
  m.wait_login();
  CHECK(m.must("lsinitramfs /boot/initrd.img-* | grep -c sbin/plymouthd") == "1");
  CHECK(m.must("systemctl --failed --no-legend").empty());
  m.until("systemctl is-active --quiet latchkey-release");

  m.reboot();
  m.wait_early();
  m.type(m.passphrase() + "\\n");
  m.until_console("unlocked by the console", 2);
  m.wait_login();

  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(m.must("cat /srv/a/marker") == "a");
}
