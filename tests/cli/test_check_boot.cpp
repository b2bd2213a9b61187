// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check on a made-up root directory: who builds the images, and what is started of them.
#include "cli/checked_root.hpp"
#include "core/base/result.hpp"

using namespace latchkey::test;
namespace fs = std::filesystem;

TEST_CASE("case 57: the hook that a removed dracut leaves is no builder of images") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/usr/sbin/mkinitramfs", "");
  CHECK(contains(root.check(), "ok: initramfs-tools builds the images"));
  root.put("/etc/kernel/postinst.d/dracut", "");
  CHECK(contains(root.check(), "error: the next image will have no unlocker"));
  root.put("/usr/sbin/update-initramfs", "#!/bin/sh\nexec dracut --regenerate-all\n");
  CHECK(contains(root.check(), "error: the next image will have no unlocker"));
  root.put("/usr/sbin/update-initramfs", "#!/bin/sh\nmkinitramfs -o \"$1\"\n");
  CHECK(contains(root.check(), "ok: initramfs-tools builds the images"));
}

TEST_CASE("case 13: an ip= that turns the network off is told, whichever boot loader has it") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/proc/cmdline", "quiet\n");
  const auto off = [](const std::string& file) {
    return "error: early boot will have no network: only its console can unlock: the ip= of '" +
           file + "' turns it off";
  };
  for (const auto& [file, text] :
       {std::pair("/boot/firmware/cmdline.txt", "root=/dev/mmcblk0p2 ip=off\n"),
        {"/boot/extlinux/extlinux.conf", "label l0\n\tappend ro ip=off\n"},
        {"/etc/default/u-boot", "U_BOOT_PARAMETERS=\"ro ip=off\"\n"},
        {"/boot/efi/loader/entries/a.conf", "options ip=off\n"}}) {
    root.put(file, text);
    CHECK(contains(root.check(), off(file)));
    fs::remove(root.path(file));
  }
  CHECK_FALSE(contains(root.check(), "early boot will have no network"));
}

TEST_CASE("check compares what the firmware starts with the images in /boot") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string entry = "title Debian\nversion 6.1.0\nmachine-id 11aa\noptions ro\n";
  root.put("/etc/machine-id", "11aa\n");
  root.put("/boot/initrd.img-6.1.0", "new");
  root.put("/boot/efi/loader/entries/a.conf",
           entry + "initrd /ucode.img\ninitrd /d/6.1.0/initrd\n");
  root.put("/boot/efi/loader/entries/other.conf", "version 6.1.0\nmachine-id 22\ninitrd /x\n");
  root.put("/boot/efi/loader/entries/gone.conf", "version 5.0\ninitrd /x\n");
  root.put("/boot/efi/ucode.img", "ucode");
  root.put("/boot/efi/d/6.1.0/initrd", "new");
  root.put("/boot/firmware/initrd.img-6.1.0", "new");
  root.put("/boot/firmware/initrd.img-5.0", "new");
  fs::create_symlink("boot/efi", root.path("/efi"));
  std::string said = root.check();
  CHECK_FALSE(contains(said, "the firmware starts"));
  CHECK_FALSE(contains(said, "is not looked at"));
  root.put("/boot/efi/d/6.1.0/initrd", "old");
  root.put("/boot/firmware/initrd.img-6.1.0", "new and longer");
  root.put("/boot/efi/EFI/Linux/debian.efi", "");
  said = root.check();
  CHECK(contains(said,
                 "warning: the firmware starts another image than '/boot/initrd.img-6.1.0': "
                 "'/boot/efi/d/6.1.0/initrd' is not the same\n"
                 "  hint: run: kernel-install add 6.1.0 /boot/vmlinuz-6.1.0 "
                 "/boot/initrd.img-6.1.0\n"));
  CHECK(contains(said,
                 "'/boot/firmware/initrd.img-6.1.0' is not the same\n"
                 "  hint: run: update-initramfs -u -k 6.1.0\n"));
  const std::string unified = "warning: '/boot/efi/EFI/Linux/debian.efi' is not looked at";
  CHECK(contains(said, unified));
  CHECK(said.find(unified) == said.rfind(unified));  // once, by whichever name
  fs::remove(root.path("/boot/efi/d/6.1.0/initrd"));
  CHECK(contains(root.check(), "'/boot/efi/d/6.1.0/initrd' is not there"));
  root.put("/boot/efi/loader/entries/a.conf", entry);
  CHECK(contains(root.check(), "'/boot/efi/loader/entries/a.conf' names none"));
}

TEST_CASE("check compares what Raspberry Pi OS has the firmware start with the newest images") {
  if (!is_root()) return;
  const CheckedRoot root;
  for (const char* version : {"6.6.20+rpt-rpi-v8", "6.6.31+rpt-rpi-v8", "6.6.31+rpt-rpi-2712"}) {
    root.put("/boot/vmlinuz-" + std::string(version), "");
    root.put("/boot/initrd.img-" + std::string(version), version);
  }
  root.put("/boot/vmlinuz-6.6.62+rpt-rpi-v8", "");  // check tells of it without that
  root.put("/boot/firmware/config.txt", "# auto\narm_64bit=1\nauto_initramfs=1\n[pi4]\n");
  root.put("/boot/firmware/initramfs8", "6.6.31+rpt-rpi-v8");
  root.put("/boot/firmware/initramfs_2712", "6.6.31+rpt-rpi-2712");
  root.put("/boot/firmware/initramfs7", "of no kernel that is here");
  CHECK_FALSE(contains(root.check(), "the firmware starts"));
  root.put("/boot/firmware/initramfs8", "6.6.20+rpt-rpi-v8");
  fs::remove(root.path("/boot/firmware/initramfs_2712"));
  std::string said = root.check();
  INFO(said);
  CHECK(contains(said,
                 "warning: the firmware starts another image than "
                 "'/boot/initrd.img-6.6.31+rpt-rpi-v8': '/boot/firmware/initramfs8' is not the "
                 "same\n  hint: run: update-initramfs -u -k 6.6.31+rpt-rpi-v8\n"));
  CHECK(contains(said, "'/boot/firmware/initramfs_2712' is not there\n"));
  CHECK(contains(said, "the image '/boot/firmware/initramfs8' can be read by others than root"));
  root.put("/boot/firmware/config.txt", "arm_64bit=1\n#auto_initramfs=1\n");
  CHECK(contains(root.check(),
                 "warning: the firmware starts kernels without their images: "
                 "'/boot/firmware/config.txt' has no auto_initramfs=1\n"
                 "  hint: add that line to it\n"));
  root.put("/boot/firmware/config.txt", "initramfs own.img followkernel\n");
  CHECK_FALSE(contains(root.check(), "the firmware starts"));
}

TEST_CASE("check tells of partitions that proxmox-boot-tool alone mounts") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/kernel/proxmox-boot-uuids", "\n");
  CHECK_FALSE(contains(root.check(), "proxmox"));
  root.put("/etc/kernel/proxmox-boot-uuids", "1234-ABCD\n");
  CHECK(contains(root.check(), "hint: see that they are up to date: proxmox-boot-tool refresh"));
}

TEST_CASE("copies of an image that others than root can read are told, each once") {
  if (!is_root()) return;
  const CheckedRoot root;
  const auto mode = [&](const std::string& file, mode_t to) {
    REQUIRE(::chmod(root.path(file).c_str(), to) == 0);
  };
  const std::vector<std::string> copies{"/boot/efi/d/6.1.0/initrd",
                                        "/boot/firmware/initrd.img-6.1.0",
                                        "/boot/firmware/initrd.img-5.0"};
  root.put("/boot/initrd.img-6.1.0", "new");
  mode("/boot/initrd.img-6.1.0", 0600);
  root.put("/boot/efi/ucode.img", "no keys in it");
  for (const char* name : {"a", "b"})
    root.put("/boot/efi/loader/entries/" + std::string(name) + ".conf",
             "version 6.1.0\ninitrd /ucode.img\ninitrd /d/6.1.0/initrd\n");
  // The image itself, by the entry of a /boot that systemd-boot reads.
  root.put("/boot/loader/entries/c.conf", "version 6.1.0\ninitrd /initrd.img-6.1.0\n");
  for (const std::string& copy : copies) root.put(copy, "new");
  std::string said = root.check();
  INFO(said);
  const auto told = [](const std::string& file) {
    return "error: the image '" + file +
           "' can be read by others than root: it holds the host keys of early boot\n"
           "  hint: run: chmod 600 /";
  };
  for (const std::string& copy : copies) {
    CHECK(contains(said, told(copy)));
    CHECK(said.find(told(copy)) == said.rfind(told(copy)));
    mode(copy, 0600);
  }
  CHECK_FALSE(contains(said, "ucode.img' can be read"));
  CHECK_FALSE(contains(said, told("/boot/initrd.img-6.1.0")));
  CHECK_FALSE(contains(root.check(), "can be read by others"));
}

TEST_CASE("check looks at images of kernels that are not compressed, and misses none in silence") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string none = ": there is no kernel in '/boot': so no image was looked at\n";
  CHECK(contains(root.check(), "warning" + none));
  root.put("/boot/initrd.img-6.1.0-powerpc64le", "");
  CHECK(contains(root.check(), "error" + none + "  hint: only files called vmlinuz-VERSION or "));
  root.put("/boot/vmlinux-6.1.0-powerpc64le", "");
  fs::create_directories(root.path("/lib/modules/6.1.0-powerpc64le"));
  const std::string said = root.check();
  CHECK_FALSE(contains(said, none));
  CHECK(contains(said, "the image '/boot/initrd.img-6.1.0-powerpc64le'"));
}

TEST_CASE("a boot loader that asks for a passphrase itself is an error, unless others start") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string asks = "the boot loader itself asks for a passphrase, at the console alone";
  root.put("/boot/grub/grub.cfg", "insmod luks2\n# cryptomount is not needed\n");
  CHECK_FALSE(contains(root.check(), asks));
  root.put("/boot/grub/grub.cfg", "insmod luks2\n\tcryptomount -u 11aa22\n");
  CHECK(contains(root.check(),
                 "error: " + asks +
                     ": '/boot/grub/grub.cfg' has lines with cryptomount\n"
                     "  hint: move /boot to a file system of its own that is not encrypted, take "
                     "GRUB_ENABLE_CRYPTODISK out of /etc/default/grub, then run: grub-install "
                     "DISK, and: update-grub\n"));
  root.put("/boot/efi/loader/entries/a.conf", "version 6.1.0\n");
  CHECK(contains(root.check(), "warning: " + asks));
}

// As the wiki of Debian has it: each image that is built is copied, and the oldest kernel's last.
TEST_CASE("case 54: a kernel that the firmware starts has its own image beside it") {
  if (!is_root()) return;
  const CheckedRoot root;
  for (const std::string version : {"6.1.0", "6.2.0"}) {
    root.put("/boot/vmlinuz-" + version, "kernel " + version);
    root.put("/boot/initrd.img-" + version, "image " + version);
  }
  root.put("/boot/efi/EFI/Debian/vmlinuz", "kernel 6.2.0");
  root.put("/boot/efi/EFI/Debian/initrd.img", "image 6.2.0");
  root.put("/boot/efi/EFI/other/vmlinuz", "kernel of another system");
  root.put("/boot/efi/EFI/other/initrd.img", "its image");
  CHECK_FALSE(contains(root.check(), "the firmware starts"));
  root.put("/boot/efi/EFI/Debian/initrd.img", "image 6.1.0");
  const std::string said = root.check();
  INFO(said);
  CHECK(
      contains(said,
               "error: the firmware starts another image than '/boot/initrd.img-6.2.0': "
               "'/boot/efi/EFI/Debian/initrd.img' beside that kernel is not the same\n"
               "  hint: run: cp /boot/initrd.img-6.2.0 /boot/efi/EFI/Debian/initrd.img; and see "));
  CHECK_FALSE(contains(said, "EFI/other"));
  // An older build of the same kernel's image, kept on purpose: it boots.
  root.put("/boot/efi/EFI/Debian/initrd.img", "image 6.2.0");
  root.put("/boot/efi/EFI/Debian/vmlinuz.old", "kernel 6.1.0");
  root.put("/boot/efi/EFI/Debian/initrd.img.old", "image of before");
  const std::string kept = root.check();
  INFO(kept);
  CHECK(contains(kept, "warning: the firmware starts another image than '/boot/initrd.img-6.1.0'"));
  CHECK_FALSE(contains(kept, "error: the firmware starts"));
}

TEST_CASE("case 55: a boot loader that asks for a user's name is an error") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string asks = "the boot loader asks for a user's name and password";
  const std::string users = "set superusers=\"root\"\n";
  root.put("/boot/grub/grub.cfg",
           users + "menuentry a --unrestricted {\n\tlinux /vmlinuz-1 ro\n}\n");
  CHECK_FALSE(contains(root.check(), asks));
  root.put("/boot/grub/grub.cfg", users + "menuentry a {\n\tlinux /vmlinuz-1 ro\n}\n");
  const std::string said = root.check();
  CHECK(contains(said, "error: " + asks + ", at the console alone"));
  CHECK(contains(said, "add --unrestricted to CLASS, then run: update-grub"));
}

TEST_CASE("check and init tell when what images are started from is not mounted") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/fstab", "UUID=1 / ext4 defaults 0 1\nUUID=3 /boot/efi vfat nofail 0 1\n");
  root.put("/boot/grub/grub.cfg", "set default=0\n");
  CHECK_FALSE(contains(root.check(), "and not mounted"));
  root.put("/boot/efi/EFI/Linux/debian.efi", "");
  CHECK(contains(root.check(), "error: '/boot/efi' is in '/etc/fstab' and not mounted"));
  root.put("/etc/fstab", "UUID=2 /boot/ ext4 noauto 0 2\nUUID=3 /boot/efi vfat defaults 0 1\n");
  const std::string missing =
      "'/boot' is in '/etc/fstab' and not mounted: no image gets to where a boot starts it\n"
      "  hint: run: mount /boot; then: update-initramfs -u -k all\n";
  const std::string said = root.check();
  CHECK(contains(said, "error: " + missing));
  CHECK_FALSE(contains(said, "'/boot/efi' is in"));
  fs::remove(root.path("/etc/latchkey/latchkey.conf"));
  root.put("/keys", good_key);
  const Done init = run_program({LATCHKEY_PROGRAM, "--root", root.path(), "init", "no-such-vg",
                                 "--authorized-keys", root.path("/keys")});
  INFO(init.output);
  CHECK(contains(init.output, "'/boot' is in '"));
  CHECK(init.status == latchkey::exit_status(latchkey::Code::missing));
}
