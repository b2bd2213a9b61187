// SPDX-License-Identifier: GPL-3.0-or-later
// A volume whose device somebody opened by hand, under another name. The machine needs no
// device-mapper: the mapping is made up in a /sys/block of the program's own. Needs root and
// loop devices; without them nothing is proved here.
#include <fcntl.h>
#include <unistd.h>

#include "cli/place.hpp"
#include "core/config/unfinished.hpp"
#include "support/child.hpp"
#include "support/loop_disk.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/luks.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string uuid = "0f7a6b1c-3333-4222-8333-444455556666";

// `www` lies on a loop device, on which there is a mapping too, mounted on /mnt of the
// program's own.
class OpenedByHand {
 public:
  OpenedByHand() {
    if (!disk_.usable()) return;
    place_.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
    configure(disk_.path(), "");
    const auto key = RandomKey::draw();
    REQUIRE(key);
    REQUIRE(LuksDevice::format({.place = place_of_disk()}, *key));
  }
  void configure(const std::string& device, const std::string& options) const {
    place_.put("etc/latchkey/volumes",
               "www " + device + " /srv/no-such-www ext4 " + options + "\n");
  }
  [[nodiscard]] bool usable_here() const { return disk_.usable_here(); }
  [[nodiscard]] LuksPlace place_of_disk() const {
    return {.device = disk_.path(), .name = "www", .uuid = uuid};
  }
  [[nodiscard]] const std::string& device() const { return disk_.path(); }

  [[nodiscard]] Done run(std::vector<std::string> words, const std::string& mapping,
                         const std::string& kind = "CRYPT-LUKS2") const {
    std::vector<std::string> argv{"unshare",
                                  "--mount",
                                  "sh",
                                  "-c",
                                  script_,
                                  "sh",
                                  disk_.path().substr(5),
                                  mapping,
                                  kind,
                                  LATCHKEY_PROGRAM,
                                  "--root",
                                  place_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv);
  }
  /// Without any mapping.
  [[nodiscard]] Done run_alone(const std::vector<std::string>& words) const {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv);
  }
  /// An adoption that was interrupted when these steps were done.
  void begin_adoption(const std::vector<std::string>& done) const {
    Unfinished work{.command = "adopt", .name = "www", .begun = "yesterday", .done = done};
    work.values = {{"device", disk_.path()}, {"header", ""}, {"line", "stays"}};
    place_.put("etc/latchkey/unfinished/www.json", encode(work));
  }

 private:
  Place place_{};
  LoopDisk disk_{place_.path("disk")};
  // What is mounted on /mnt has the number that the mapping has.
  std::string script_ =
      "set -e; number=$(cat /sys/block/$1/dev); mount -t tmpfs none /mnt; "
      "mount -t tmpfs none /sys/block; cd /sys/block; mkdir -p dm-0/dm dm-0/slaves/$1; "
      "echo $number >dm-0/slaves/$1/dev; mountpoint -d /mnt >dm-0/dev; echo 64 >dm-0/size; "
      "echo $2 >dm-0/dm/name; "
      "echo $3-0f7a6b1c333342228333444455556666 >dm-0/dm/uuid; shift 3; exec \"$@\"";
};

}  // namespace

TEST_CASE("remove-volume wipes no device that somebody opened under another name") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const std::vector<std::string> wipe{"remove-volume", "www", "--wipe", "--confirm", "www"};
  const Done done = www.run(wipe, "mine");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::busy));
  CHECK(contains(done.output, "will not wipe " + www.device() +
                                  ": its device is open as 'mine' too, mounted on '/mnt'\n"));
  CHECK(contains(done.output, "run: umount /mnt; cryptsetup close mine; then run this again\n"));
  CHECK(read_luks_header(www.place_of_disk()));
  // Its own mapping is no obstacle: it goes on, as far as the keys volume lets it.
  CHECK_FALSE(contains(www.run(wipe, "cleartext-www").output, "will not wipe"));
}

TEST_CASE("nobody's header is wiped while anything has the device for itself") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  {
    const Fd user(::open(www.device().c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
    REQUIRE(user);
    CHECK(wipe_header(www.place_of_disk()).error().code == Code::busy);
    CHECK(read_luks_header(www.place_of_disk()));
  }
  CHECK(wipe_header(www.place_of_disk()));
  CHECK_FALSE(read_luks_header(www.place_of_disk()));
}

TEST_CASE("lock calls no volume closed that somebody opened under another name") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const Done done = www.run({"lock"}, "mine");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::busy));
  CHECK(contains(done.output,
                 "'www' is not closed: its device is open as 'mine' too, mounted on '/mnt'"));
  CHECK_FALSE(contains(done.output, "everything is closed"));
  const Done status = www.run({"status"}, "mine");
  INFO(status.output);
  CHECK(contains(status.output, "its device is open as 'mine'"));
}

TEST_CASE("lock and status tell of an open volume whose device is not there") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  www.configure("/dev/no-such-disk", "x-latchkey.uuid=" + uuid);
  const std::string why = "'cleartext-www' is open, but the device /dev/no-such-disk is not there";
  const Done plan = www.run({"lock", "--dry-run"}, "cleartext-www");
  INFO(plan.output);
  CHECK(contains(plan.output, "close 'www'"));
  // There is no device-mapper that could close it.
  const Done lock = www.run({"lock"}, "cleartext-www");
  INFO(lock.output);
  CHECK(lock.status != 0);
  CHECK_FALSE(contains(lock.output, "everything is closed"));
  const Done status = www.run({"status"}, "cleartext-www");
  INFO(status.output);
  CHECK(status.status == exit_status(Code::partial));
  CHECK(contains(status.output, why));

  // Of another UUID it is somebody else's, and neither closed nor called closed.
  www.configure("/dev/no-such-disk", "x-latchkey.uuid=0f7a6b1c-3333-4222-8333-444455556667");
  const Done other = www.run({"lock"}, "cleartext-www");
  INFO(other.output);
  CHECK(other.status == exit_status(Code::busy));
  CHECK(contains(other.output, "'www' is not closed: " + why));
  CHECK_FALSE(contains(other.output, "everything is closed"));
  CHECK(www.run({"lock"}, "").status == 0);
}

TEST_CASE("adopt names the option for a line whose volume crypttab has opened by its own name") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const std::vector<std::string> adopt{"adopt", "vg",       "www",       "/srv/no-such-www",
                                       "ext4",  "--device", www.device()};
  const Done done = www.run(adopt, "www_crypt");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "will not adopt 'www': it is open as 'www_crypt', and by its line"));
  CHECK(
      contains(done.output, "hint: write x-latchkey.mapping=www_crypt among the options of that"));
  // With it, nothing is in its way but the keys volume, which is not there.
  www.configure(www.device(), "x-latchkey.mapping=www_crypt");
  const Done right = www.run(adopt, "www_crypt");
  INFO(right.output);
  CHECK_FALSE(contains(right.output, "will not adopt"));
  CHECK_FALSE(contains(right.output, "free it"));
}

TEST_CASE("no key slot is written to another device than the one that the volume is open from") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const Place place;
  // Where its line leads to now, as the copy of a disk that was cloned while it was in use.
  const LoopDisk copy(place.path("copy"));
  const auto key = RandomKey::draw();
  REQUIRE(key);
  const LuksPlace there{.device = copy.path(), .name = "www", .uuid = uuid};
  REQUIRE(LuksDevice::format({.place = there}, *key));
  www.configure(copy.path(), "x-latchkey.uuid=" + uuid);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"rotate-key", "www"},
        {"recovery-key", "www"},
        {"remove-volume", "www", "--wipe", "--confirm", "www"}}) {
    const Done done = www.run(words, "cleartext-www");
    INFO(done.output);
    CHECK(done.status == exit_status(Code::refused));
    CHECK(contains(done.output, "'cleartext-www' is open on another device than " + copy.path()));
    CHECK(contains(done.output, "detach a copy of its disk"));
  }
  CHECK(read_luks_header(there));
}

TEST_CASE("adopt takes no path to a disk for the disk that is reached by all of them") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const std::vector<std::string> adopt{"adopt", "vg",       "www",       "/srv/no-such-www",
                                       "ext4",  "--device", www.device()};
  const Done done = www.run(adopt, "mpatha", "mpath");
  INFO(done.output);
  CHECK(done.status == exit_status(Code::refused));
  CHECK(contains(done.output, "will not adopt 'www': " + www.device() +
                                  " is a part of other storage: 'mpatha' lies on it\n"));
}

TEST_CASE("adopt, gone on with, does not take an open volume for one that its stored key opens") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const std::vector<std::string> adopt{"adopt", "vg",       "www",       "/srv/no-such-www",
                                       "ext4",  "--device", www.device()};
  www.begin_adoption({"key", "slot"});
  const Done done = www.run(adopt, "cleartext-www");
  INFO(done.output);
  // It asks for what it can be proved with.
  CHECK(contains(done.output, "no passphrase of the keys volume came"));
  CHECK_FALSE(contains(done.output, "cannot mount"));
}

// A guest's emulator has its disk open without claiming it; who serves one to another machine
// claims it.
TEST_CASE("adopt writes to no device that somebody uses as it is") {
  const OpenedByHand www;
  if (!www.usable_here()) return;
  const std::vector<std::string> adopt{"adopt", "vg",       "www",       "/srv/no-such-www",
                                       "ext4",  "--device", www.device()};
  for (const int claim : {0, O_EXCL}) {
    const Fd open(::open(www.device().c_str(), O_RDWR | O_CLOEXEC | claim));
    REQUIRE(open);
    const Done done = www.run_alone(adopt);
    INFO(done.output);
    CHECK(done.status == exit_status(Code::busy));
    CHECK(contains(done.output, "will not adopt 'www': " + www.device() + " is in use by "));
    CHECK(contains(done.output, "(pid " + std::to_string(::getpid()) + ")\n"));
  }
  // Nothing else is in its way but the keys volume, which is not there.
  const Fd reader(::open(www.device().c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(contains(www.run_alone(adopt).output, "no passphrase of the keys volume came"));
}
