// SPDX-License-Identifier: GPL-3.0-or-later
// Memory-hard key slots on a machine that has little memory.
#include <algorithm>

#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/machine.hpp"
#include "vm/closed_guest.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("case 32: 512 MiB open all memory-hard slots, and say of one that cannot fit why",
          "[.slow]") {
  Machine m("test-small", {"--volumes", "a,b,c,d", "--kdf", "default", "--memory", "512"});
  {
    const Done done = m.early("", m.passphrase());
    INFO(done.output);
    CHECK(done.status == 0);
    CHECK(has(done.output, "all 4 volumes are open"));
  }
  m.wait_login();
  CHECK_FALSE(has(m.must("journalctl -b -k --no-pager"), "Out of memory"));

  // A slot that was made where there was more memory.
  const std::string keys = "/dev/system/encrypted-keys";
  m.must("lvchange -ay system/encrypted-keys && dd if=" + keys +
         " of=/root/header bs=1M count=1 status=none");
  CHECK(m.must("cryptsetup luksDump " + keys + " | grep -c argon2id") == "1");
  edit_header(m, keys, [](auto& json) { json["keyslots"]["0"]["kdf"]["memory"] = 640 * 1024; });
  m.reboot();
  m.wait_early();
  {
    const Done done = m.early("", m.passphrase());
    INFO(done.output);
    CHECK(done.status == exit_status(Code::memory));
    CHECK(has(done.output, "its key slot needs 640 MiB of memory"));
    CHECK_FALSE(has(done.output, "wrong passphrase"));
  }
  // And the machine is reached all the same.
  CHECK(m.early("continue").status == 0);
  m.wait_login();
  m.must("lvchange -ay system/encrypted-keys && dd if=/root/header of=" + keys +
         " bs=1M conv=notrunc,fsync status=none");
  const Done release = m.sh("release-services", m.passphrase());
  INFO(release.output);
  CHECK(release.status == 0);

  // All together last no longer than one after the other by hand, though they have to wait for
  // each other's memory. Of two turns each, the quicker, on a guest that has nothing else to do.
  const auto took = [&](const std::string& commands) {
    return std::stod(m.must("s=$(cut -d' ' -f1 /proc/uptime); { " + commands +
                                "; } >/root/said 2>&1 && e=$(cut -d' ' -f1 /proc/uptime) && "
                                "echo $s $e | awk '{ print $2 - $1 }'",
                            m.passphrase()));
  };
  const std::string by_hand =
      "set -e; lvchange -ay system; cryptsetup open --key-file - " + keys +
      " hand-keys; mount -o ro /dev/mapper/hand-keys /mnt; for v in a b c d; do cryptsetup open "
      "--key-file /mnt/system-$v.key /dev/system/encrypted-$v hand-$v; done";
  const std::string closed_again =
      "umount /mnt; for v in a b c d keys; do cryptsetup close hand-$v; done";
  double ours = 1e9;
  double hands = 1e9;
  for (int turn = 0; turn < 2; ++turn) {
    m.must("latchkey lock && udevadm settle");
    hands = std::min(hands, took(by_hand));
    m.must(closed_again + "; udevadm settle");
    ours = std::min(ours, took("latchkey unlock"));
  }
  WARN("four slots of as much memory as there is: by hand " << hands << " s, Latchkey " << ours
                                                            << " s");
  CHECK(ours < hands * 1.1);
}
