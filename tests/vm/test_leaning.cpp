// SPDX-License-Identifier: GPL-3.0-or-later
// Mounts that the system makes out of volumes, and other uses of their file systems that
// are not Latchkey's own.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

void boot_without_data(Machine& m) {
  m.reboot();
  m.wait_early();
  CHECK(m.early("continue").status == 0);
  m.wait_login();
  CHECK(m.sh("systemctl is-system-running --wait").output.find("running") == 0);
  CHECK_FALSE(
      has(m.must("journalctl -b --no-pager -o cat -u '*.device' -u '*.mount'"), "timed out"));
}

}  // namespace

TEST_CASE("a bind mount out of a volume is held, and comes and goes with it", "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  m.must("mkdir -p /srv/a/home /mnt/home && echo here >/srv/a/home/file");
  const std::string line = "/srv/a/home /mnt/home none bind";
  m.must("echo '" + line + " 0 0' >>/etc/fstab");
  const Done told = m.sh("latchkey check");
  INFO(told.output);
  CHECK(told.status != 0);
  const std::string options = "nofail,x-systemd.after=latchkey-release.service";
  CHECK(has(told.output, options));
  CHECK(has(told.output, "latchkey hold mnt-home.mount --needs a"));
  m.must("sed -i 's|^" + line + "|&," + options + "|' /etc/fstab");
  // What an older setup has left: nothing waits for its device, in any boot.
  m.must("echo '/dev/mapper/cleartext-b /srv/b ext4 noauto 0 0' >>/etc/fstab");
  m.must("systemctl daemon-reload && systemctl start mnt-home.mount");
  const Done held = m.sh("latchkey hold mnt-home.mount --needs a");
  INFO(held.output);
  CHECK(held.status == 0);
  CHECK(m.must("cat /mnt/home/file") == "here");

  m.must("latchkey -q lock");
  CHECK(m.sh("mountpoint -q /mnt/home").status != 0);
  CHECK(m.sh("test -e /dev/mapper/cleartext-a").status != 0);
  m.must("umount /boot");
  boot_without_data(m);
  CHECK(m.sh("mountpoint -q /mnt/home").status != 0);
  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  CHECK(has(released.output, "mnt-home.mount"));
  CHECK(m.must("cat /mnt/home/file") == "here");

  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  m.until("mountpoint -q /mnt/home");
  CHECK(m.must("cat /mnt/home/file") == "here");
  m.until("latchkey status");
}

TEST_CASE("a service on a held bind mount starts behind it and stops before it, from any line",
          "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  m.must("mkdir -p /srv/a/home /mnt/home && echo here >/srv/a/home/file");
  m.must(
      "echo '/srv/a/home /mnt/home none bind,nofail,x-systemd.after=latchkey-release.service 0 0' "
      ">>/etc/fstab");
  m.must(
      "printf '[Service]\\nExecStartPre=test -e /mnt/home/file\\n"
      "ExecStart=tail -f /mnt/home/file\\n"
      "ExecStop=sleep 2\\n[Install]\\nWantedBy=multi-user.target\\n' "
      ">/etc/systemd/system/web.service");
  m.must(
      "systemctl daemon-reload && systemctl start mnt-home.mount && "
      "systemctl -q enable --now web");
  m.must("latchkey hold web --needs a && latchkey hold mnt-home.mount --needs a");
  CHECK(has(m.must("tail -n 2 /etc/latchkey/services | head -n 1"), "web.service"));
  const auto lock = [&] {
    const Done locked = m.sh("latchkey lock");
    INFO(locked.output);
    CHECK(locked.status == 0);
    CHECK(m.sh("test -e /dev/mapper/cleartext-a").status != 0);
  };
  lock();
  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  m.until("systemctl is-active --quiet web");

  // Somebody in it is named, soon.
  m.must("(cd /mnt/home; setsid sleep infinity >/dev/null 2>&1 & echo $! >/run/user-pid)");
  const Done busy = m.sh("timeout 60 latchkey lock");
  INFO(busy.output);
  CHECK(busy.status == exit_status(Code::busy));
  CHECK(has(busy.output, "cannot stop 'mnt-home.mount'"));
  CHECK(has(busy.output, "sleep (pid " + m.must("cat /run/user-pid") + ")"));
  m.must("kill $(cat /run/user-pid)");
  lock();
}

TEST_CASE("a volume below a mount of fstab that the boot does not wait for is mounted on it",
          "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  m.must("latchkey -q lock && umount /boot");
  m.must("echo 'tmpfs /srv tmpfs nofail,mode=755 0 0' >>/etc/fstab");
  boot_without_data(m);
  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  CHECK(m.must("findmnt -n -o FSTYPE /srv") == "tmpfs");
  CHECK(m.must("findmnt -n -o SOURCE /srv/a") == "/dev/mapper/cleartext-a");
  m.must("touch /srv/a/seen");

  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  m.until("latchkey status");
  CHECK(m.must("findmnt -n -o FSTYPE /srv") == "tmpfs");
  CHECK(m.must("ls /srv/a/seen") == "/srv/a/seen");

  // Its disk is not there: nothing is made below, and nothing is waited for but that.
  const std::string absent = "UUID=5e1f0000-0000-4000-8000-000000000000 /srv ext4 ";
  m.must("sed -i 's|^tmpfs /srv .*|" + absent +
         "nofail,x-systemd.device-timeout=2s 0 0|' /etc/fstab");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  m.until("journalctl -b -o cat --no-pager | grep -q \"its mount point lies on '/srv'\"");
  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(status.status == 1);
  const Done again = m.sh("release-services");
  INFO(again.output);
  CHECK(again.status == 1);
  CHECK(
      has(again.output, "its mount point lies on '/srv', which is in /etc/fstab and not mounted"));
  m.must("sed -i '/ \\/srv /d' /etc/fstab && systemctl daemon-reload && release-services");
  CHECK(m.must("ls /srv/a/seen") == "/srv/a/seen");
}

TEST_CASE("what needs a held unit comes back with it, also where a container keeps its data",
          "[.slow]") {
  Machine& m = guests().unlocked_without_images();
  const auto unit = [&](const std::string& name, const std::string& text) {
    m.must("printf '" + text + "' >/etc/systemd/system/" + name);
  };
  const std::string at_boot = "[Install]\\nWantedBy=multi-user.target\\n";
  const std::string stays = "[Service]\\nExecStart=/bin/sleep infinity\\n" + at_boot;
  unit("db.service", stays);
  unit("app.service", "[Unit]\\nRequires=db.service\\nAfter=db.service\\n" + stays);
  unit("bound.service", "[Unit]\\nBindsTo=db.service\\nAfter=db.service\\n" + stays);
  unit("talk.socket",
       "[Socket]\\nListenStream=127.0.0.1:4242\\n[Install]\\nWantedBy=sockets.target\\n");
  unit("talk.service",
       "[Service]\\nExecStart=/bin/sleep infinity\\nStandardInput=socket\\n" + at_boot);
  m.must(
      "systemctl daemon-reload && systemctl enable -q --now db app bound talk.socket talk.service");
  const Done held = m.sh("latchkey hold db --needs a && latchkey hold talk --needs a");
  INFO(held.output);
  CHECK(held.status == 0);
  const auto all_up = [&] {
    for (const char* name : {"db", "app", "bound", "talk.socket", "talk.service"}) {
      INFO(name);
      m.until("systemctl is-active --quiet " + std::string(name));
    }
  };

  m.must("systemd-run -q --unit container unshare -m --propagation private sleep infinity");
  m.until("grep -q /srv/a /proc/$(systemctl show -P MainPID container)/mounts");
  const Done kept = m.sh("latchkey lock");
  INFO(kept.output);
  CHECK(kept.status == exit_status(Code::busy));
  CHECK(has(kept.output, "sleep"));
  for (const char* name : {"db", "app", "bound", "talk.socket", "talk.service"}) {
    INFO(name);
    CHECK(m.sh("systemctl is-active " + std::string(name)).output == "inactive\n");
  }
  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  CHECK(m.sh("mountpoint -q /srv/a").status == 0);
  all_up();

  m.must("systemctl stop container && latchkey -q lock && umount /boot");
  m.reboot();
  m.wait_early();
  m.unlock_and_boot();
  all_up();
  m.until("latchkey status");
}
