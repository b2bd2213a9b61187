// SPDX-License-Identifier: GPL-3.0-or-later
// What rekey refuses before it makes anything. Needs root and loop devices; without them nothing
// is proved here.
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>

#include "cli/keys_header.hpp"
#include "core/config/unfinished.hpp"
#include "support/alone.hpp"
#include "support/fake_lvm.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("rekey waits for a rotation that is not finished: its key is on the old keys volume") {
  const Place place;
  if (!is_root()) return;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"no-such-vg/keys\"\n");
  place.put("etc/latchkey/volumes", "data no-such-vg/data /srv/no-such-data ext4\n");
  place.put("etc/latchkey/unfinished/data.json",
            encode(Unfinished{.command = "rotate-key",
                              .name = "data",
                              .begun = "2026-01-31 12:59:00Z",
                              .finish = "latchkey rotate-key data",
                              .done = {"store", "add"}}));
  const Done done = run_program({LATCHKEY_PROGRAM, "--root", place.path(), "rekey"}, "a\nb\n");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(
      contains(done.output, "a key that it may have stored would live on in the new keys volume"));
  CHECK(contains(done.output,
                 "to finish it, run: latchkey rotate-key data; then run: latchkey rekey"));
}

namespace {

// What `rekey` says where the keys volume is an LV of this kind in a group of one disk, which
// lies in an encrypted mapping or not, and has so many bytes left. Empty: no such machine can be
// made up here.
std::string rekey_in_a_group(const KeysHeader& keys, const std::string& kind, bool encrypted,
                             const std::string& free = "1073741824") {
  struct stat disk {};
  REQUIRE(::stat(keys.device().c_str(), &disk) == 0);
  keys.place().put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"vg0/keys\"\n");
  return alone([&]() -> std::string {
    const std::string lv = "\"vg_name\":\"vg0\",\"lv_name\":\"keys\",\"lv_size\":\"33554432\",";
    const bool made =
        fake_lvm("lvs) echo '{\"report\":[{\"lv\":[{" + lv + kind +
                 "}]}]}';; "
                 "pvs) echo '{\"report\":[{\"pv\":[{\"pv_name\":\"/dev/sdx\","
                 "\"vg_name\":\"vg0\"}]}]}';; "
                 "vgs) echo '{\"report\":[{\"vg\":[{\"vg_name\":\"vg0\","
                 "\"vg_free\":\"" +
                 free + "\"}]}]}';;") &&
        ::mount("tmpfs", "/dev", "tmpfs", 0, "mode=0755") == 0 &&
        ::mount("tmpfs", "/sys/block", "tmpfs", 0, "mode=0755") == 0 &&
        ::mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) == 0 &&
        ::mknod("/dev/random", S_IFCHR | 0666, makedev(1, 8)) == 0 &&
        ::mknod("/dev/urandom", S_IFCHR | 0666, makedev(1, 9)) == 0 &&
        ::mknod("/dev/sdx", S_IFBLK | 0600, makedev(253, 0)) == 0 &&
        ::mkdir("/dev/mapper", 0755) == 0 &&
        ::mknod("/dev/mapper/vg0-keys", S_IFBLK | 0600, disk.st_rdev) == 0 &&
        make_directories("/sys/block/dm-0/dm", 0755) &&
        write_file("/sys/block/dm-0/dev", "253:0\n", 0644) &&
        write_file("/sys/block/dm-0/dm/name", "sdx_crypt\n", 0644) &&
        write_file("/sys/block/dm-0/dm/uuid", encrypted ? "CRYPT-LUKS2-1\n" : "other\n", 0644);
    if (!made) return "";
    const Done done = keys.run({"rekey"}, "first one\nanother long one\n");
    return std::to_string(done.status) + ": " + done.output;
  });
}

void check_nothing_begun(const KeysHeader& keys, const std::string& said) {
  CHECK(said.starts_with(std::to_string(exit_status(Code::refused)) + ": "));
  CHECK_FALSE(std::filesystem::exists(keys.place().path("etc/latchkey/unfinished/keys.json")));
}

}  // namespace

TEST_CASE("rekey makes no single volume of a mirror, and says what to do where none can be made") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const std::string said = rekey_in_a_group(keys, "\"segtype\":\"raid1\",\"stripes\":\"2\"", false);
  INFO(said);
  if (said.empty() && !skip("needs a mount namespace of its own")) return;
  check_nothing_begun(keys, said);
  CHECK(contains(said, "too few disks for the keys volume in 'vg0': 2 are wanted, 1 are there"));
  CHECK(contains(said, "or do without: lvm lvconvert --mirrors 0 vg0/keys; then run this again"));
}

TEST_CASE("rekey makes no keys volume in a group that lies in an encrypted mapping") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const std::string said = rekey_in_a_group(keys, "\"segtype\":\"linear\",\"stripes\":\"1\"", true);
  INFO(said);
  if (said.empty() && !skip("needs a mount namespace of its own")) return;
  check_nothing_begun(keys, said);
  CHECK(contains(said, "will not make a keys volume in 'vg0'"));
  CHECK(contains(said, "the group lies in 'sdx_crypt', which is encrypted itself"));
}

TEST_CASE("promise 6: a group without room for a keys volume costs no file system") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  const std::string said =
      rekey_in_a_group(keys, "\"segtype\":\"linear\",\"stripes\":\"1\"", false, "33554432");
  INFO(said);
  if (said.empty() && !skip("needs a mount namespace of its own")) return;
  check_nothing_begun(keys, said);
  CHECK(contains(said, "no room for the keys volume in 'vg0': 64 MiB are wanted, 32 MiB are free"));
  // rekey takes no size that could be less.
  CHECK(contains(said, "hint: add an empty disk to the group: lvm vgextend vg0 DISK; or make "));
  CHECK(contains(said, "lvm lvreduce --resizefs --size -32M vg0/LV\n"));
}
