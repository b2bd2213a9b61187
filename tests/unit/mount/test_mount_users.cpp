// SPDX-License-Identifier: GPL-3.0-or-later
// Who keeps a file system in use: processes, other mount namespaces, what was unmounted under them.
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/loop_disk.hpp"
#include "support/temp_folder.hpp"
#include "sys/mount/fsck.hpp"
#include "sys/mount/mount_users.hpp"

using namespace latchkey;
using latchkey::test::alone;
using latchkey::test::expect;
using latchkey::test::LoopDisk;
using latchkey::test::TempFolder;

namespace {

void end(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// What speaks against this being said of a volume that `user` keeps in use.
std::string not_checked_for(pid_t user, const std::optional<Checked>& said) {
  if (!said) return "not found; ";
  const std::string pid = "(pid " + std::to_string(user) + ")";
  return expect(said->detail == "not checked" && said->warning.find(pid) != std::string::npos,
                said->warning);
}

}  // namespace

TEST_CASE("who uses a file system is named") {
  CHECK(alone([] {
          const pid_t child = ::fork();
          if (child == 0) {
            (void)!::chdir("/mnt");
            ::pause();
            ::_exit(0);
          }
          struct stat info {};
          ::stat("/mnt", &info);
          std::vector<MountUser> users;
          for (int i = 0; users.empty() && i < 100; ++i) {
            ::usleep(20000);
            users = users_of(info.st_dev);
          }
          std::string out = expect(users.size() == 1 && users[0].pid == child, users_text(users));
          end(child);
          return out + expect(users_of(info.st_dev).empty(), "still in use");
        }) == "");
}

TEST_CASE("a file system that another mount namespace has mounted is not checked, and says why") {
  CHECK(alone([] {
          int ready[2];
          if (::pipe(ready) != 0) return std::string("no pipe");
          const pid_t child = ::fork();
          if (child == 0) {
            // As a container does: what is unmounted outside stays mounted here.
            const bool apart = ::unshare(CLONE_NEWNS) == 0 &&
                               ::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
            (void)!::write(ready[1], apart ? "y" : "n", 1);
            ::pause();
            ::_exit(0);
          }
          struct stat info {};
          ::stat("/mnt", &info);
          char said = 'n';
          (void)!::read(ready[0], &said, 1);
          (void)::umount2("/mnt", MNT_DETACH);
          const auto found = mounted_for_others(info.st_dev, "data");
          std::string out = expect(said == 'y', "it has no namespace of its own");
          out += not_checked_for(child, found);
          end(child);
          return out + expect(!mounted_for_others(info.st_dev, "data"), "still found");
        }) == "");
}

TEST_CASE("another mount namespace is found by its mounts where its link may not be read") {
  CHECK(alone([] {
          int ready[2];
          if (::pipe(ready) != 0) return std::string("no pipe");
          const auto fork_one = [&](bool away) {
            const pid_t child = ::fork();
            if (child != 0) return child;
            const bool done = !away || (::unshare(CLONE_NEWNS) == 0 &&
                                        ::mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") == 0);
            struct stat info {};
            ::stat("/mnt", &info);
            (void)!::write(ready[1], done ? &info.st_dev : &info.st_rdev, sizeof info.st_dev);
            ::pause();
            ::_exit(0);
          };
          const pid_t here = fork_one(false);
          dev_t ours = 0;
          (void)!::read(ready[0], &ours, sizeof ours);
          const pid_t there = fork_one(true);
          dev_t theirs = 0;
          (void)!::read(ready[0], &theirs, sizeof theirs);
          // Both may do more than we from now on.
          __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
          __user_cap_data_struct caps[2]{};
          std::string out = expect(::syscall(SYS_capset, &head, caps) == 0, "capset");
          char link[64];
          const std::string path = "/proc/" + std::to_string(there) + "/ns/mnt";
          out += expect(::readlink(path.c_str(), link, sizeof link) < 0, "its link can be read");
          const auto found = namespaces_with(theirs);
          out += expect(found.size() == 1 && found[0].pid == there, users_text(found));
          for (const MountUser& user : namespaces_with(ours))
            out += expect(user.pid != here, "one of our own namespace");
          for (const pid_t child : {here, there}) end(child);
          return out;
        }) == "");
}

TEST_CASE("a file system that was unmounted under its users is not checked, and says whose it is") {
  CHECK(alone([] {
          struct stat info {};
          ::stat("/mnt", &info);
          const pid_t child = ::fork();
          if (child == 0) {
            (void)!::chdir("/mnt");
            ::pause();
            ::_exit(0);
          }
          for (int i = 0; users_of(info.st_dev).empty() && i < 100; ++i) ::usleep(20000);
          std::string out = expect(!alive_unmounted(info.st_dev, "data"), "it is mounted");
          (void)::umount2("/mnt", MNT_DETACH);
          const auto found = alive_unmounted(info.st_dev, "data");
          out += not_checked_for(child, found);
          end(child);
          return out + expect(!alive_unmounted(info.st_dev, "data"), "still found");
        }) == "");
}

TEST_CASE("a device that the kernel has in use is known, whoever keeps it so") {
  const TempFolder folder;
  const LoopDisk disk(folder.file("disk"));
  if (!disk.usable_here()) return;
  CHECK_FALSE(is_claimed(disk.path()));
  const Fd claim(::open(disk.path().c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  REQUIRE(claim);
  CHECK(is_claimed(disk.path()));
  CHECK_FALSE(is_claimed(folder.file("none")));
}

TEST_CASE("users are told by name and number, and not all of many") {
  CHECK(users_text({{812, "mariadbd"}}) == "mariadbd (pid 812)");
  CHECK(users_text({{1, "a"}, {2, "b"}, {3, "c"}, {4, "d"}, {5, "e"}, {6, "f"}, {7, "g"}}) ==
        "a (pid 1), b (pid 2), c (pid 3), d (pid 4), e (pid 5) and 2 more");
}
