// SPDX-License-Identifier: GPL-3.0-or-later
// Processes that are killed, and administrators who are two.
#include <algorithm>
#include <set>

#include "core/base/text.hpp"
#include "faults/moments.hpp"
#include "support/catch.hpp"
#include "support/kill_table.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

// Kills the processes of early boot, by the words they were started with. One that goes
// with another is gone before its turn; that there is none at all is an error.
std::string pids_of(const std::string& words) {
  return "p=$(ps | grep '" + words + "' | grep -v grep | awk '{print $1}')";
}

std::string kill_all(const std::string& words) {
  return pids_of(words) + "; [ -n \"$p\" ] && { kill -9 $p; true; }";
}

std::vector<std::string> fields(const std::string& text) {
  std::vector<std::string> out;
  for (const Field& field : split_fields(text)) out.push_back(field.text);
  return out;
}

// Runs two commands at the same time, which may end in these ways (the moment decides which
// comes first), and gives how each ended.
std::string both(Machine& m, const std::string& one, const std::string& two,
                 const std::vector<std::string>& ways) {
  const std::string said =
      m.must("(" + one + ") > /root/one 2>&1 < /root/p & a=$!; (" + two +
             ") > /root/two 2>&1 < /root/p & b=$!; wait $a; a=$?; wait $b; echo $a and $?; "
             "cat /root/one /root/two >&2");
  INFO(said);
  CHECK(std::ranges::count(ways, split(said, '\n').front()) == 1);
  std::string out;
  for (const std::string& line : split(said, '\n'))
    if (out.empty() || has(line, "error:") || has(line, "under way") || has(line, "nothing to do"))
      out += (out.empty() ? "" : "; ") + line;
  return out;
}

// Half of a resize is told, and the same command does the rest.
void finish_resize(Machine& m) {
  m.must("release-services < /root/p");
  const bool begun = m.count("find /etc/latchkey -name a.json", "unfinished") > 0;
  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(has(status.output, "'resize-volume' of 'a' is not finished") == begun);
  if (begun) m.must("latchkey resize-volume a +16M < /root/p");
  // The file system is as large as what it lies on.
  CHECK(has(m.must("mountpoint -q /srv/a && resize2fs /dev/mapper/cleartext-a"), "Nothing to do"));
}

}  // namespace

TEST_CASE("kill -9") {
  const auto killed = [](const std::string& words) {
    return [=](Machine& m) {
      CHECK(m.inside(kill_all(words)).status == 0);
      return early_says(m, "volumes are open");
    };
  };
  // Who does this answers no ssh: another process has to be there in its place.
  const auto replaced = [](const std::string& words) {
    return [=](Machine& m) {
      const auto pids = [&] {
        const auto found = fields(m.inside(pids_of(words) + "; echo $p").output);
        return std::set<std::string>(found.begin(), found.end());
      };
      const auto before = pids();
      REQUIRE_FALSE(before.empty());
      CHECK(m.inside(kill_all(words)).status == 0);
      wait_until(
          [&] {
            const auto now = pids();
            return now.size() >= before.size() &&
                   std::ranges::none_of(now, [&](const auto& pid) { return before.contains(pid); });
          },
          "another '" + words + "' is at work", 60s);
      return early_says(m, "volumes are open");
    };
  };
  const auto killed_in_unlock = [](const std::string& condition, const std::string& blow) {
    return [=](Machine& m) { return unlock_struck(m, condition, blow, goes_on); };
  };
  prove({
      {"kill -9 of the coordinator", "it waits in early boot", From::early,
       killed("latchkey-unlock coordinate")},
      {"kill -9 of Dropbear", "it waits in early boot", From::early,
       killed("/usr/lib/latchkey/dropbear")},
      {"kill -9 of both keepers of the door", "it waits in early boot", From::early,
       replaced("latchkey-unlock door")},
      {"kill -9 of the prompts on the consoles", "it waits in early boot", From::early,
       replaced("latchkey-unlock console")},
      {"kill -9 of the DHCP client", "it waits in early boot", From::early,
       replaced("busybox udhcpc")},
      {"kill -9 of everything of ours", "it waits in early boot", From::early,
       killed("latchkey-unlock\\|dropbear\\|udhcpc")},
      {"kill -9 of the newest process of the unlocker", "the keys volume is open", From::early,
       killed_in_unlock(keys_open, "kill -9 $(pidof latchkey-unlock | cut -d' ' -f1)")},
      {"kill -9 of everything of ours", "the first data volume is open", From::early,
       killed_in_unlock(first_open, kill_all("latchkey-unlock\\|dropbear\\|udhcpc"))},
      {"kill -9 of release-services", "it mounts", From::closed,
       [](Machine& m) {
         const std::string end = m.must(
             "release-services < /root/p > /root/out 2>&1 & "
             "until mountpoint -q /srv/a; do :; done; kill -9 $!; wait $!; echo ended with $?");
         CHECK(has(end, "ended with 137"));
         return says(m, "latchkey status", "serve-a.service", {});
       }},
      {"kill -9 of the boot's own release", "it mounts", From::closed,
       [](Machine& m) {
         m.must("latchkey unlock < /root/p");
         m.must(
             "systemctl restart --no-block latchkey-release && until mountpoint -q /srv/a; do :; "
             "done; systemctl kill -s KILL latchkey-release; "
             "while [ \"$(systemctl is-active latchkey-release)\" = activating ]; do :; done");
         CHECK(m.must("systemctl show -p Result --value latchkey-release") == "signal");
         return says(m, "latchkey status", "serve-a.service", {});
       }},
      {"kill -9 of all of latchkey", "lock stops services", From::up,
       [](Machine& m) {
         const std::string end = m.must(
             "latchkey lock > /root/out 2>&1 & "
             "until ! systemctl is-active --quiet serve-a; do :; done; "
             "pkill -9 -x latchkey; wait $!; echo ended with $?");
         CHECK(has(end, "ended with 137"));
         return says(m, "latchkey status", "serve-a.service", {});
       }},
      {"kill -9 of all of latchkey", "mount-keys shows the keys", From::up,
       [](Machine& m) {
         m.must("latchkey mount-keys < /root/p");
         m.must(
             "pkill -9 -x latchkey && until ! grep -qsx cleartext-keys "
             "/sys/block/dm-*/dm/name; do :; done");
         return says(m, "latchkey status", "serve-a.service  running", 0);
       }},
  });
}

TEST_CASE("two administrators at the same time") {
  const auto two = [](const std::string& one, const std::string& other,
                      const std::vector<std::string>& ways) {
    return [=](Machine& m) { return "ended with " + both(m, one, other, ways); };
  };
  const std::vector<std::string> both_done{"0 and 0"};
  const std::vector<std::string> one_busy{"0 and 0", "0 and 5", "5 and 0"};
  prove({
      {"create-volume and create-volume", "both are started", From::up,
       two("latchkey create-volume system one 32M /srv/one ext4",
           "latchkey create-volume system two 32M /srv/two ext4", one_busy)},
      {"create-volume twice, the same", "both are started", From::up,
       two("latchkey create-volume system one 32M /srv/one ext4",
           "latchkey create-volume system one 32M /srv/one ext4", one_busy)},
      {"rotate-key and backup", "both are started", From::up,
       two("latchkey rotate-key a", "latchkey backup /root/backup", one_busy)},
      {"lock and release-services", "both are started", From::up,
       two("latchkey lock", "release-services", both_done)},
      {"release-services and release-services", "both are started", From::closed,
       two("release-services", "release-services", both_done)},
      {"resize-volume and lock", "both are started", From::up,
       // Done before the lock, refused after it, or stopped by it in the middle.
       two("latchkey resize-volume a +16M", "latchkey lock",
           {"0 and 0", "12 and 0", "4 and 0", "8 and 0", "0 and 5"}),
       finish_resize},
  });
}
