// SPDX-License-Identifier: GPL-3.0-or-later
// What is asked of LVM, and what is made of its answers. LVM itself is made up.
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/fake_lvm.hpp"
#include "sys/storage/lvm_admin.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const DeviceRef keys{.kind = DeviceRef::Kind::lv, .vg = "vg0", .lv = "keys"};

}  // namespace

TEST_CASE("the mirrors of a logical volume are those of its own, and a new one is made so") {
  CHECK(alone([]() -> std::string {
          if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":["
                        "{\"vg_name\":\"vg1\",\"lv_name\":\"keys\",\"segtype\":\"raid1\","
                        "\"stripes\":\"3\"},"
                        "{\"vg_name\":\"vg0\",\"lv_name\":\"keys\",\"segtype\":\"raid1\","
                        "\"stripes\":\"2\"}]}]}';;"))
            return "";
          if (mirrors_of(keys).value() != 1) return "it has one mirror";
          if (!create_lv(keys, "64M", "t", 1) || !create_lv(keys, "64M", "t")) return "refused";
          const std::string made =
              "lvcreate --yes --wipesignatures y --zero y --addtag t --size 67108864b";
          const std::string calls = fake_lvm_calls();
          return calls.ends_with(made + " --type raid1 --mirrors 1 --name keys -- vg0\n" + made +
                                 " --name keys -- vg0\n")
                     ? ""
                     : calls;
        }) == "");
}

TEST_CASE("classic snapshots go with their logical volume, and thin ones stay") {
  CHECK(alone([]() -> std::string {
          const auto row = [](const std::string& name, const std::string& attributes) {
            return "{\"vg_name\":\"vg0\",\"lv_name\":\"" + name +
                   "\",\"origin\":\"keys\",\"lv_attr\":\"" + attributes + "\"}";
          };
          if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":[" + row("old", "swi-a-s---") + "," +
                        row("merging", "Swi-a-s---") + "," + row("thin", "Vwi-a-tz--") + "," +
                        row("part", "rwi-aor---") + "]}]}';;"))
            return "";
          const Snapshots found = snapshots_of(keys).value();
          if (found.thin != std::vector<std::string>{"thin"}) return "other thin snapshots";
          return found.classic == std::vector<std::string>{"old", "merging"} ? "" : "others";
        }) == "");
}

// A disk that is slow for a moment is left out, and its volumes with it.
TEST_CASE("a volume whose group LVM does not list is not said to have no snapshots") {
  CHECK(
      alone([]() -> std::string {
        if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":[{\"vg_name\":\"vg1\",\"lv_name\":\"keys\","
                      "\"origin\":\"\",\"lv_attr\":\"-wi-a-----\"}]}]}';;"))
          return "";
        const auto found = snapshots_of(keys);
        return !found && found.error().code == Code::io ? "" : "it has none";
      }) == "");
}

TEST_CASE("a logical volume is found behind thousands of others") {
  CHECK(alone([]() -> std::string {
          // As lvs writes a row, with its indentation.
          const std::string row =
              "                  {\\\"vg_name\\\":\\\"vg0\\\", \\\"lv_name\\\":\\\"%s\\\", "
              "\\\"lv_size\\\":\\\"4194304\\\", \\\"lv_tags\\\":\\\"\\\"}%s\\n";
          if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":['; i=0; while [ $i -lt 3000 ]; do "
                        "printf \"" +
                        row +
                        "\" machine-$i ,; i=$((i+1)); done; "
                        "printf \"" +
                        row + "\" keys ''; echo ']}]}';;"))
            return "";
          const auto found = find_lv(keys);
          if (!found) return found.error().why;
          return *found && (*found)->size == 4194304 ? "" : "it is not found";
        }) == "");
}

// Killed there, it leaves the volume suspended, with whoever writes to it.
TEST_CASE("what lvm changes goes to its end, and says why it failed") {
  CHECK(alone([]() -> std::string {
          if (!fake_lvm("lvcreate) echo warning; echo '  no room left' >&2; exit 5;;")) return "";
          const auto made = create_lv(keys, "64M", "t");
          if (made || made.error().code != Code::refused) return "it did not fail";
          const std::string& why = made.error().why;
          return why == "lvm ended with status 5: no room left" ? "" : why;
        }) == "");
}

TEST_CASE("what a snapshot is being merged back into is not written to") {
  const auto found = [](const std::string& name, const std::string& origin,
                        const std::string& attributes) {
    return alone([&]() -> std::string {
      if (!fake_lvm("lvs) echo '{\"report\":[{\"lv\":[{\"vg_name\":\"vg0\",\"lv_name\":\"" + name +
                    "\",\"origin\":\"" + origin + "\",\"lv_attr\":\"" + attributes + "\"}]}]}';;"))
        return "skipped";
      const auto fine = is_not_merging(snapshots_of(keys).value(), keys, "cannot");
      return fine ? "fine" : fine.error().why;
    });
  };
  const std::string fine = found("keys", "", "owi-aos---");
  if ((fine == "skipped" || fine.empty()) && !skip("needs lvm and a mount namespace")) return;
  CHECK(fine == "fine");
  const std::string refused =
      "a snapshot is being merged back into vg0/keys, and what is written now would be undone by "
      "it";
  // One that is merging is not listed without --all.
  CHECK(found("keys", "", "Owi-aos---") == refused);
  CHECK(found("before", "keys", "Swi-a-s---") == refused);
  CHECK(found("other", "", "Owi-aos---") == "fine");
}
