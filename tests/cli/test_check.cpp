// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check on a made-up root directory. It answers root only.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/checked_root.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

TEST_CASE("case 46: check names the lines of fstab and crypttab that fight with ours") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK_FALSE(contains(root.check(), "fstab"));
  root.put("/etc/fstab",
           "UUID=9 / ext4 defaults 0 1\n"
           "/dev/mapper/cleartext-www /srv/www ext4 noauto,nofail 0 2\n");
  root.put("/etc/crypttab", "root /dev/sda2 none luks\n");
  const std::string calm = root.check();
  CHECK(contains(calm, "ok: '/etc/fstab' leaves the volumes alone\n"));
  CHECK(contains(calm, "ok: '/etc/crypttab' leaves the volumes alone\n"));
  root.put("/etc/fstab",
           "UUID=9 / ext4 defaults 0 1\n"
           "/dev/mapper/cleartext-www /mnt/old ext4 defaults 0 2\n"
           "/dev/sda9 /srv/mail ext4 defaults 0 2\n"
           "UUID=77 /mnt/y ext4 defaults 0 2\n");
  root.put("/etc/crypttab",
           "a UUID=12AB-34 none luks,nofail\n"
           "b /dev/mapper/system-encrypted--my--mail none luks\n"
           "c /dev/system/encrypted-keys none luks\n");
  // The file system of an open volume, as udev's links show it.
  root.put("/dev/dm-5", "");
  fs::create_directories(root.path("/dev/mapper"));
  fs::create_directories(root.path("/dev/disk/by-uuid"));
  fs::create_symlink("../dm-5", root.path("/dev/mapper/cleartext-mail"));
  fs::create_symlink("../../dm-5", root.path("/dev/disk/by-uuid/77"));
  const std::string said = root.check();
  CHECK(contains(said,
                 "error: line 2 of '/etc/fstab' mounts '/dev/mapper/cleartext-www' at boot: it "
                 "is the volume 'www', which Latchkey opens: until then the boot waits for it: the "
                 "boot would end in emergency mode, without sshd\n"
                 "  hint: delete that line; then: systemctl daemon-reload\n"));
  CHECK(contains(said, "error: line 3 of '/etc/fstab' mounts '/srv/mail' at boot"));
  CHECK(contains(said, "error: line 4 of '/etc/fstab' mounts 'UUID=77' at boot"));
  CHECK_FALSE(contains(said, "line 1 of '/etc/fstab'"));
  CHECK(contains(said, "warning: line 1 of '/etc/crypttab' opens 'a' at boot"));
  CHECK(contains(said, "error: line 2 of '/etc/crypttab' opens 'b' at boot"));
  CHECK(contains(said, "is that of the keys volume, which Latchkey opens: a boot"));
}

TEST_CASE("a root that cryptsetup-initramfs opens is an error, and its way in is left alone") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/usr/share/initramfs-tools/hooks/cryptroot", "");
  root.put("/usr/share/initramfs-tools/scripts/init-premount/dropbear", "");
  root.put("/etc/fstab", "/dev/mapper/sda5_crypt / ext4 defaults 0 1\n");
  root.put("/etc/crypttab", "other /dev/sda9 none luks\n");
  CHECK(contains(root.check(), "run: apt remove dropbear-initramfs"));
  for (const char* line :
       {"sda5_crypt UUID=9 none luks,discard\n", "x UUID=9 none luks,initramfs\n"}) {
    root.put("/etc/crypttab", line);
    const std::string said = root.check();
    CHECK(contains(said, "error: cryptsetup-initramfs opens '"));
    CHECK(contains(said, "  hint: take it in with latchkey adopt"));
    CHECK(said.find("apt remove dropbear-initramfs") == std::string::npos);
  }
  // One that was taken in keeps its mapping, and its line for a while.
  root.put("/etc/crypttab", "cleartext-www UUID=9 none luks,initramfs\n");
  CHECK(root.check().find("cryptsetup-initramfs opens") == std::string::npos);
  fs::remove(root.path("/usr/share/initramfs-tools/hooks/cryptroot"));
  root.put("/etc/crypttab", "x UUID=9 none luks,initramfs\n");
  CHECK(root.check().find("cryptsetup-initramfs opens") == std::string::npos);
}

TEST_CASE("case 46: check names the lines of fstab that need a volume before it is mounted") {
  if (!is_root()) return;
  const CheckedRoot root;
  fs::create_directories(root.path("/srv/www"));
  fs::create_symlink("srv/www", root.path("/web"));
  root.put("/etc/fstab",
           "/srv/www/sub /var/www none bind 0 0\n"
           "UUID=8 /web/backup ext4 defaults 0 2\n"
           "/srv/mail /var/mail none bind,nofail 0 0\n");
  const std::string said = root.check();
  CHECK(
      contains(said,
               "error: line 1 of '/etc/fstab' mounts '/var/www' at boot: '/srv/www/sub' is on the "
               "volume 'www', which is mounted later: the boot would end in emergency mode, "
               "without sshd\n"
               "  hint: add nofail,x-systemd.after=latchkey-release.service to its options; then: "
               "systemctl daemon-reload, and: latchkey hold var-www.mount --needs www\n"));
  CHECK(contains(said, "error: line 2 of '/etc/fstab' mounts '/web/backup' at boot"));
  CHECK(contains(said, "warning: line 3 of '/etc/fstab' mounts '/var/mail' at boot"));
}

TEST_CASE("check tells what is wrong in an ip=, and an ip= that turns the network off") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/proc/cmdline", "quiet ip=192.0.2.5::192.0.2.1:24::eth0:none\n");
  CHECK_FALSE(contains(root.check(), "ip="));
  root.put("/proc/cmdline", "quiet ip=192.0.2.5::192.0.2.1:24::eth0:manual\n");
  CHECK(contains(root.check(), "method 'manual' (column 31): there is no such method"));
  root.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ip=off\"\n");
  CHECK(contains(root.check(),
                 "error: early boot will have no network: only its console can unlock: the ip= of "
                 "'/etc/default/grub' turns it off\n"
                 "  hint: take that ip= away, or give it an address or dhcp\n"));
  root.put("/etc/default/grub", "");
  root.put("/etc/initramfs-tools/initramfs.conf", "IP=off\n");
  CHECK_FALSE(contains(root.check(), "no network"));  // the command line's ip= wins
  root.put("/proc/cmdline", "quiet\n");
  CHECK(contains(root.check(), "the ip= of '/etc/initramfs-tools/initramfs.conf' turns it off"));
}

TEST_CASE("case 6: check warns where [network] brings up none, once, and not where an ip= does") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/proc/cmdline", "quiet\n");
  root.put("/etc/kernel/cmdline", "quiet root=/dev/vda1\n");
  const std::string none = "early boot brings up no network: only its console can unlock";
  CHECK_FALSE(contains(root.check(), none));
  root.put("/etc/latchkey/latchkey.conf",
           "[keys]\ndevice = \"system/encrypted-keys\"\n[network]\nmethod = \"none\"\n");
  const std::string said = root.check();
  CHECK(contains(said, "warning: " + none + ": [network] of latchkey.conf has method = \"none\""));
  CHECK(said.find(none) == said.rfind(none));
  // One of several settings that make up a command line is enough.
  root.put("/etc/default/grub", "GRUB_CMDLINE_LINUX=\"ip=dhcp\"\n");
  CHECK_FALSE(contains(root.check(), none));
}

TEST_CASE("check warns of a command line with which init does not come to the unlock") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string nobody = "early boot asks nobody for the passphrase with ";
  for (const char* line : {"root=/dev/vda1", "root=/dev/nfs boot=local", "boot=live boot=local",
                           "root=ZFS=rpool/ROOT boot=zfs"}) {
    root.put("/proc/cmdline", line);
    CHECK_FALSE(contains(root.check(), nobody));
  }
  root.put("/proc/cmdline", "quiet root=/dev/nfs nfsroot=192.0.2.1:/srv\n");
  CHECK(contains(root.check(), "warning: " + nobody +
                                   "'root=/dev/nfs': '/proc/cmdline' has it, and init then runs "
                                   "no script of local-top\n  hint: boot with a local root"));
  root.put("/proc/cmdline", "boot=live\n");
  CHECK(contains(root.check(), nobody + "'boot=live'"));
  // What stands in the image, unless a command line says something else.
  root.put("/etc/initramfs-tools/initramfs.conf", "BOOT=local\n");
  root.put("/proc/cmdline", "quiet\n");
  CHECK_FALSE(contains(root.check(), nobody));
  root.put("/etc/initramfs-tools/conf.d/boot", "BOOT=nfs\n");
  CHECK(contains(root.check(),
                 "warning: " + nobody + "'BOOT=nfs': '/etc/initramfs-tools/conf.d/boot' has it"));
  root.put("/proc/cmdline", "quiet boot=local\n");
  CHECK_FALSE(contains(root.check(), nobody));
}

TEST_CASE("check tells when early boot's console has another keyboard layout") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK_FALSE(contains(root.check(), "keyboard"));
  root.put("/etc/default/keyboard", "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"us\"\nXKBVARIANT=\"\"\n");
  CHECK_FALSE(contains(root.check(), "keyboard"));
  root.put("/etc/default/keyboard", "XKBLAYOUT=\"us\"\nXKBVARIANT=\"dvorak\"\n");
  CHECK(contains(root.check(), "has the keyboard layout us, not 'us dvorak' as in"));
  root.put("/etc/default/keyboard", "XKBLAYOUT=\"de,us\"\n");
  CHECK(contains(root.check(),
                 "warning: a console in early boot has the keyboard layout us, not 'de,us' as in "
                 "'/etc/default/keyboard': there is no /bin/setupcon, which brings it into images\n"
                 "  hint: run: apt install console-setup; then: update-initramfs -u -k all\n"));
  root.put("/bin/setupcon", "#!/bin/sh\n");
  CHECK_FALSE(contains(root.check(), "keyboard"));
}

TEST_CASE("case 48: check looks at the mount points and makes none") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK(contains(root.check(), "ok: the mount point of 'www', '/srv/www', will be made\n"));
  CHECK_FALSE(fs::exists(root.path("/srv")));

  fs::create_directories(root.path("/srv/www/empty/below"));
  root.put("/srv/mail/inbox", "letter");
  const std::string said = root.check();
  CHECK(contains(said, "ok: the mount point of 'www', '/srv/www', is empty\n"));
  CHECK(contains(said,
                 "warning: the mount point of 'mail', '/srv/mail', holds files while the volume "
                 "is not mounted: a mount would hide 'inbox'\n"));
  for (const char* name : {"a", "b", "c", "d"}) root.put("/srv/mail/" + std::string(name), "");
  CHECK(contains(root.check(), "would hide 'a', 'b', 'c' and 2 more\n"));

  fs::remove_all(root.path("/srv/mail"));
  root.put("/srv/mail", "a file");
  CHECK(contains(root.check(), "error: cannot use the mount point '/srv/mail': '"));
  REQUIRE(::chmod(root.path("/srv").c_str(), 01777) == 0);
  CHECK(contains(root.check(), "': everybody can write in it\n"));
}

TEST_CASE("check warns of upgrades that restart the machine, where apt's configuration has them") {
  if (!is_root()) return;
  if (find_program("apt-config").empty() && !skip("there is no apt")) return;
  const CheckedRoot root;
  root.put("/etc/apt/root.conf", "Dir \"" + root.path() + "\";\n");
  const std::string warning = "warning: this machine restarts by itself after some upgrades";
  const auto warned = [&](const std::string& settings) {
    root.put("/etc/apt/apt.conf.d/50unattended-upgrades", settings);
    return contains(root.check(), warning);
  };
  const std::string option = "Unattended-Upgrade::Automatic-Reboot ";
  CHECK_FALSE(warned(option + "\"true\";\n"));  // nobody reads it
  root.put("/usr/bin/unattended-upgrade", "");
  REQUIRE(::chmod(root.path("/usr/bin/unattended-upgrade").c_str(), 0755) == 0);
  CHECK(warned(option + "\"true\";\n"));
  CHECK(warned("Unattended-Upgrade {\n  Automatic-Reboot \"1\";\n};\n"));
  for (const char* other : {"//Unattended-Upgrade::Automatic-Reboot \"true\";\n",
                            "/* Unattended-Upgrade::Automatic-Reboot \"true\"; */\n",
                            "Unattended-Upgrade::Automatic-Reboot \"false\";\n",
                            "Unattended-Upgrade::Automatic-Reboot-WithUsers \"true\";\n"}) {
    INFO(other);
    CHECK_FALSE(warned(other));
  }
  // Nothing is upgraded by itself.
  root.put("/etc/apt/apt.conf.d/20auto-upgrades", "APT::Periodic::Unattended-Upgrade \"0\";\n");
  CHECK_FALSE(warned(option + "\"true\";\n"));
  root.put("/etc/apt/apt.conf.d/20auto-upgrades", "APT::Periodic::Unattended-Upgrade \"1\";\n");
  CHECK(warned(option + "\"true\";\n"));
  // A later file has the last word.
  root.put("/etc/apt/apt.conf.d/60local", option + "\"false\";\n");
  CHECK_FALSE(warned(option + "\"true\";\n"));
}

TEST_CASE("check tells of services that cannot be read: no boot would hold any") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK_FALSE(contains(root.check(), "/etc/latchkey/services"));
  std::filesystem::create_directory(root.path("/etc/latchkey/services"));
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "error: cannot read '/etc/latchkey/services': Is a directory"));
  CHECK(contains(said, "no boot holds any service"));
}

TEST_CASE("Should 5: check warns of what writes memory to a disk in clear") {
  if (!is_root()) return;
  const CheckedRoot root;
  CHECK(contains(root.check(), "ok: memory is written to no disk in clear"));
  root.put("/proc/swaps", "Filename Type Size Used Priority\n/swapfile file 8 0 -2\n");
  root.put("/swapfile", "");
  root.put("/etc/default/kdump-tools", "USE_KDUMP=1\n");
  const std::string said = root.check();
  INFO(said);
  CHECK(contains(said, "warning: the swap area '/swapfile' is not encrypted"));
  CHECK(contains(said, "warning: kdump writes the memory of a crashed kernel to '/var/crash'"));
}

TEST_CASE("check warns when every key of the machine's own sshd lies on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/passwd",
           "root:x:0:0::/root:/bin/bash\nweb:x:1000:1000::/srv/www/home:/bin/bash\n");
  CHECK_FALSE(contains(root.check(), "knows no key"));
  fs::create_directories(root.path("/srv/www/home/.ssh"));
  root.put("/srv/www/home/.ssh/authorized_keys", "ssh-ed25519 AAAA web\n");
  CHECK(contains(root.check(),
                 "warning: the machine's own sshd knows no key while 'www' is not mounted: all "
                 "authorized_keys lie on volumes: those of web\n"));
  fs::create_directories(root.path("/root/.ssh"));
  root.put("/root/.ssh/authorized_keys", "command=\"echo log in as web\" ssh-ed25519 AAAA root\n");
  CHECK(contains(root.check(), "knows no key"));
  root.put("/root/.ssh/authorized_keys", "ssh-ed25519 AAAA root\n");
  CHECK_FALSE(contains(root.check(), "knows no key"));
  // As on Proxmox VE, where it leads to a file system of its own.
  fs::remove(root.path("/root/.ssh/authorized_keys"));
  root.put("/etc/pve/priv/authorized_keys", "ssh-ed25519 AAAA root\n");
  fs::create_symlink(root.path("/etc/pve/priv/authorized_keys"),
                     root.path("/root/.ssh/authorized_keys"));
  CHECK_FALSE(contains(root.check(), "knows no key"));
}

TEST_CASE("a login can neither hang check nor have it open what is not its own") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/passwd",
           "a:x:1000:1000::/home/a:/bin/bash\nb:x:1001:1001::/home/b:/bin/bash\n"
           "c:x:1002:1002::/home/c:/bin/bash\nweb:x:1003:1003::/srv/www/web:/bin/bash\n");
  const std::string key = "ssh-ed25519 AAAA key\n";
  for (const char* home : {"/home/a", "/home/b", "/home/c", "/srv/www/web"})
    fs::create_directories(root.path(home + std::string("/.ssh")));
  root.put("/srv/www/web/.ssh/authorized_keys", key);
  root.put("/etc/keys", key);
  const std::string name = "/.ssh/authorized_keys";
  REQUIRE(::mkfifo(root.path("/home/a" + name).c_str(), 0666) == 0);
  fs::create_symlink("/dev/zero", root.path("/home/b" + name));
  fs::create_symlink("../../../etc/keys", root.path("/home/c" + name));
  for (const char* home : {"/home/a", "/home/b", "/home/c"})
    REQUIRE(::chown(root.path(home).c_str(), 1000, 1000) == 0);
  const Done done =
      run_program({LATCHKEY_PROGRAM, "--root", root.path(), "check"}, "", std::chrono::seconds(60));
  CHECK(contains(done.output, "all authorized_keys lie on volumes: those of web\n"));
  // A link that stays in the home is followed, as sshd does.
  fs::remove(root.path("/home/c" + name));
  root.put("/home/c/dotfiles/keys", key);
  fs::create_symlink("../dotfiles/keys", root.path("/home/c" + name));
  CHECK_FALSE(contains(root.check(), "knows no key"));
}

TEST_CASE("no volume is mounted by a release where every boot needs a directory of its own") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/volumes", "tmp system/encrypted-tmp /var/tmp ext4\n");
  fs::create_directories(root.path("/var/tmp"));
  CHECK(contains(root.check(),
                 "error: will not mount on '/var/tmp': every boot uses that directory before "
                 "volumes are mounted\n"));
}

// For Dropbear's own: takes a file with the name of a kind for a key of it.
const char* const stand_in =
    "#!/bin/sh\nread -r kind <\"$3\" || exit 1\ncase $kind in ssh-*|ecdsa-*) echo \"$kind AAAA\" "
    ";; "
    "*) exit 1 ;; esac\n";

TEST_CASE("check names host keys in a form that early boot does not read") {
  if (!is_root()) return;
  const CheckedRoot root;
  for (const char* name : {"ed25519.pub", "machine-id", "ecdsa.dropbear.new-12"})
    root.put("/etc/latchkey/hostkeys/" + std::string(name), "");
  CHECK_FALSE(contains(root.check(), "is no host key of early boot"));
  root.put("/etc/latchkey/hostkeys/ssh_host_ed25519_key", "-----BEGIN OPENSSH PRIVATE KEY-----\n");
  CHECK(contains(root.check(),
                 "warning: '/etc/latchkey/hostkeys/ssh_host_ed25519_key' is no host key of early "
                 "boot: only files that end in .dropbear are, in Dropbear's own form\n"
                 "  hint: remove it, or, to have it as the ed25519 host key, run: apt install "
                 "dropbear-bin; dropbearconvert openssh dropbear "
                 "/etc/latchkey/hostkeys/ssh_host_ed25519_key "
                 "/etc/latchkey/hostkeys/ed25519.dropbear; rm "
                 "/etc/latchkey/hostkeys/ssh_host_ed25519_key; then: update-initramfs -u -k "
                 "all\n"));
  // One that dropbear-initramfs had is in the right form already.
  root.put("/usr/lib/latchkey/dropbearkey", stand_in);
  fs::permissions(root.path("/usr/lib/latchkey/dropbearkey"), fs::perms::owner_all);
  root.put("/etc/latchkey/hostkeys/dropbear_host_key", "ssh-rsa\n");
  CHECK(contains(root.check(),
                 "  hint: remove it, or, to have it as the rsa host key, run: mv "
                 "/etc/latchkey/hostkeys/dropbear_host_key /etc/latchkey/hostkeys/rsa.dropbear; "
                 "then: update-initramfs -u -k all\n"));
}

TEST_CASE("check names host keys that early boot does not use: a second of a kind, a fifth") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/usr/lib/latchkey/dropbearkey", stand_in);
  fs::permissions(root.path("/usr/lib/latchkey/dropbearkey"), fs::perms::owner_all);
  const auto put = [&](const std::string& name, const std::string& kind) {
    root.put("/etc/latchkey/hostkeys/" + name, kind + "\n");
    fs::permissions(root.path("/etc/latchkey/hostkeys/" + name),
                    fs::perms::owner_read | fs::perms::owner_write);
  };
  put("ecdsa.dropbear", "ecdsa-sha2-nistp256");
  put("ed25519.dropbear", "ssh-ed25519");
  CHECK_FALSE(contains(root.check(), "is not used"));
  put("a.dropbear", "ssh-ed25519");
  CHECK(contains(root.check(),
                 "warning: the host key '/etc/latchkey/hostkeys/a.dropbear' is not used: early "
                 "boot has one host key of each kind, and 'ed25519.dropbear' is one of this kind "
                 "already\n"
                 "  hint: remove the one that clients do not know, then run: update-initramfs -u "
                 "-k all\n"));
  put("c.dropbear", "ecdsa-sha2-nistp384");
  put("d.dropbear", "ecdsa-sha2-nistp521");
  put("rsa.dropbear", "ssh-rsa");
  CHECK(contains(root.check(),
                 "warning: the host key '/etc/latchkey/hostkeys/d.dropbear' is not used: early "
                 "boot has 4 host keys at most\n"));
}
