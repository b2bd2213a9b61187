// SPDX-License-Identifier: GPL-3.0-or-later
// Processes that are killed, and administrators who are two.
#include "core/text.hpp"
#include "faults/moments.hpp"
#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// Kills the processes of early boot, by the words they were started with. One that goes
// with another is gone before its turn; that there is none at all is an error.
std::string kill_all(const std::string& words) {
  return "p=$(ps | grep '" + words +
         "' | grep -v grep | awk '{print $1}'); [ -n \"$p\" ] && { kill -9 $p; true; }";
}

// Runs two commands at the same time, and gives how each ended.
std::string both(Machine& m, const std::string& one, const std::string& two) {
  const std::string said =
      m.must("(" + one + ") > /root/one 2>&1 < /root/p & a=$!; (" + two +
             ") > /root/two 2>&1 < /root/p & b=$!; wait $a; a=$?; wait $b; echo $a and $?; "
             "cat /root/one /root/two >&2");
  std::string out;
  for (const std::string& line : split(said, '\n'))
    if (out.empty() || has(line, "error:") || has(line, "under way") || has(line, "nothing to do"))
      out += (out.empty() ? "" : "; ") + line;
  return out;
}

}  // namespace

TEST_CASE("kill -9") {
  const auto killed = [](const std::string& words) {
    return [=](Machine& m) {
      CHECK(m.inside(kill_all(words)).status == 0);
      return early_says(m, "volumes are open");
    };
  };
  const auto killed_in_unlock = [](const std::string& condition, const std::string& blow) {
    return [=](Machine& m) { return unlock_struck(m, condition, blow, "latchkey"); };
  };
  prove({
      {"kill -9 of the coordinator", "it waits in early boot", From::early,
       killed("latchkey-unlock coordinate")},
      {"kill -9 of Dropbear", "it waits in early boot", From::early,
       killed("/usr/lib/latchkey/dropbear")},
      {"kill -9 of both keepers of the door", "it waits in early boot", From::early,
       killed("latchkey-unlock door")},
      {"kill -9 of the prompts on the consoles", "it waits in early boot", From::early,
       killed("latchkey-unlock console")},
      {"kill -9 of the DHCP client", "it waits in early boot", From::early,
       killed("busybox udhcpc")},
      {"kill -9 of everything of ours", "it waits in early boot", From::early,
       killed("latchkey-unlock\\|dropbear\\|udhcpc")},
      {"kill -9 of the newest process of the unlocker", "the keys volume is open", From::early,
       killed_in_unlock(keys_open, "kill -9 $(pidof latchkey-unlock | cut -d' ' -f1)")},
      {"kill -9 of everything of ours", "the first data volume is open", From::early,
       killed_in_unlock(first_open, kill_all("latchkey-unlock\\|dropbear\\|udhcpc"))},
      {"kill -9 of release-services", "it mounts", From::closed,
       [](Machine& m) {
         (void)m.sh(
             "release-services < /root/p > /root/out 2>&1 & "
             "until mountpoint -q /srv/a; do :; done; kill -9 $!; wait");
         return says(m, "latchkey status", "serve-a.service");
       }},
      {"kill -9 of all of latchkey", "lock stops services", From::up,
       [](Machine& m) {
         (void)m.sh(
             "latchkey lock > /root/out 2>&1 & "
             "until ! systemctl is-active --quiet serve-a; do :; done; "
             "pkill -9 -x latchkey; wait");
         return says(m, "latchkey status", "serve-a.service");
       }},
      {"kill -9 of all of latchkey", "mount-keys shows the keys", From::up,
       [](Machine& m) {
         m.must("latchkey mount-keys < /root/p");
         m.must(
             "pkill -9 -x latchkey; until ! grep -qsx cleartext-keys "
             "/sys/block/dm-*/dm/name; do :; done");
         return says(m, "latchkey status", "serve-a.service");
       }},
  });
}

TEST_CASE("two administrators at the same time") {
  const auto two = [](const std::string& one, const std::string& other) {
    return [=](Machine& m) { return "ended with " + both(m, one, other); };
  };
  prove({
      {"create-volume and create-volume", "both are started", From::up,
       two("latchkey create-volume system one 32M /srv/one ext4",
           "latchkey create-volume system two 32M /srv/two ext4")},
      {"create-volume twice, the same", "both are started", From::up,
       two("latchkey create-volume system one 32M /srv/one ext4",
           "latchkey create-volume system one 32M /srv/one ext4")},
      {"rotate-key and backup", "both are started", From::up,
       two("latchkey rotate-key a", "latchkey backup /root/backup")},
      {"lock and release-services", "both are started", From::up,
       two("latchkey lock", "release-services")},
      {"release-services and release-services", "both are started", From::closed,
       two("release-services", "release-services")},
      {"resize-volume and lock", "both are started", From::up,
       two("latchkey resize-volume a +16M", "latchkey lock")},
  });
}
