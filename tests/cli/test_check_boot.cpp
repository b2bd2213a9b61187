// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check on a made-up root directory: who builds the images, and what is started of them.
#include "cli/checked_root.hpp"

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
