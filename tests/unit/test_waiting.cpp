// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/waiting.hpp"
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
