// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/message.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/loop_disk.hpp"
#include "support/temp_folder.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/mount/guard_list.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mount_point.hpp"
#include "sys/mount/mounts_above.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using latchkey::test::alone;
using latchkey::test::expect;

namespace {

std::string expect_code(const Result<MountPoint>& result, Code code, const std::string& text) {
  if (result) return text + ": was allowed; ";
  return expect(result.error().code == code,
                text + ": " + result.error().what + ": " + result.error().why);
}

}  // namespace

TEST_CASE("a missing mount point is made, whatever the umask, and found again") {
  CHECK(alone([] {
          ::umask(0077);
          std::string out = expect_code(open_mount_point("/mnt/a/b", false), Code::missing, "missing");
          out += expect(static_cast<bool>(open_mount_point("/mnt/a/b", true)), "not made");
          struct stat info {};
          out += expect(::stat("/mnt/a/b", &info) == 0 && (info.st_mode & 07777) == 0755, "mode");
          return out + expect(static_cast<bool>(open_mount_point("/mnt/a/b", false)), "not found");
        }) == "");
}

TEST_CASE("links, files and directories of others are no way to a mount point") {
  CHECK(alone([] {
          ::mkdir("/mnt/real", 0755);
          (void)!::symlink("/mnt/real", "/mnt/link");
          std::ofstream("/mnt/file") << "x";
          ::mkdir("/mnt/www", 0755);
          (void)!::chown("/mnt/www", 33, 33);
          ::mkdir("/mnt/shared", 0755);
          ::chmod("/mnt/shared", 01777);
          ::mkdir("/mnt/group", 0755);
          (void)!::chown("/mnt/group", 0, 33);
          ::chmod("/mnt/group", 0775);
          std::string out;
          out += expect_code(open_mount_point("/mnt/link", true), Code::refused, "link");
          out += expect_code(open_mount_point("/mnt/link/x", true), Code::refused, "below link");
          out += expect_code(open_mount_point("/mnt/file", true), Code::busy, "file");
          out += expect_code(open_mount_point("/mnt/file/x", true), Code::busy, "below file");
          out += expect_code(open_mount_point("/mnt/www/x", true), Code::refused, "other's");
          out += expect_code(open_mount_point("/mnt/shared/x", true), Code::refused, "sticky");
          out += expect_code(open_mount_point("/mnt/group/x", true), Code::refused, "group");
          // The mount point itself may belong to the service that uses it.
          return out + expect(static_cast<bool>(open_mount_point("/mnt/www", true)), "own");
        }) == "");
}

TEST_CASE("a mount point is found where its links lead, as far as that is there") {
  const test::TempFolder folder;
  const std::filesystem::path root = folder.path();
  std::filesystem::create_directories(root / "srv/www/real");
  std::filesystem::create_directories(root / "var");
  std::filesystem::create_directory_symlink("../srv/www", root / "var/www");
  std::filesystem::create_directory_symlink("nowhere", root / "var/open");
  std::filesystem::create_directory_symlink("/usr", root / "var/out");
  const auto led = [&](const std::string& path) { return without_links(root.string(), path); };
  CHECK(led("/var/www") == "/srv/www");
  CHECK(led("/var/www/real/new") == "/srv/www/real/new");
  for (const std::string same : {"/srv/www", "/srv/new", "/var/open", "/var/out/lib", "/"})
    CHECK(led(same) == same);
  CHECK(without_links("", "/proc/self/cwd/no-such-place") ==
        std::filesystem::current_path().string() + "/no-such-place");
}

TEST_CASE("case 40: a type that a mount helper alone can mount is not taken") {
  CHECK(can_mount_file_system("proc"));
  CHECK(alone([] {
          // Where programs are looked for; in this test's own view of the files.
          if (::mount("tmpfs", "/usr/local/sbin", "tmpfs", 0, "mode=0755") != 0)
            return std::string("no mount");
          const std::string helper = "/usr/local/sbin/mount.latchkeyfs";
          std::ofstream(helper) << "#!/bin/sh\n";
          std::string out = expect(::chmod(helper.c_str(), 0755) == 0, "chmod");
          out += expect(!find_program("mount.latchkeyfs").empty(), "no helper");
          return out + expect(!can_mount_file_system("latchkeyfs"), "the helper was asked");
        }) == "");
}

TEST_CASE("files in a mount point are listed, printable and not without end") {
  CHECK(alone([] {
          const auto point = open_mount_point("/mnt/full", true);
          for (const char* name : {"c", "a", "b\nx"}) std::ofstream(std::string("/mnt/full/") + name);
          const auto content = list_files(point->directory, 2);
          return expect(content && content->count == 3 &&
                            content->names == std::vector<std::string>{"a", "b?x"},
                        "names");
        }) == "");
}

TEST_CASE("directories without a file are nothing that a mount would hide") {
  CHECK(alone([] {
          const auto point = open_mount_point("/mnt/x", true);
          (void)open_mount_point("/mnt/x/inner/deep", true);
          std::string out = expect(list_files(point->directory, 5)->count == 0, "empty directories");
          std::ofstream("/mnt/x/inner/deep/file") << "data";
          const auto content = list_files(point->directory, 5);
          return out + expect(content->count == 1 && content->names[0] == "inner", "a file below");
        }) == "");
}

TEST_CASE("case 48: what a mount would hide keeps it away, unless it may be hidden") {
  if (find_program("mkfs.ext4").empty() || ::access("/dev/loop-control", W_OK) != 0) {
    test::skip("needs root, mkfs.ext4 and loop devices");
    return;
  }
  CHECK(alone([] {
          const test::LoopDisk disk("/mnt/image");
          struct stat info {};
          if (!disk.usable() || ::stat(disk.path().c_str(), &info) != 0) return std::string();
          ::mkdir("/dev/mapper", 0755);
          std::string out =
              expect(static_cast<bool>(run_ok({"mkfs.ext4", "-q", disk.path()}, "mkfs")), "mkfs");
          out += expect(::mount("tmpfs", "/dev/mapper", "tmpfs", 0, "mode=0755") == 0, "no mount");
          out += expect(::mknod("/dev/mapper/over", S_IFBLK | 0600, info.st_rdev) == 0, "no node");
          ::mkdir("/mnt/srv", 0755);
          std::ofstream("/mnt/srv/old.log") << "data";
          const auto volumes =
              parse_volumes("www system/www /mnt/srv ext4 x-latchkey.mapping=over\n", "volumes");
          const auto refused = mount_volume(volumes->front(), false);
          out += expect(!refused && refused.error().code == Code::refused &&
                            refused.error().why.ends_with("that it would hide: 'old.log'"),
                        "was hidden unasked");
          out += expect(::access("/mnt/srv/old.log", F_OK) == 0, "was hidden");
          const auto done = mount_volume(volumes->front(), true);
          out += expect(static_cast<bool>(done), done ? "" : sentence(done.error()));
          out += expect(::access("/mnt/srv/lost+found", F_OK) == 0, "is not mounted");
          out += expect(::umount2("/mnt/srv", 0) == 0, "umount");
          return out + expect(::access("/mnt/srv/old.log", F_OK) == 0, "is gone");
        }) == "");
}

TEST_CASE("a volume whose mapping is not there is not mounted, and says what to type") {
  const Volume volume{.name = "data",
                      .device = *parse_device_ref("system/encrypted-data"),
                      .mount_point = "/srv/latchkey-test-nowhere",
                      .fs_type = "ext4",
                      .mapping = "latchkey-test-nowhere"};
  const auto mounted = mount_volume(volume, false);
  REQUIRE_FALSE(mounted);
  CHECK(mounted.error().code == Code::missing);
  CHECK(mounted.error().hint == "run: latchkey unlock");
  CHECK(unmount_volume(volume));
}

TEST_CASE("a volume is not mounted below what fstab mounts above it") {
  CHECK(alone([] {
          const Paths paths{"/mnt/root"};
          ::mkdir("/mnt/root", 0755);
          ::mkdir("/mnt/root/etc", 0755);
          ::mkdir("/mnt/srv", 0755);
          std::ofstream("/mnt/root/etc/fstab") << "/dev/none /mnt/srv ext4 nofail 0 2\n";
          Setup setup;
          setup.volumes = *parse_volumes("www system/www /mnt/srv/www ext4\n", "volumes");
          std::string out;
          for (const Error& error : guard_mount_points(setup, paths)) out += sentence(error);
          out += expect(::access("/mnt/srv/www", F_OK) != 0, "made on the file system below");
          const auto missing = mount_what_is_above(setup, paths, setup.volumes[0]);
          out += expect(!missing && missing.error().code == Code::missing &&
                            missing.error().why ==
                                "its mount point lies on '/mnt/srv', which is "
                                "in /etc/fstab and not mounted",
                        "was allowed");
          out += expect(::mount("tmpfs", "/mnt/srv", "tmpfs", 0, "mode=0755") == 0, "no mount");
          out += expect(static_cast<bool>(mount_what_is_above(setup, paths, setup.volumes[0])),
                        "refused on what is mounted");
          for (const Error& error : guard_mount_points(setup, paths)) out += sentence(error);
          return out + expect(::access("/mnt/srv/www", F_OK) == 0, "not made where it belongs");
        }) == "");
}

TEST_CASE("options that only mount(8) could heed are told, and no other tree is mounted for them") {
  Volume volume;
  volume.name = "www";
  volume.mapping = "no-such-mapping";
  volume.mount_point = "/srv/www";
  volume.mount_options = "noatime,X-mount.mkdir=0755";
  CHECK_FALSE(option_without_effect(volume));
  volume.mount_options += ",X-mount.owner=www-data";
  REQUIRE(option_without_effect(volume));
  const auto absent = mount_volume(volume, false);
  CHECK(absent.error().code == Code::missing);  // it has come as far as its device
  for (const char* option : {",X-mount.subdir=site", ",X-mount.idmap=u:0:1:1"}) {
    Volume other = volume;
    other.mount_options += option;
    const auto refused = mount_volume(other, false);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::config);
    CHECK(refused.error().why.find(option + 1) != std::string::npos);
  }
}

TEST_CASE("the list of guards follows the volumes file, and guards go with their lines") {
  CHECK(alone([] {
          const Paths paths{"/mnt/root"};
          const auto setup_of = [](const std::string& lines) {
            Setup setup;
            setup.volumes = *parse_volumes(lines, "volumes");
            return setup;
          };
          std::string out;
          const auto guard = [&](const std::string& lines) {
            for (const Error& error : guard_mount_points(setup_of(lines), paths))
              out += sentence(error);
          };
          using Places = std::vector<std::string>;
          guard("root vg/root / ext4\nwww vg/www /mnt/www ext4\n");
          const bool below_root = is_guarded("/mnt/www");
          guard("www vg/www /mnt/www ext4\nin vg/in /mnt/www/in ext4\nvar vg/var /var ext4\n");
          out += expect(guarded_places(paths) == Places{"/mnt/www", "/mnt/www/in"}, "first list");
          const bool knows = is_guarded("/mnt/www");
          out += expect(below_root == knows, "not guarded where root is a volume");
          guard("www vg/www /mnt/moved ext4\n");
          out += expect(guarded_places(paths) == Places{"/mnt/moved"}, "second list");
          out += expect(!is_guarded("/mnt/www") && is_guarded("/mnt/moved") == knows, "guards");
          out += expect(::mkdir("/mnt/www/x", 0700) == 0, "the old place is still guarded");
          for (const Error& error : follow_guards(paths, {})) out += sentence(error);
          return out + expect(::access("/mnt/root/etc/latchkey/guards", F_OK) != 0, "list left");
        }) == "");
}

TEST_CASE("a guard within a volume that is not mounted is listed until its line and it are gone") {
  CHECK(alone([] {
          const Paths paths{"/mnt/root"};
          const auto follow = [&](const std::string& lines) {
            Setup setup;
            setup.volumes = *parse_volumes(lines, "volumes");
            std::string out;
            for (const Error& error : follow_volumes(setup, paths)) out += sentence(error);
            return out;
          };
          for (const char* folder : {"/mnt/data", "/mnt/disk", "/mnt/disk/in"})
            ::mkdir(folder, 0755);
          const auto mount_data = [] {
            return ::mount("/mnt/disk", "/mnt/data", nullptr, MS_BIND, nullptr) == 0;
          };
          using Places = std::vector<std::string>;
          const std::string data = "data vg/data /mnt/data ext4\n";
          std::string out = expect(mount_data(), "no mount");
          out += expect(static_cast<bool>(guard_mount_point("/mnt/data/in", false)), "no guard");
          const bool knows = is_guarded("/mnt/data/in");
          out += follow(data + "in vg/in /mnt/data/in ext4\n");
          // As at boot: the line is deleted, and its volume's parent comes later.
          out += expect(::umount("/mnt/data") == 0, "no unmount");
          out += follow(data);
          out += expect(guarded_places(paths) == Places{"/mnt/data", "/mnt/data/in"}, "forgotten");
          out += expect(mount_data() && is_guarded("/mnt/data/in") == knows, "no second mount");
          out += follow(data);
          out += expect(guarded_places(paths) == Places{"/mnt/data"}, "still listed");
          return out + expect(!is_guarded("/mnt/data/in"), "still guarded");
        }) == "");
}

TEST_CASE("a mount that another one hides is not where it belongs") {
  CHECK(alone([] {
          ::mkdir("/mnt/srv", 0755);
          ::mkdir("/mnt/srv/www", 0755);
          std::string out =
              expect(::mount("tmpfs", "/mnt/srv/www", "tmpfs", 0, "mode=0755") == 0, "no mount");
          // The device that this mount shows, as the volume's mapping.
          struct stat info {};
          ::stat("/mnt/srv/www", &info);
          ::mkdir("/dev/mapper", 0755);
          out += expect(::mount("tmpfs", "/dev/mapper", "tmpfs", 0, "mode=0755") == 0, "no mount");
          if (::mknod("/dev/mapper/hidden", S_IFBLK | 0600, info.st_dev) != 0) return std::string();
          Setup setup;
          setup.volumes = *parse_volumes(
              "www system/www /mnt/srv/www ext4 x-latchkey.mapping=hidden\n", "volumes");
          const auto look = [&] {
            Facts facts;
            probe_mounts(facts, setup);
            return facts.volumes["www"];
          };
          out += expect(look().mounted, "not seen");
          out += expect(::mount("tmpfs", "/mnt/srv", "tmpfs", 0, "mode=0755") == 0, "no mount");
          out += expect(!look().mounted && look().taken ==
                                               "its file system is mounted on '/mnt/srv/www', "
                                               "which the mount on '/mnt/srv' hides",
                        look().taken);
          ::mkdir("/mnt/srv/www", 0755);
          return out + expect(!look().mounted && !mounted_in_place(setup.volumes[0]),
                              "taken for mounted");
        }) == "");
}

TEST_CASE("something else on a mount point is a fact") {
  Setup setup;
  setup.volumes = *parse_volumes("data system/encrypted-data /proc ext4\n", "volumes");
  Facts facts;
  probe_mounts(facts, setup);
  CHECK_FALSE(facts.volumes["data"].mounted);
  CHECK(facts.volumes["data"].taken == "'proc' is mounted on its mount point '/proc'");
}
