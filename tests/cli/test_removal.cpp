// SPDX-License-Identifier: GPL-3.0-or-later
// What remove-volume asks and refuses while something else of the volume is unfinished. Needs
// root; where it says so, loop devices and a mount namespace.
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "cli/place.hpp"
#include "core/base/result.hpp"
#include "core/config/new_volume.hpp"
#include "support/alone.hpp"
#include "support/child.hpp"
#include "support/fake_lvm.hpp"
#include "support/loop_disk.hpp"
#include "sys/luks/luks.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string uuid = "0f7a6b1c-7777-4222-8333-444455556666";
const std::string note = "etc/latchkey/unfinished/pg.json";

void configure_pg(const Place& place, const std::string& lines) {
  std::filesystem::create_directories(place.path("run"));
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", lines);
}

// A creation of `pg` that was interrupted when these steps were done.
void leave_creation(const Place& place, std::vector<std::string> done) {
  Unfinished work = begin_work({.vg = "vg0",
                                .name = "pg",
                                .size = "32M",
                                .mount_point = "/srv/no-such-pg",
                                .fs_type = "ext4"},
                               uuid);
  work.begun = "yesterday";
  work.done = std::move(done);
  place.put(note, encode(work));
}

Done remove_pg(const Place& place, const std::vector<std::string>& more, bool killed = false) {
  std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path(), "remove-volume", "pg"};
  if (killed) argv.insert(argv.begin(), {"/bin/sh", "-c", "\"$@\"; exit $?", "sh"});
  argv.insert(argv.end(), more.begin(), more.end());
  return run_program(argv, "a passphrase\n");
}

// The group vg0, whole, with another volume alone, as vgs(8) shows it.
const std::string whole_group =
    "vgs) echo '{\"report\":[{\"vg\":[{\"vg_name\":\"vg0\",\"vg_missing_pv_count\":\"0\","
    "\"lv_name\":\"other\"}]}]}';;";

// The same on a machine without that logical volume, as far as LVM has its `group`.
std::string said_without_lvs(const Place& place, const std::vector<std::string>& more = {},
                             const std::string& group = whole_group) {
  return alone([&]() -> std::string {
    if (!fake_lvm(group + " lvs) echo '{\"report\":[{\"lv\":[]}]}';;")) return "";
    const Done done = remove_pg(place, more);
    return std::to_string(done.status) + ": " + done.output;
  });
}

// As lvs(8) shows vg0/encrypted-pg.
std::string the_lv(const std::string& tags) {
  return "lvs) echo '{\"report\":[{\"lv\":[{\"vg_name\":\"vg0\",\"lv_name\":\"encrypted-pg\","
         "\"lv_size\":\"33554432\",\"lv_tags\":\"" +
         tags + "\"}]}]}';;";
}

// A /dev of the process's own, in which vg0/encrypted-pg is this disk.
bool make_dev(const std::string& disk) {
  struct stat info {};
  return ::stat(disk.c_str(), &info) == 0 &&
         ::mount("tmpfs", "/dev", "tmpfs", 0, "mode=0755") == 0 &&
         ::mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0 &&
         ::mknod("/dev/random", S_IFCHR | 0666, makedev(1, 8)) == 0 &&
         ::mknod("/dev/urandom", S_IFCHR | 0666, makedev(1, 9)) == 0 &&
         ::mkdir("/dev/mapper", 0755) == 0 &&
         ::mknod("/dev/mapper/vg0-encrypted--pg", S_IFBLK | 0600, info.st_rdev) == 0;
}

// What `remove-volume pg` says where that LV has these tags and a header with this UUID.
std::string said_of_lv(const Place& place, const std::string& tags, const std::string& its_uuid) {
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return "";
  const auto key = RandomKey::draw();
  REQUIRE(key);
  REQUIRE(
      LuksDevice::format({.place = {.device = disk.path(), .name = "pg", .uuid = its_uuid}}, *key));
  return alone([&]() -> std::string {
    if (!fake_lvm(the_lv(tags)) || !make_dev(disk.path())) return "";
    const Done done = remove_pg(place, {});
    return std::to_string(done.status) + ": " + done.output;
  });
}

bool is_refused(const std::string& said) {
  return said.starts_with(std::to_string(exit_status(Code::refused)) + ": ");
}

const std::string not_confirmed =
    "will not destroy 'pg' with all its data: that was not confirmed\n";

}  // namespace

TEST_CASE("a creation that was completed since is taken back by its name alone") {
  // As with a note of it that came back with an old /etc, which had no line yet.
  const Place place;
  configure_pg(place, "");
  leave_creation(place, {"key", "lv", "format"});
  const std::string said = said_of_lv(place, "", uuid);
  INFO(said);
  if (said.empty() && !skip("needs lvm and a mount namespace of its own")) return;
  CHECK(is_refused(said));
  CHECK(contains(said, "'pg' was complete once, and may hold data"));
  CHECK(contains(said, "to keep it: delete " + place.path(note)));
  CHECK(contains(said, not_confirmed));
  CHECK(contains(*read_file(place.path(note)), "\"create-volume\""));
}

TEST_CASE("a creation that never came to its line is taken back without a word") {
  const Place place;
  configure_pg(place, "");
  leave_creation(place, {"key", "lv", "format"});
  const std::string said = said_of_lv(place, tag_of(uuid), uuid);
  INFO(said);
  if (said.empty() && !skip("needs lvm and a mount namespace of its own")) return;
  // It goes on, as far as the keys volume lets it.
  CHECK(contains(said, "there is no device /dev/no-such-keys"));
}

TEST_CASE("a creation that boots may have mounted is taken back by its name, at every run") {
  if (!is_root()) return;
  const Place place;
  // Its line was there, and somebody took it out.
  configure_pg(place, "");
  leave_creation(place, {"key", "lv", "format", "note", "file-system", "configure", "mount"});
  const std::string first = said_without_lvs(place);
  INFO(first);
  if (first.empty() && !skip("needs lvm and a mount namespace of its own")) return;
  CHECK(is_refused(first));
  CHECK(contains(first, not_confirmed));

  Unfinished back{.command = "remove-volume", .name = "pg", .begun = "yesterday"};
  back.finish = "latchkey remove-volume pg";
  back.values = {{"kind", "take-back"},
                 {"line", "pg vg0/encrypted-pg /srv/no-such-pg ext4\n"},
                 {"tag", tag_of(uuid)},
                 {"used", "yes"}};
  back.done = {"unhold"};
  place.put(note, encode(back));
  const std::string again = said_without_lvs(place);
  INFO(again);
  CHECK(is_refused(again));
  CHECK(contains(again, not_confirmed));
}

// Its disk comes back with slots for a key that nobody would have.
TEST_CASE("a creation is not taken back while its volume group is away, or lacks a disk") {
  if (!is_root()) return;
  const Place place;
  configure_pg(place, "");
  leave_creation(place, {"key", "lv", "format", "note", "file-system", "configure", "mount"});
  for (const std::string group : {"vgs) exit 5;;",
                                  "vgs) echo '{\"report\":[{\"vg\":[{\"vg_name\":\"vg0\","
                                  "\"vg_missing_pv_count\":\"1\",\"lv_name\":\"other\"}]}]}';;"}) {
    const std::string said = said_without_lvs(place, {"--confirm", "pg"}, group);
    INFO(said);
    if (said.empty() && !skip("needs lvm and a mount namespace of its own")) return;
    CHECK(said.starts_with(std::to_string(exit_status(Code::missing)) + ": "));
    CHECK(contains(said, "the volume group vg0 is not there, or not whole"));
    CHECK(contains(said, "delete " + place.path(note)));
  }
  // Whole and empty, it says that nothing is left: then its name is asked for.
  const std::string empty =
      said_without_lvs(place, {},
                       "vgs) case $* in *lv_name*) echo '{\"report\":[{\"vg\":[]}]}';; *) echo "
                       "'{\"report\":[{\"vg\":[{\"vg_name\":\"vg0\",\"vg_missing_pv_count\":\"0\"}]"
                       "}]}';; esac;;");
  INFO(empty);
  CHECK(contains(empty, not_confirmed));
}

TEST_CASE("what is held for a volume stays held when its creation cannot be taken back just now") {
  if (!is_root()) return;
  const Place place;
  configure_pg(place, "");
  place.put("etc/latchkey/volumes", "pg vg0/encrypted-pg / ext4\n");
  place.put("etc/latchkey/services", "nginx.service pg\n");
  Unfinished back{.command = "remove-volume", .name = "pg", .begun = "yesterday"};
  back.finish = "latchkey remove-volume pg";
  back.values = {{"kind", "take-back"},
                 {"line", "pg vg0/encrypted-pg / ext4\n"},
                 {"tag", tag_of(uuid)},
                 {"lv-stays", ""}};
  // Those that ask for the keys volume are behind it.
  back.done = {"wipe", "lv", "key"};
  place.put(note, encode(back));
  const std::string said = said_without_lvs(place, {"--confirm", "pg"});
  INFO(said);
  if (said.empty() && !skip("needs lvm and a mount namespace of its own")) return;
  CHECK(said.starts_with(std::to_string(exit_status(Code::busy)) + ": "));
  CHECK(contains(said, "the system runs from /\n"));
  CHECK(*read_file(place.path("etc/latchkey/services")) == "nginx.service pg\n");
}

TEST_CASE("nothing of another volume is removed that has got the name since") {
  const Place place;
  if (!is_root()) return;
  const std::string line = "pg other/encrypted-pg /srv/no-such-pg ext4\n";
  configure_pg(place, line);
  leave_creation(place, {"key"});
  const Done done = remove_pg(place, {"--confirm", "pg"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "has another volume of this name, on other/encrypted-pg\n"));
  CHECK(*read_file(place.path("etc/latchkey/volumes")) == line);

  configure_pg(place, "");
  const std::string said = said_of_lv(place, "", "0f7a6b1c-7777-4222-8333-444455556667");
  INFO(said);
  if (said.empty() && !skip("needs lvm and a mount namespace of its own")) return;
  CHECK(is_refused(said));
  CHECK(contains(said, "vg0/encrypted-pg holds crypto_LUKS, which came there since\n"));
}

TEST_CASE("a key or recovery key that was not finished keeps no volume from being forgotten") {
  if (!is_root()) return;
  for (const std::string command : {"rotate-key", "recovery-key"}) {
    INFO(command);
    const Place place;
    configure_pg(place, "pg /dev/no-such-disk /srv/no-such-pg ext4\n");
    place.put(note, encode(Unfinished{.command = command,
                                      .name = "pg",
                                      .begun = "yesterday",
                                      .finish = "latchkey " + command + " pg",
                                      .done = {"store", "add"}}));
    const Done done = remove_pg(place, {"--halt", "image:before"}, true);
    INFO(done.output);
    CHECK(done.status == 137);
    CHECK(read_file(place.path("etc/latchkey/volumes"))->empty());
  }
}
