// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check on a made-up root directory. It answers root only.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "cli/checked_root.hpp"
#include "core/result.hpp"
#include "sys/fd.hpp"
#include "sys/mount_point.hpp"

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
  out.replace(208, 8, std::string("\x00\xac\x71\xf3", 4) + rounds);
  return out;
}

}  // namespace

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

TEST_CASE("check warns of a command line with which init does not come to the unlock") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string nobody = "early boot asks nobody for the passphrase with ";
  for (const char* line : {"root=/dev/vda1", "root=/dev/nfs boot=local", "boot=live boot=local"}) {
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

TEST_CASE("a guard outlives no line: check names it, and unguard needs no configuration") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string place = root.path("/srv/old");
  std::filesystem::create_directories(place);
  const auto guard = [&] {
    const Fd directory(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return set_guard(directory, true);
  };
  const auto guarded = guard();
  if (!guarded || !*guarded) return;  // this file system knows no such flag
  root.put("/etc/latchkey/guards", "# ours\n/srv/old\n");
  CHECK(root.check().find("nobody can write into '/srv/old'") != std::string::npos);

  // What is guarded is the machine's own, whatever the root of the configuration.
  root.put("/etc/latchkey/guards", place + "\n");
  root.put("/etc/latchkey/volumes", "broken\n");
  const Done done = run_program({LATCHKEY_PROGRAM, "--root", root.path(), "unguard"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::config));
  CHECK_FALSE(is_guarded(place));
  CHECK_FALSE(std::filesystem::exists(root.path("/etc/latchkey/guards")));
}

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

TEST_CASE("Should 5: check warns of what writes memory to a disk in clear") {
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

TEST_CASE("the way into the machine is never held, whoever wrote it down") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/services", "ssh www\nnginx www\n");
  const std::string said = root.check();
  CHECK(contains(said,
                 "error: 'ssh.service' is never held: nobody would get into this machine while "
                 "its volumes are closed\n"));
  CHECK_FALSE(contains(said, "'nginx.service' is never"));
  const Done hold = run_program({LATCHKEY_PROGRAM, "--root", root.path(), "hold", "sshd"});
  INFO(hold.output);
  CHECK(hold.status == 12);
  CHECK(contains(hold.output, "cannot hold 'sshd.service': nobody would get into this machine"));
}

TEST_CASE("check names lingering users whose home lies on a volume") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/passwd", "web:x:1000:1000::/srv/www/home:/bin/bash\n");
  CHECK_FALSE(contains(root.check(), "the units of 'web'"));
  root.put("/var/lib/systemd/linger/web", "");
  CHECK(contains(root.check(),
                 "warning: the units of 'web' do not start at boot: "
                 "'user@1000.service' starts before 'www' is mounted"));
}

TEST_CASE("check names the lines of cron that use a volume which may be closed") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/crontab", "0 3 * * * root mountpoint -q /srv/www && rsync /srv/www/ b:\n");
  root.put("/etc/cron.d/old.dpkg-dist", "0 3 * * * root rsync /srv/www/ b:\n");
  CHECK_FALSE(contains(root.check(), "is not mounted: what makes a copy"));
  root.put("/etc/cron.d/copy", "# daily\n0 3 * * * root rsync --delete /srv/www/ b:\n");
  root.put("/var/spool/cron/crontabs/ann", "@daily ls /srv/mail/ann\n");
  const std::string said = root.check();
  CHECK(contains(said,
                 "warning: line 2 of '/etc/cron.d/copy' uses '/srv/www' also while 'www' is not "
                 "mounted: what makes a copy of it then copies an empty directory\n"
                 "  hint: let its command begin with: mountpoint -q /srv/www &&\n"));
  CHECK(contains(said, "line 1 of '/var/spool/cron/crontabs/ann' uses '/srv/mail' also"));
}

TEST_CASE("check names the hooks that would never be run") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/hooks.d/failed/mail.sh", "#!/bin/sh\n");
  root.put("/etc/latchkey/hooks.d/released/remount", "#!/bin/sh\n");
  REQUIRE(::chmod(root.path("/etc/latchkey/hooks.d/released/remount").c_str(), 0644) == 0);
  root.put("/etc/latchkey/hooks.d/unlocked/good", "#!/bin/sh\n");
  REQUIRE(::chmod(root.path("/etc/latchkey/hooks.d/unlocked/good").c_str(), 0755) == 0);
  const std::string said = root.check();
  CHECK(contains(said,
                 "warning: the hook '/etc/latchkey/hooks.d/failed/mail.sh' is not run: its "
                 "name holds more than letters, digits, '-' and '_'"));
  CHECK(contains(said,
                 "warning: the hook '/etc/latchkey/hooks.d/released/remount' is not run: it "
                 "is not executable"));
  CHECK_FALSE(contains(said, "hooks.d/unlocked"));
}

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
                 "  hint: remove it, or run: apt install dropbear-bin; dropbearconvert openssh "
                 "dropbear /etc/latchkey/hostkeys/ssh_host_ed25519_key "
                 "/etc/latchkey/hostkeys/ssh_host_ed25519_key.dropbear; then: update-initramfs -u "
                 "-k all\n"));
}

TEST_CASE("a volume that would have the keys volume's mapping is an error of its file") {
  if (!is_root()) return;
  const CheckedRoot root;
  root.put("/etc/latchkey/volumes", "keys system/other /srv/k ext4\n");
  CHECK(contains(root.check(),
                 "error: /etc/latchkey/volumes:1:1: the volume 'keys' has the mapping of the keys "
                 "volume, 'cleartext-keys': every unlock would close it\n"));
}
