// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check: what it says of volumes, their headers and their devices.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

#include "cli/checked_root.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

// The header of LUKS1 with one slot in use, of so many rounds.
std::string luks1_header(const std::string& rounds) {
  std::string out = "LUKS\xba\xbe";
  out += std::string("\0\1", 2);
  out.resize(592);
  out.replace(8, 3, "aes");
  out.replace(40, 11, "xts-plain64");
  out.replace(168, 7, "12ab-34");
  out.replace(208, 8, std::string("\x00\xac\x71\xf3", 4) + rounds);
  return out;
}

}  // namespace

TEST_CASE("check tells of key slots that cost too much or too little, and writes nothing") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK_FALSE(contains(root.check(), "key slot"));
  const std::string thousand("\0\0\x03\xe8", 4);
  const std::string million("\0\x0f\x42\x40", 4);
  root.put("/dev/mapper/system-encrypted--keys", luks1_header(thousand));
  root.put("/dev/mapper/system-encrypted--www", luks1_header(thousand));
  root.put("/dev/mapper/system-encrypted--my--mail", luks1_header(million));
  const std::string said = root.check();
  CHECK(
      contains(said, "warning: key slot 0 of the keys volume is cheap to guess at: pbkdf2, 1000 "));
  CHECK(contains(said, "ok: a key slot of 'www' opens at once\n"));
  CHECK(contains(said,
                 "warning: the key slots of 'mail' take long to open: 1 × pbkdf2, 1000000 rounds\n"
                 "  hint: run: latchkey rotate-key mail; "));
  std::ifstream file(root.path("/dev/mapper/system-encrypted--my--mail"));
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == luks1_header(million));
}

TEST_CASE("check tells how a reencryption is finished: the LV awake, the header where it is kept") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/volumes",
           "www system/encrypted-www /srv/www ext4 x-latchkey.header=/boot/www.luks\n");
  std::string header = std::string("LUKS\xba\xbe\0\2\0\0\0\0\0\0\x40\0", 16);  // 16 KiB of LUKS2
  header.resize(4096);
  header += R"({"keyslots":{},"config":{"requirements":{"mandatory":["online-reencrypt"]}}})";
  header.resize(16384);
  for (const char* file : {"/dev/mapper/system-encrypted--keys", "/boot/www.luks"})
    root.put(file, header);
  root.put("/dev/mapper/system-encrypted--www", std::string(4096, 'x'));
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "  hint: finish it before: lvm lvchange --activate y system/encrypted-keys; "
                 "cryptsetup reencrypt --resume-only /dev/mapper/system-encrypted--keys\n"));
  const std::string rest = " --key-file /run/latchkey/keys/system-www.key";
  CHECK(contains(said,
                 "  hint: finish it, with the key that latchkey mount-keys shows: cryptsetup "
                 "reencrypt --resume-only --header /boot/www.luks "
                 "/dev/mapper/system-encrypted--www" +
                     rest +
                     ", then, for the images' copy of the header: update-initramfs -u -k all; "
                     "where it is closed, before that: cryptsetup open --header /boot/www.luks "
                     "/dev/mapper/system-encrypted--www cleartext-www" +
                     rest + ", then release-services\n"));
}

TEST_CASE("check warns of a device whose name another disk may have after a reboot") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK_FALSE(contains(root.check(), "is named as the kernel finds it"));
  root.put("/etc/latchkey/latchkey.conf", "[keys]\ndevice = \"/dev/sda3\"\n");
  const std::string said = root.check();
  CHECK(contains(said,
                 "warning: the device of the keys volume, '/dev/sda3', is named as the kernel"));
  CHECK(contains(said, "hint: write UUID=… instead; run: lsblk -o NAME,UUID /dev/sda3\n"));
}

TEST_CASE("check looks for a detached header where it is kept") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/volumes",
           "www system/encrypted-www /srv/www ext4 x-latchkey.header=/boot/www.luks\n");
  root.put("/dev/mapper/system-encrypted--www", std::string(4096, 'x'));
  CHECK(contains(root.check(), "error: the device of 'www', 'system/encrypted-www', cannot be"));
  root.put("/boot/www.luks", luks1_header(std::string("\0\0\x03\xe8", 4)));
  const std::string said = root.check();
  CHECK(contains(said, "ok: the device of 'www', 'system/encrypted-www', has a LUKS header\n"));
  CHECK(contains(said, "ok: a key slot of 'www' opens at once\n"));
}

TEST_CASE("check tells of a volume that the next boot will refuse for its cipher") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string device = "/dev/mapper/system-encrypted--www";
  root.put(device, luks1_header(std::string("\0\0\x03\xe8", 4)));
  const auto check = [&](const std::string& place, const std::string& cipher) {
    root.put("/etc/latchkey/volumes",
             "www system/encrypted-www " + place + " ext4 x-latchkey.cipher=" + cipher + "\n");
    return root.check();
  };
  CHECK(contains(check("/srv/www", "aes-xts-plain64"), "ok: a key slot of 'www' opens at once\n"));
  const std::string told =
      "error: 'www' will not be opened after a reboot: its header says the cipher "
      "aes-xts-plain64, and serpent-xts-plain64 was recorded for it";
  const std::string said = check("/srv/www", "serpent-xts-plain64");
  CHECK(contains(said, told + "\n  hint: if this header is not from you, restore your own"));
  CHECK(contains(said, "write x-latchkey.cipher=aes-xts-plain64 into its line of "));
  CHECK_FALSE(contains(said, "opens at once"));
  CHECK(contains(check("/usr", "serpent-xts-plain64"),
                 told + "; do not reboot: early boot cannot go on without it\n"));

  root.put("/etc/latchkey/volumes",
           "www system/encrypted-www /srv/www ext4 x-latchkey.uuid=56-cd\n");
  CHECK(contains(root.check(),
                 "error: 'www' will not be opened after a reboot: its header has the UUID 12ab-34 "
                 "and not 56-cd\n"));
}

TEST_CASE("Must 5: a header nested without end ends neither check nor the image's hook") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& json :
       {R"({"segments":{"0":{"encryption":"aes-xts-plain64","x":)" + deep + "}}}",
        R"({"segments":{"0":{"encryption":"aes-xts-plain64"}},"keyslots":{"0":)" + deep + "}}"}) {
    std::string header = std::string("LUKS\xba\xbe\0\2\0\0\0\0\0\x40\0\0", 16);  // 4 MiB of LUKS2
    header.resize(4096);
    header += json;
    header.resize(4U << 20U);
    root.put("/dev/mapper/system-encrypted--www", header);
    const std::string said = root.check();
    INFO(said);
    CHECK(contains(said, "error: the device of 'www', 'system/encrypted-www', cannot be opened"));
    CHECK(contains(said, "its JSON cannot be read"));
    CHECK(contains(said, "the device of 'mail'"));
    // What it makes of this root's lack of everything is no matter here.
    const Done staged = run_program({"/bin/sh", "-c", "\"$@\"; exit $?", "sh", LATCHKEY_PROGRAM,
                                     "--root", root.path(), "image", "stage", root.path("/tree")});
    INFO(staged.output);
    CHECK(staged.status < 128);
  }
}

TEST_CASE("a volume that would have the keys volume's mapping is an error of its file") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/volumes", "keys system/other /srv/k ext4\n");
  CHECK(contains(root.check(),
                 "error: /etc/latchkey/volumes:1:1: the volume 'keys' has the mapping of the keys "
                 "volume, 'cleartext-keys': every unlock would close it\n"));
}

TEST_CASE("check names mount units that were written by hand for what Latchkey mounts") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string units = "/etc/systemd/system/";
  root.put(units + "srv-www.mount",
           "[Unit]\nDescription=data\n[Mount]\nWhat=/dev/mapper/cleartext-www\n"
           "Where=/srv/www\n[Install]\nRequiredBy=local-fs.target\n");
  root.put("/usr/local/lib/systemd/system/srv-mail.automount", "[Automount]\nWhere=/srv/mail\n");
  const auto link = [&](const std::string& by, const std::string& unit) {
    fs::create_directories(root.path(units + by));
    fs::create_symlink("../" + unit, root.path(units + by + "/" + unit));
  };
  std::string said = root.check();
  CHECK(contains(said, "warning: '/etc/systemd/system/srv-www.mount' mounts '/srv/www' for units"));
  CHECK_FALSE(contains(said, "srv-mail.automount"));
  link("local-fs.target.requires", "srv-www.mount");
  link("multi-user.target.wants", "srv-mail.automount");
  said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "error: '/etc/systemd/system/srv-www.mount' mounts '/srv/www' at boot: it is the "
                 "mount point of the volume 'www', which Latchkey mounts: the boot would end in "
                 "emergency mode, without sshd\n  hint: run: systemctl disable srv-www.mount\n"));
  CHECK(contains(said, "error: '/usr/local/lib/systemd/system/srv-mail.automount' mounts"));
}

TEST_CASE("check tells of a volume that systemd opens by its partition's type, before sshd") {
  if (!is_root()) return;
  const CheckedRoot root;
  const auto number = [](dev_t device) {
    return std::to_string(major(device)) + ":" + std::to_string(minor(device));
  };
  const auto record = [&](const std::string& device, const std::string& type,
                          const std::string& more = "") {
    root.put("/run/udev/data/b" + device,
             "S:disk/by-partuuid/1\nE:ID_PART_ENTRY_SCHEME=gpt\nE:ID_PART_ENTRY_TYPE=" + type +
                 "\nE:ID_PART_ENTRY_NUMBER=3\nE:ID_PART_ENTRY_DISK=" +
                 (more.empty() ? "240:0\n" : more));
  };
  const std::string home = "933ac7e1-2eb4-4f13-b844-0e14e2aef915";
  const std::string generator = "/usr/lib/systemd/system-generators/systemd-gpt-auto-generator";
  root.put("/etc/latchkey/volumes", "data /dev/sda3 /home ext4\n");
  root.put(generator, "a program");
  root.put("/sys/dev/block/240:0/uevent", "MAJOR=240\nMINOR=0\nDEVNAME=sda\n");
  fs::create_directory(root.path("/dev"));
  REQUIRE(::mknod(root.path("/dev/sda3").c_str(), S_IFBLK | 0600, makedev(240, 3)) == 0);
  struct stat info {};
  REQUIRE(::stat(root.path().c_str(), &info) == 0);
  record(number(info.st_dev), "0fc63daf-8483-4772-8e79-3d69d8477de4");
  record("240:3", home);
  const std::string told =
      "error: systemd itself opens '/dev/sda3' at boot: it is the device of the volume 'data', "
      "and the type of its partition says that it belongs on '/home': the boot asks for a "
      "passphrase at the console alone, before sshd, also after an early unlock\n"
      "  hint: run: sfdisk --part-type /dev/sda 3 0FC63DAF-8483-4772-8E79-3D69D8477DE4; or start "
      "the kernel with systemd.gpt_auto=0\n";
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, told));
  // A line in fstab does not help: the device is opened all the same.
  root.put("/etc/fstab", "/dev/mapper/other /home ext4 nofail 0 2\n");
  CHECK(contains(root.check(), told));
  // Another type, the flag, or another disk than root's.
  record("240:3", "0fc63daf-8483-4772-8e79-3d69d8477de4");
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
  record("240:3", home, "240:0\nE:ID_PART_ENTRY_FLAGS=0x8000000000000000\n");
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
  record("240:3", home, "240:16\n");
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
  // A place with files in it is left alone, unless it is a volume's.
  record("240:3", home);
  root.put("/etc/latchkey/volumes", "data /dev/sda3 /data ext4\n");
  CHECK(contains(root.check(), told));
  root.put("/home/alice/.profile", "");
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
  root.put("/etc/latchkey/volumes", "data /dev/sda3 /home ext4\n");
  CHECK(contains(root.check(), told));
  // An entry that nobody starts any more does not turn it off.
  root.put("/boot/extlinux/extlinux.conf", "label old\n  append systemd.gpt_auto=0\n");
  CHECK(contains(root.check(), told));
  // Of a former swap area, whose line in fstab is gone.
  record("240:3", "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f");
  CHECK(contains(root.check(),
                 "the type of its partition says that it is swap, of which fstab "
                 "names none: the boot asks for a passphrase at the console alone"));
  root.put("/etc/fstab", "UUID=1 none swap sw 0 0\n");
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
  record("240:3", home);
  // Turned off, or masked.
  root.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"quiet systemd.gpt-auto=no\"\n");
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
  root.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"systemd.gpt_auto=1\"\n");
  CHECK(contains(root.check(), told));
  const std::string mask = "/etc" + generator.substr(std::string("/usr/lib").size());
  fs::create_directories(fs::path(root.path(mask)).parent_path());
  fs::create_symlink("/dev/null", root.path(mask));
  CHECK_FALSE(contains(root.check(), "systemd itself opens"));
}

TEST_CASE("case 46: check tells of a volume that the kernel's command line has systemd open") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/proc/cmdline", "quiet luks.uuid=12ab-34\n");
  std::string said = root.check();
  INFO(said);
  CHECK(
      contains(said, "error: 'luks.uuid=12ab-34' in '/proc/cmdline' opens 'luks-12ab-34' at boot"));
  CHECK(contains(said, "hint: take that word off the kernel's command line; or add "));
  // It is told once, from where it is written.
  root.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"luks.uuid=12ab-34\"\n");
  said = root.check();
  CHECK(contains(said, "error: 'luks.uuid=12ab-34' in '/etc/default/grub' opens"));
  CHECK_FALSE(contains(said, "in '/proc/cmdline' opens"));
  root.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"\n");
  root.put("/proc/cmdline", "quiet luks.uuid=77\n");
  CHECK_FALSE(contains(root.check(), "luks.uuid"));
}
