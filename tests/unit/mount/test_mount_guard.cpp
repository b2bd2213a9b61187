// SPDX-License-Identifier: GPL-3.0-or-later
// The guard of mount points while nothing is mounted on them.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <string>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using latchkey::test::alone;
using latchkey::test::expect;

namespace {

const std::string no_loop_device = "no loop device is free";

// Checks that a body complains of nothing in whose world an ext4, which knows the flag, is mounted
// on /mnt/fs.
void on_ext4(const std::function<std::string()>& body) {
  if (find_program("mkfs.ext4").empty() || ::access("/dev/loop-control", W_OK) != 0) {
    test::skip("needs root, mkfs.ext4 and loop devices");
    return;
  }
  const std::string complaint = alone([&]() -> std::string {
    std::ofstream("/mnt/image") << "";
    (void)!::truncate("/mnt/image", 8 << 20);
    ::mkdir("/mnt/fs", 0755);
    if (!run_ok({"mkfs.ext4", "-q", "-F", "/mnt/image"}, "mkfs")) return "no file system";
    if (!run_ok({"mount", "-o", "loop", "/mnt/image", "/mnt/fs"}, "mount")) return no_loop_device;
    return body();
  });
  if (complaint == no_loop_device)
    test::skip("no loop device is free");
  else
    CHECK(complaint == "");
}

}  // namespace

TEST_CASE("case 48: nothing can be written into a guarded mount point, not even by root") {
  CHECK(alone([] {
          // A file system that knows the flag; some kernels' tmpfs does not.
          std::string base = "/mnt";
          if (!find_program("mkfs.ext4").empty() && ::access("/dev/loop-control", F_OK) == 0) {
            std::ofstream("/mnt/image") << "";
            (void)!::truncate("/mnt/image", 8 << 20);
            ::mkdir("/mnt/fs", 0755);
            if (run_ok({"mkfs.ext4", "-q", "-F", "/mnt/image"}, "mkfs") &&
                run_ok({"mount", "-o", "loop", "/mnt/image", "/mnt/fs"}, "mount"))
              base = "/mnt/fs";
          }
          const std::string place = base + "/guarded";
          const auto point = open_mount_point(place, true);
          const auto guarded = set_guard(point->directory, true);
          if (!guarded || !*guarded) return std::string();  // no such flag here
          std::string out = expect(::mkdir((place + "/x").c_str(), 0700) != 0, "was written");
          // Below a mount the guard stays, and can be taken away.
          out += expect(::mount("tmpfs", place.c_str(), "tmpfs", 0, "") == 0, "no mount over it");
          out += expect(::mkdir((place + "/x").c_str(), 0700) == 0, "mount is guarded");
          out += expect(static_cast<bool>(unguard_mount_point(place)), "not unguarded");
          out += expect(::umount2(place.c_str(), 0) == 0, "umount");
          out += expect(::mkdir((place + "/y").c_str(), 0700) == 0, "still guarded");
          // What holds files is not guarded: their owner must be able to move them.
          std::ofstream(place + "/y/file") << "data";
          out += expect(static_cast<bool>(guard_mount_point(place, false)), "refused");
          out += expect(::unlink((place + "/y/file").c_str()) == 0, "file");
          out += expect(::rmdir((place + "/y").c_str()) == 0, "guarded with files in it");
          out += expect(static_cast<bool>(guard_mount_point(place, false)), "empty: refused");
          return out + expect(::mkdir((place + "/z").c_str(), 0700) != 0, "empty: not guarded");
        }) == "");
}

TEST_CASE("case 48: nor into the empty directories that a move of the data left in it") {
  on_ext4([] {
    const std::string place = "/mnt/fs/www";
    (void)open_mount_point(place + "/html/img", true);
    (void)open_mount_point(place + "/disk", true);
    std::string out =
        expect(::mount("tmpfs", (place + "/disk").c_str(), "tmpfs", 0, "") == 0, "no mount");
    const auto point = open_mount_point(place, true);
    out += expect(static_cast<bool>(guard_with_inner(point->directory, true)), "refused");
    for (const std::string at : {"/x", "/html/x", "/html/img/x"})
      out += expect(::mkdir((place + at).c_str(), 0700) != 0, at + " was written");
    out += expect(::mkdir((place + "/disk/x").c_str(), 0700) == 0, "a mount is guarded");
    out += expect(::umount2((place + "/disk").c_str(), 0) == 0, "umount");
    out += expect(static_cast<bool>(guard_mount_point(place, false)), "refused again");
    out += expect(::mkdir((place + "/disk/x").c_str(), 0700) != 0, "/disk/x was written");
    out += expect(static_cast<bool>(unguard_mount_point(place)), "not unguarded");
    for (const std::string at : {"/x", "/html/x", "/html/img/x", "/disk/x"})
      out += expect(::mkdir((place + at).c_str(), 0700) == 0, at + " is guarded still");
    // Room was made for a file, by hand, above a directory that is guarded still.
    const std::string page = "/mnt/fs/page";
    (void)open_mount_point(page + "/html/img", true);
    out += expect(static_cast<bool>(guard_mount_point(page, false)), "not guarded");
    for (const std::string at : {"", "/html"})
      out += expect(static_cast<bool>(run_ok({"chattr", "-i", page + at}, "chattr")), "-i");
    std::ofstream(page + "/html/index.html") << "away";
    out += expect(static_cast<bool>(unguard_mount_point(page)), "a page: not unguarded");
    return out + expect(::mkdir((page + "/html/img/x").c_str(), 0700) == 0, "img stays");
  });
}

TEST_CASE("case 48: nor into more empty directories than a process may have open") {
  on_ext4([] {
    const std::string place = "/mnt/fs/spool";
    const auto each = [&](const std::string& what, bool may, std::string said) {
      for (int i = 0; i < 100; ++i) {
        const std::string one = place + "/" + std::to_string(i) + "/" + what;
        if ((::mkdir(one.c_str(), 0700) == 0) != may) said += std::to_string(i) + " ";
      }
      return said;
    };
    for (int i = 0; i < 100; ++i) (void)open_mount_point(place + "/" + std::to_string(i), true);
    const rlimit few{64, 64};
    std::string out = expect(::setrlimit(RLIMIT_NOFILE, &few) == 0, "no limit");
    out += expect(static_cast<bool>(guard_mount_point(place, false)), "not guarded");
    out += each("x", false, "");
    out += expect(static_cast<bool>(unguard_mount_point(place)), "not unguarded");
    return each("x", true, out);
  });
}
