// SPDX-License-Identifier: GPL-3.0-or-later
// One boot after the other, each with something killed at a moment that chance chose: the
// same each time, by a fixed seed.
#include <random>
#include <thread>

#include "faults/moments.hpp"
#include "support/catch.hpp"

using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

constexpr unsigned seed = 20261127;
constexpr int reboots = 10;

class Chance {
 public:
  // The engine's numbers are the standard's; a distribution's are each library's own.
  unsigned below(unsigned bound) { return static_cast<unsigned>(engine_() % bound); }
  std::chrono::milliseconds moment(unsigned milliseconds) {
    return std::chrono::milliseconds(below(milliseconds));
  }

 private:
  std::mt19937 engine_{seed};
};

// The longest: an unlock and the boot after it, on emulated processors.
void strike(Machine& m, Chance& chance) {
  Child unlock = m.early_terminal();
  unlock.expect("passphrase");
  unlock.write(m.passphrase() + "\n");
  switch (chance.below(3)) {
    case 0: {
      std::this_thread::sleep_for(chance.moment(15'000));
      m.reset();
      return;
    }
    case 1: {
      const std::string wait = std::to_string(chance.below(3000) * 1000);
      Child blow = m.inside_later("usleep " + wait + "; kill -9 $(pidof latchkey-unlock dropbear)");
      try {
        (void)blow.wait(20s);
      } catch (const std::exception&) {
        // early boot was over before, and with it who would have struck
      }
      return;
    }
    default: {
      m.wait_login();
      std::this_thread::sleep_for(chance.moment(3'000));
      (void)m.sh("pkill -9 -x latchkey");
    }
  }
}

}  // namespace

TEST_CASE("ten reboots in a row") {
  prove({{"power cut or kill -9, of all that is ours",
          "ten boots in a row, at random",
          From::early,
          [](Machine& m) {
            Chance chance;
            for (int turn = 1; turn <= reboots; ++turn) {
              INFO("boot " << turn);
              strike(m, chance);
              (void)reach(m);
              CHECK(whole_again(m) == "nothing");
              m.reboot();
              m.wait_early();
            }
            return early_says(m, "volumes are open");
          },
          {}}});
}
