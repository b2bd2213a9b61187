// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/waiting.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("while it waits, early boot says since when and what is missing") {
  Setup setup;
  setup.config.keys.device = *parse_device_ref("vg/keys");
  setup.volumes = *parse_volumes("a vg/a /a ext4\nb vg/b /b ext4\n", "volumes");
  Facts facts;
  facts.keys.device = facts.volumes["a"].device = facts.volumes["a"].open = true;
  CHECK(waiting_lines(setup, facts, 41, 1) ==
        std::vector<std::string>{"waiting for the passphrase since 41 s; 1 of 2 volumes are open",
                                 "the device of 'b', vg/b, has not appeared yet",
                                 "1 wrong passphrase so far"});
  facts.keys.device = false;
  facts.volumes["b"] = facts.volumes["a"];
  CHECK(waiting_lines(setup, facts, 0.5, 0) ==
        std::vector<std::string>{"waiting for the passphrase since 0.5 s; all 2 volumes are open",
                                 "the keys volume vg/keys has not appeared yet"});
}

TEST_CASE("the boot cannot go on while the volume of root or /usr is closed, whatever else is") {
  Setup setup;
  setup.volumes = *parse_volumes("db vg/db /srv/db ext4\nroot vg/root / ext4\n", "volumes");
  Facts facts;
  facts.volumes["db"].open = true;
  REQUIRE(closed_and_needed(setup, facts) != nullptr);
  CHECK(closed_and_needed(setup, facts)->name == "root");
  CHECK(need_text(setup.volumes[1]) == "the root file system");
  CHECK(need_text(parse_volumes("pv vg/pv none auto x-latchkey.boot\n", "volumes")->at(0)) ==
        "what the system lies on");
  facts.volumes["root"].open = true;
  CHECK(closed_and_needed(setup, facts) == nullptr);
  // initramfs-tools mounts /usr before the real root takes over, and gives up without it.
  setup.volumes = *parse_volumes("usr vg/usr /usr ext4\nvar vg/var /var ext4\n", "volumes");
  REQUIRE(closed_and_needed(setup, facts) != nullptr);
  CHECK(closed_and_needed(setup, facts)->name == "usr");
  CHECK(need_text(setup.volumes[0]) == "/usr");
  facts.volumes["usr"].open = true;
  CHECK(closed_and_needed(setup, facts) == nullptr);
  setup.volumes.erase(setup.volumes.begin());
  CHECK(closed_and_needed(setup, {}) == nullptr);
}

TEST_CASE("a mount point waits for the volume that it lies on, and for none that is not mounted") {
  Setup setup;
  setup.volumes = *parse_volumes(
      "raw vg/raw none auto\nwww vg/www /srv/www ext4\nup vg/up /srv/www/up ext4\n", "volumes");
  Facts facts;
  CHECK(unmounted_parent(setup, facts, setup.volumes[1]) == nullptr);
  REQUIRE(unmounted_parent(setup, facts, setup.volumes[2]) != nullptr);
  CHECK(unmounted_parent(setup, facts, setup.volumes[2])->name == "www");
  facts.volumes["www"].mounted = true;
  CHECK(unmounted_parent(setup, facts, setup.volumes[2]) == nullptr);
}

TEST_CASE("the end of the waiting spares who is at a prompt, and waits for nobody for ever") {
  using namespace std::chrono_literals;
  const WaitTime start{1h};
  CHECK(wait_ends(start, 10min, {}) == start + 10min);
  // An answer in the last second is tried first, whatever comes of it.
  CHECK_FALSE(wait_ends(start, 10min, {.answering = true}));
  // Long before the end nobody is in the way.
  CHECK(wait_ends(start, 10min, {.signs = {start + 2min}}) == start + 10min);
  CHECK(wait_ends(start, 10min, {.signs = {start + 9min}}) == start + 14min);
  // Whoever answered last counts; who only stays connected does not put it off again.
  CHECK(wait_ends(start, 10min, {.signs = {start + 13min, start + 9min}}) == start + 18min);
  CHECK(wait_ends(start, 1s, {.signs = {start}}) == start + 5min);
  // What may be a device, or a person who mistypes, has no more than three times as long.
  CHECK(wait_ends(start, 10min, {.device_answering = true}) == start + 30min);
  CHECK(wait_ends(start, 10min, {.device_signs = {start + 9min}}) == start + 14min);
  CHECK(wait_ends(start, 10min, {.device_signs = {start + 28min}}) == start + 30min);
  CHECK_FALSE(wait_ends(start, 10min, {.answering = true, .device_answering = true}));
  CHECK(wait_ends(start, 10min, {.signs = {start + 40min}, .device_answering = true}) ==
        start + 45min);
}

TEST_CASE(
    "an attempt that hangs is soon worked around, and given up when no sound one lasts as long") {
  BootConfig boot;
  const auto usual = attempt_patience(boot, 4);
  CHECK(usual.alone == boot.device_timeout + boot.open_timeout + std::chrono::minutes(1));
  // Keys that take ten minutes, then every volume in turn, are no reason to give up.
  CHECK(usual.whole > std::chrono::minutes(10) + 4 * boot.open_timeout + 2 * boot.device_timeout);
  CHECK(usual.whole < std::chrono::minutes(20));
  boot.open_timeout = std::chrono::minutes(5);
  CHECK(attempt_patience(boot, 4).whole > usual.whole + std::chrono::minutes(10));
}
