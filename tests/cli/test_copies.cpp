// SPDX-License-Identifier: GPL-3.0-or-later
// A disk and its copy, which show the same UUID. Needs root and loop devices; without them
// nothing is proved here.
#include <fcntl.h>
#include <unistd.h>

#include "cli/keys_header.hpp"
#include "sys/luks/luks_copies.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

const std::string uuid = "0f7a6b1c-8888-4222-8333-444455556666";
constexpr std::size_t header_bytes = 16U << 20U;

std::string start_of(const std::string& device) {
  const Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
  std::string bytes(header_bytes, '\0');
  REQUIRE(::pread(fd.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return bytes;
}

// The keys volume's disk and a copy of it. udev's link leads to the copy.
class CopiedDisk {
 public:
  CopiedDisk() {
    if (!usable()) return;
    REQUIRE(LuksDevice::format({.place = {.device = disk(), .name = "keys", .uuid = uuid}},
                               secret_of("first one"), cheap));
    const std::string bytes = start_of(disk());
    const Fd fd(::open(copy().c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), 0) ==
            static_cast<ssize_t>(bytes.size()));
    place_.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"UUID=" + uuid + "\"\n");
    place_.put("etc/latchkey/volumes", "");
  }
  /// It is the disk of the data volume `www` from here on.
  void make_www() const {
    place_.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/no-such-keys\"\n");
    place_.put("etc/latchkey/volumes", "www UUID=" + uuid + " /srv/no-such-www ext4\n");
  }
  [[nodiscard]] bool usable() const { return one_.usable() && two_.usable(); }
  [[nodiscard]] bool usable_here() const { return one_.usable_here() && two_.usable_here(); }
  [[nodiscard]] const std::string& disk() const { return one_.path(); }
  [[nodiscard]] const std::string& copy() const { return two_.path(); }
  [[nodiscard]] Done run(const std::vector<std::string>& words, const std::string& input) const {
    std::vector<std::string> argv{"unshare",        "--mount", "sh",         "-c",
                                  script_,          "sh",      copy(),       uuid,
                                  LATCHKEY_PROGRAM, "--root",  place_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, input);
  }

 private:
  Place place_{};
  LoopDisk one_{place_.path("one")};
  LoopDisk two_{place_.path("two")};
  // A /dev of the program's own, since there may be no udev here that makes links.
  std::string script_ =
      "set -e; mount -t tmpfs none /mnt; cp -a /dev/loop* /dev/null /dev/random /dev/urandom /mnt; "
      "mkdir -p /mnt/mapper /mnt/disk/by-uuid; ln -s \"$1\" /mnt/disk/by-uuid/\"$2\"; "
      "mount --bind /mnt /dev; shift 2; exec \"$@\"";
};

}  // namespace

TEST_CASE("no key slot is written where a second disk has the same UUID") {
  const CopiedDisk disks;
  if (!disks.usable_here()) return;
  REQUIRE(copy_of_luks(disks.disk()) == disks.copy());
  const std::string before = start_of(disks.copy());
  const auto is_refused = [&](const std::vector<std::string>& words) {
    const Done done = disks.run(words, "first one\nanother long one\n");
    INFO(done.output);
    CHECK(done.status == exit_status(Code::refused));
    CHECK(contains(done.output, "UUID=" + uuid + " leads to " + disks.copy() + " just now, and " +
                                    disks.disk() + " has a header with the same UUID\n"));
    CHECK(contains(done.output, "below /dev/disk/by-id"));
  };
  is_refused({"change-passphrase", "--accept-weak"});
  disks.make_www();
  is_refused({"rotate-key", "www"});
  is_refused({"recovery-key", "www"});
  is_refused({"remove-volume", "www", "--wipe", "--confirm", "www"});
  CHECK(start_of(disks.copy()) == before);
}

TEST_CASE("a disk without a copy, and one that is named by its own path, is written to") {
  const KeysHeader keys;
  if (!keys.usable_here()) return;
  CHECK_FALSE(copy_of_luks("/dev/no-such-disk"));
  const Done done =
      keys.run({"change-passphrase", "--accept-weak"}, "first one\nanother long one\n");
  INFO(done.output);
  CHECK(done.status == 0);
}
