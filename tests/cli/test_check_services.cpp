// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey check: what it says of services, guards, cron and hooks.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "cli/checked_root.hpp"
#include "core/base/result.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/mount_point.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

TEST_CASE("a guard outlives no line: check names it, and unguard needs no configuration") {
  if (!is_root()) return;
  const CheckedRoot root;
  const std::string place = root.path("/srv/old");
  fs::create_directories(place);
  const auto guard = [&] {
    const Fd directory(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return set_guard(directory, true);
  };
  const auto guarded = guard();
  if (!(guarded && *guarded) && !skip("this file system knows no such flag")) return;
  root.put("/etc/latchkey/guards", "# ours\n/srv/old\n");
  CHECK(root.check().find("nobody can write into '/srv/old'") != std::string::npos);

  // What is guarded is the machine's own, whatever the root of the configuration.
  root.put("/etc/latchkey/guards", place + "\n");
  root.put("/etc/latchkey/volumes", "broken\n");
  const Done done = run_program({LATCHKEY_PROGRAM, "--root", root.path(), "unguard"});
  INFO(done.output);
  CHECK(done.status == exit_status(Code::config));
  CHECK_FALSE(is_guarded(place));
  CHECK_FALSE(fs::exists(root.path("/etc/latchkey/guards")));
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
  root.put("/etc/cron.d/worker", "@reboot www-data mountpoint -q /srv/www && /srv/www/worker\n");
  CHECK(contains(root.check(),
                 "warning: line 1 of '/etc/cron.d/worker' uses '/srv/www' when cron starts, which "
                 "may be before 'www' is mounted: @reboot is run once in a boot, and not again "
                 "when the volume has come\n"
                 "  hint: make it a service, and hold that (latchkey hold), or have a program in "
                 "/etc/latchkey/hooks.d/released, and in failed beside it"));
}

TEST_CASE("check names what cron's directories and anacron do with a volume that may be closed") {
  if (!is_root()) return;
  const CheckedRoot root;
  const auto script = [&](const std::string& file, const std::string& text, mode_t mode) {
    root.put(file, "#!/bin/sh\n" + text);
    REQUIRE(::chmod(root.path(file).c_str(), mode) == 0);
  };
  const std::string copy = "rsync -a --delete /srv/www/ backup:/www/\n";
  script("/etc/cron.daily/off", copy, 0644);
  script("/etc/cron.daily/copy.bak", copy, 0755);
  script("/etc/cron.weekly/asks", "mountpoint -q /srv/www || exit 0\n" + copy, 0755);
  CHECK_FALSE(contains(root.check(), "is not mounted: what makes a copy"));
  script("/etc/cron.daily/backup", "# /srv/www\n" + copy, 0755);
  root.put("/etc/anacrontab", "7 10 mail tar cf /b.tar /srv/mail\n");
  const std::string said = root.check();
  CHECK(contains(said,
                 "warning: line 3 of '/etc/cron.daily/backup' uses '/srv/www' also while 'www' is "
                 "not mounted: what makes a copy of it then copies an empty directory\n"
                 "  hint: let it begin with: mountpoint -q /srv/www || exit 0\n"));
  CHECK(contains(said, "line 1 of '/etc/anacrontab' uses '/srv/mail' also"));
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
