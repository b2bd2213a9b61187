// SPDX-License-Identifier: GPL-3.0-or-later
// Updates of the kernel and its images, with GRUB as the distribution sets it up: after
// each, good or bad, the next boot is one that its owner reaches.
#include <cstdlib>

#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

// The next boot: early ssh answers, opens the volume, and this is the kernel.
void check_boots(Machine& m, const std::string& kernel) {
  m.must("sync");
  m.reset();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(m.must("uname -r") == kernel);
  m.until("grep -qx a /srv/a/marker");
  m.until("systemctl is-system-running --wait | grep -qE 'running|degraded'");
}

void put_hook(Machine& m, const std::string& body) {
  m.must(
      "cat > /etc/initramfs-tools/hooks/zz-owner && chmod 755 /etc/initramfs-tools/hooks/zz-owner",
      "#!/bin/sh\ncase \"${1-}\" in prereqs) exit 0 ;; esac\n" + body + "\n");
}

}  // namespace

TEST_CASE("case 54: whatever becomes of a kernel update, the next boot is within reach",
          "[.slow]") {
  Machine m("test-kernels", quick({"--volumes", "a:ext4:64", "--memory", "1024", "--install",
                                   "grub2-common", "--script", parts + "second-kernel"}));
  m.unlock_and_boot();
  const std::string first = m.must("uname -r");
  const std::string second = m.must("cat /root/kernel/version");
  REQUIRE(m.must("printf '%s\\n' " + first + " " + second + " | linux-version sort | tail -n 1") ==
          second);

  // The distribution's own GRUB and its own menu, from here on.
  m.must("grub-install /dev/vda && update-grub && grep -q gnulinux-simple /boot/grub/grub.cfg");
  check_boots(m, first);

  // Its image cannot be built: the kernel stays half installed, and the last good one
  // is what is booted.
  put_hook(m, "echo 'no image today' >&2; exit 1");
  const Done refused = m.sh("dpkg -i /root/kernel/*.deb");
  INFO(refused.output);
  CHECK(refused.status != 0);
  CHECK(has(refused.output, "no image today"));
  const Done menu = m.sh("update-grub");
  INFO(menu.output);
  CHECK(has(menu.output, first + " is booted by default"));
  check_boots(m, first);
  CHECK(has(m.sh("latchkey check").output, second));

  // The cause is gone: one command completes it, and the newest kernel is booted.
  m.must("rm /etc/initramfs-tools/hooks/zz-owner");
  const Done completed = m.sh("dpkg --configure -a && update-grub");
  INFO(completed.output);
  CHECK(completed.status == 0);
  check_boots(m, second);

  // A hook that takes the door away: the image before it stays.
  put_hook(m, "rm -f \"$DESTDIR/usr/lib/latchkey/dropbear\"");
  const Done without = m.sh("update-initramfs -u -k all");
  INFO(without.output);
  CHECK(without.status != 0);
  CHECK(has(without.output, "the one before it is back"));
  check_boots(m, second);
  m.must("rm /etc/initramfs-tools/hooks/zz-owner && sync");  // or it is back after the cut

  // The plug is pulled while an image is built, and as it is put in place.
  for (const char* moment : {"pgrep -x mkinitramfs", "ls /boot/initrd.img-*.new"}) {
    INFO(moment);
    (void)m.sh("(until " + std::string(moment) +
               " > /dev/null 2>&1; do :; done; "
               "echo b > /proc/sysrq-trigger) & update-initramfs -u");
    m.wait_early();
    m.unlock_and_boot();
    CHECK(m.must("uname -r") == second);
  }

  // New keys, new passphrase, and images that `rekey` has built itself.
  const std::string chosen = "nothing that the old keys volume knows";
  const std::string typed = m.passphrase() + "\n" + chosen + "\n";
  // What a firmware starts is a copy that a hook makes once the image is in /boot. Until all are
  // made, what images of before open stays, however often the command is run.
  m.must("cat > /etc/initramfs/post-update.d/zz-copy && chmod 755 /etc/initramfs/post-update.d/*",
         "#!/bin/sh\n[ \"$1\" != " + first +
             " ] || [ -e /root/room ] || exit 1\ncp \"$2\" \"/root/copy-$1\"\n");
  for (const char* run : {"first", "second"}) {
    const Done full = m.sh("latchkey rekey", typed);
    INFO(run << " run: " << full.output);
    CHECK(full.status != 0);
    CHECK(has(full.output, "cannot rebuild the images"));
    CHECK(has(full.output, "zz-copy exited"));
    CHECK(m.must("lvs --noheadings -o lv_name system | grep -c encrypted-keys") == "2");
  }
  m.must("touch /root/room");
  const Done rekeyed = m.sh("latchkey rekey", typed);
  INFO(rekeyed.output);
  REQUIRE(rekeyed.status == 0);
  for (const std::string& kernel : {first, second})
    m.must("cmp /root/copy-" + kernel + " /boot/initrd.img-" + kernel);
  m.must("rm /etc/initramfs/post-update.d/zz-copy");
  m.must("sync");
  m.reset();
  m.wait_early();
  CHECK(m.early("", m.passphrase()).status == exit_status(Code::denied));
  m.choose_passphrase(chosen);
  m.unlock_and_boot();
  m.until("grep -qx a /srv/a/marker");

  // The new kernel goes; the one that was there before is booted again.
  const Done removed = m.sh(
      "reboot() { :; }; DEBIAN_FRONTEND=noninteractive "
      "apt-get -q -y purge linux-image-" +
      second + " && update-grub");
  INFO(removed.output);
  CHECK(removed.status == 0);
  check_boots(m, first);
}

TEST_CASE("case 57: after an upgrade to the next release early ssh answers, with every kernel",
          "[.slow]") {
  const char* release = std::getenv("LATCHKEY_TEST_RELEASE");
  if (release != nullptr && std::string(release) != "bookworm") {
    skip("there is no release after this one yet");
    return;
  }
  Machine m("test-next", {"--volumes", "a,b", "--memory", "1024", "--install", "grub2-common",
                          "--late-script", parts + "next-release"});
  m.unlock_and_boot();
  CHECK(has(m.must("cat /etc/os-release"), "trixie"));
  CHECK(m.must("ls /boot/initrd.img-* | wc -l") == "2");
  // While its libraries were being replaced nobody needed latchkey itself.
  CHECK(m.must("grep -c '^Unpacking libcryptsetup12' /root/upgrade.log") == "1");
  CHECK(
      m.must("grep -iE 'latchkey.*(not found|loading shared|status)' /root/upgrade.log || true") ==
      "");
  m.until("mountpoint -q /srv/a && mountpoint -q /srv/b");
  const Done checked = m.sh("latchkey check");
  INFO(checked.output);
  CHECK(checked.status == 0);
  CHECK(m.must("systemctl --failed --no-legend").empty());
  const std::string kernel = m.must("uname -r");
  // The kernel from before, as GRUB's menu offers it.
  m.must(
      "cd / && old=$(ls /boot/vmlinuz-* | grep -v \"$(uname -r)\") &&"
      " ln -sf \"${old#/}\" vmlinuz && ln -sf \"boot/initrd.img-${old#*vmlinuz-}\" initrd.img && "
      "sync");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  CHECK(m.must("uname -r") != kernel);
  m.until("mountpoint -q /srv/a && mountpoint -q /srv/b");
}
