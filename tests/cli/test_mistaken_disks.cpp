// SPDX-License-Identifier: GPL-3.0-or-later
// Devices that are not what they are taken for: one that cannot be read is not empty, one that
// holds something else by now is no header, one disk of a RAID is no volume. Needs root and loop
// devices; without them nothing is proved here.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "cli/place.hpp"
#include "core/config/unfinished.hpp"
#include "support/alone.hpp"
#include "support/child.hpp"
#include "support/fake_lvm.hpp"
#include "support/loop_disk.hpp"
#include "sys/luks/luks.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string uuid = "0f7a6b1c-6666-4222-8333-444455556666";

Done latchkey_in(const Place& place, const std::vector<std::string>& words) {
  std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place.path()};
  argv.insert(argv.end(), words.begin(), words.end());
  return run_program(argv);
}

void write_at(const std::string& file, std::size_t at, std::string_view bytes) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)) ==
          static_cast<ssize_t>(bytes.size()));
}

// A disk of an array, of the layout with its description at the end of the disk.
void make_raid_disk(const std::string& file) {
  const std::string version{'\0', '\0', '\0', '\0', '\x5a', '\0', '\0', '\0'};
  write_at(file, (32UL << 20U) - (64UL << 10U), "\xfc\x4e\x2b\xa9" + version);
}

LuksDevice format_www(const std::string& device, const std::string& header = {}) {
  const auto key = RandomKey::draw();
  REQUIRE(key);
  auto made = LuksDevice::format(
      {.place = {.device = device, .header = header, .name = "www", .uuid = uuid}}, *key);
  REQUIRE(made);
  return std::move(*made);
}

// `data` is to be made on a logical volume that is there. It is a loop device, and the lvm is
// made up.
std::string create_on(const std::string& disk, const Place& place) {
  struct stat info {};
  if (::access("/dev/mapper", F_OK) != 0) return "";
  if (::stat(disk.c_str(), &info) != 0 || ::mount("tmpfs", "/dev/mapper", "tmpfs", 0, "") != 0 ||
      ::mknod("/dev/mapper/vg0-encrypted--data", S_IFBLK | 0600, info.st_rdev) != 0)
    return "no device";
  if (!fake_lvm("vgs) echo '{\"report\":[{\"vg\":[{\"vg_name\":\"vg0\",\"vg_free\":\"1\"}]}]}';; "
                "lvs) echo '{\"report\":[{\"lv\":[{\"vg_name\":\"vg0\","
                "\"lv_name\":\"encrypted-data\",\"lv_size\":\"33554432\"}]}]}';;"))
    return "";
  std::filesystem::create_directories(place.path("run"));
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "");
  const Done done =
      latchkey_in(place, {"create-volume", "vg0", "data", "existing", "none", "ext4"});
  const bool refused = done.status == exit_status(Code::io) &&
                       contains(done.output, "cannot look at '/dev/mapper/vg0-encrypted--data'");
  return refused ? "" : done.output;
}

}  // namespace

TEST_CASE("create-volume takes no logical volume that gives read errors for an empty one") {
  const Place place;
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return;
  lose_end(disk, place.path("disk"), 31L << 20U);
  CHECK(alone([&] { return create_on(disk.path(), place); }) == "");
}

TEST_CASE("remove-volume --wipe leaves a header's device alone that holds something else by now") {
  const Place place;
  const LoopDisk disk(place.path("disk"));
  const LoopDisk stick(place.path("stick"));
  if (!disk.usable_here() || !stick.usable_here()) return;
  const std::string line = "www " + disk.path() + " none ext4 x-latchkey.header=" + stick.path() +
                           ",x-latchkey.uuid=" + uuid + "\n";
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", line);
  const auto wipe = [&] {
    return latchkey_in(place, {"remove-volume", "www", "--wipe", "--confirm", "www"});
  };
  format_www(disk.path(), stick.path());
  // Of its own header nothing is in the way but the keys volume, which is not there.
  CHECK_FALSE(contains(wipe().output, "will not wipe"));
  const std::string zeroes(1U << 20U, '\0');
  write_at(stick.path(), 0, zeroes);
  write_at(stick.path(), 4086, "SWAPSPACE2");
  write_at(stick.path(), 1024, std::string("\1\0\0\0\377\377\0\0", 8));
  const Done done = wipe();
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "will not wipe '" + stick.path() + "': it holds swap\n"));
  CHECK(contains(done.output, "or forget the volume: latchkey remove-volume www\n"));
  CHECK(*read_file(place.path("etc/latchkey/volumes")) == line);
  CHECK(place.untouched({"latchkey.conf", "volumes"}));
}

TEST_CASE("a removal that has wiped the header goes on though the disk is bad elsewhere") {
  const Place place;
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return;
  std::filesystem::create_directories(place.path("run"));
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "");
  Unfinished work{.command = "remove-volume",
                  .name = "www",
                  .begun = "yesterday",
                  .finish = "latchkey remove-volume www --wipe"};
  work.values = {{"kind", "destroy"},
                 {"line", "www " + disk.path() + " none ext4 x-latchkey.uuid=" + uuid}};
  work.done = {"configure", "wipe"};
  place.put("etc/latchkey/unfinished/www.json", encode(work));
  lose_end(disk, place.path("disk"), 31L << 20U);
  const auto again = [&] {
    return run_program({LATCHKEY_PROGRAM, "--root", place.path(), "remove-volume", "www", "--wipe"},
                       "a passphrase\n")
        .output;
  };
  // Nothing is in the way but the keys volume, which is not there.
  const std::string before = again();
  INFO(before);
  CHECK_FALSE(contains(before, "cannot look at"));
  // Another header that came there since is another volume's.
  lose_end(disk, place.path("disk"), 32L << 20U);
  format_www(disk.path());
  lose_end(disk, place.path("disk"), 31L << 20U);
  const std::string other = again();
  INFO(other);
  CHECK(contains(other, "cannot look at"));
}

TEST_CASE("adopt takes no single disk of a RAID for the volume that is on all of them") {
  const Place place;
  const LoopDisk disk(place.path("disk"));
  if (!disk.usable_here()) return;
  place.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
  place.put("etc/latchkey/volumes", "");
  format_www(disk.path());
  const std::vector<std::string> adopt{"adopt", "vg0",      "www",      "none",
                                       "ext4",  "--device", disk.path()};
  CHECK_FALSE(contains(latchkey_in(place, adopt).output, "will not adopt"));
  make_raid_disk(disk.path());
  const Done done = latchkey_in(place, adopt);
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "will not adopt 'www': " + disk.path() +
                                  " is a part of other storage: linux_raid_member"));
  CHECK(place.untouched({"latchkey.conf", "volumes"}));
}
