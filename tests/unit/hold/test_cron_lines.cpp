// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/cron_lines.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using Lines = std::vector<std::size_t>;

namespace {

Lines unguarded(std::string_view text, std::string_view place,
                const std::vector<std::string>& homes = {}, std::size_t times = 5) {
  Lines out;
  for (const CronLine& line : unguarded_cron_lines(text, place, homes, times))
    out.push_back(line.number);
  return out;
}

}  // namespace

TEST_CASE("lines of cron that use a volume, and do not ask whether it is mounted") {
  const auto found = [](const char* text) { return unguarded(text, "/srv/www"); };
  CHECK(found("0 3 * * * root rsync -a --delete /srv/www/ backup:www\n") == Lines{1});
  CHECK(found("# all\n@daily root tar -C /srv/www -cf /b.tar .\n") == Lines{2});
  CHECK(found("0 3 * * * root mountpoint -q /srv/www && rsync /srv/www/ b:\n").empty());
  CHECK(found("0 3 * * * root findmnt /srv/www >/dev/null && rsync /srv/www/ b:\n").empty());
  CHECK(found("# 0 3 * * * root rm /srv/www/x\n0 4 * * * root ls /srv/www-old /srv\n").empty());
  CHECK(found("FROM = /srv/www\nFROM=/srv/www\n").empty());
  CHECK(found("0 3 * * * root FROM=/srv/www run\n") == Lines{1});
  CHECK(unguarded("@daily ls ~/data\n", "/home/a/data", {"/home/a"}) == Lines{1});
}

// cron runs it when it starts: what asks first then is not run at all in that boot.
TEST_CASE("a line that is run once in a boot is told, whether it asks first or not") {
  for (const char* command :
       {"/srv/www/bin/worker", "mountpoint -q /srv/www && /srv/www/bin/worker",
        "[ -x /srv/www/bin/worker ] && /srv/www/bin/worker"}) {
    const std::string line = std::string("@reboot www-data ") + command + "\n";
    CHECK(unguarded_cron_lines(line, "/srv/www") == std::vector{CronLine{1, true}});
    CHECK(unguarded_cron_lines(line, "/srv/mail").empty());
  }
  CHECK(unguarded_cron_lines("@reboot root until mountpoint -q /srv/www; do sleep 5; done; "
                             "/srv/www/bin/worker\n",
                             "/srv/www")
            .empty());
  CHECK(unguarded_cron_lines("@daily root ls /srv/www\n", "/srv/www") ==
        std::vector{CronLine{1, false}});
}

TEST_CASE("where homes lie on a volume, only what leads there is told of a user's own table") {
  const auto told = [](const std::string& line) {
    return !unguarded(line + "\n", "/home", {"/home/alice"}).empty();
  };
  for (const char* line :
       {"*/5 * * * * /usr/bin/uptime", "17 3-23/2 * * * true",
        "0 4 * * * curl -s https://example.org/ping", "0 4 * * * /usr/bin/uptime",
        "0 4 * * * cd /opt/app && ./run.sh", "0 4 * * * cd $APP && ./run.sh",
        "0 4 * * * date +%d/%m/%Y", "0 4 * * * rsync -a /etc/ backup:/home/etc/", "*/5"}) {
    INFO(line);
    CHECK_FALSE(told(line));
  }
  for (const char* line : {"0 4 * * * ~/x", "@daily $HOME/x", "0 4 * * * cd data && tar c .",
                           "0 4 * * * ./x", "*/5 * * * * tar c /home/bob"}) {
    INFO(line);
    CHECK(told(line));
  }
  // Below the home a word is told by where it leads.
  const auto below = [](const std::string& line) {
    return !unguarded(line + "\n", "/home/a/data", {"/home/a"}).empty();
  };
  CHECK(below("0 4 * * * tar c data/x"));
  CHECK_FALSE(below("0 4 * * * cd /opt && tar c data/x"));
  CHECK_FALSE(below("0 4 * * * tar c other/x"));
}

TEST_CASE("a line of cron that looks for a file of the volume first is told nothing") {
  const auto told = [](const std::string& command) {
    return !unguarded("0 3 * * * root " + command + "\n", "/srv/www").empty();
  };
  CHECK_FALSE(told("[ -x /srv/www/bin/cron ] && /srv/www/bin/cron"));
  CHECK_FALSE(told("test -d \"/srv/www/htdocs\" && tar -C /srv/www -cf /b.tar ."));
  CHECK_FALSE(told("if [ -x /srv/www/bin/cron ]; then /srv/www/bin/cron; fi"));
  // The empty directory is there, too; and what is done where the file is missing.
  CHECK(told("[ -d /srv/www ] && tar -C /srv/www -cf /b.tar ."));
  CHECK(told("[ -e /srv/www/done ] || rsync -a /srv/www/ backup:www"));
  CHECK(told("[ ! -e /srv/www/stop ] && rsync -a /srv/www/ backup:www"));
  CHECK(told("[ -x /usr/bin/rsync ] && rsync -a /srv/www/ backup:www"));
  CHECK(told("rsync -a backup:/srv/www/ /srv/www/"));
}

TEST_CASE("a script of cron's directories that uses a volume, and does not ask for its mount") {
  const auto line = [](const std::string& text) {
    return unguarded_script_line("#!/bin/sh\n" + text, "/srv/www").value_or(0);
  };
  const std::string copy = "rsync -a --delete /srv/www/ b:/www/\n";
  CHECK(line("# /srv/www\nset -e\n" + copy) == 4);
  CHECK(line("FROM=\"/srv/www\"\nrsync \"$FROM/\" b:\n") == 2);
  CHECK(line("rsync b:/srv/www/ /srv/www-old\n") == 0);
  CHECK(line("if ! mountpoint -q /srv/www; then\n  exit 0\nfi\n" + copy) == 0);
  CHECK(line("FROM=/srv/www\nfindmnt \"$FROM\" || exit 0\nrsync $FROM b:\n") == 0);
  CHECK(line("[ -e /srv/www/.here ] || exit 0\n" + copy) == 0);
  CHECK(line("if [ ! -e /srv/www/.here ]; then exit 0; fi\n" + copy) == 0);
  CHECK(line("[ -d /srv/www ] || exit 0\n" + copy) == 2);  // the empty directory is there
  CHECK(line(copy + "[ -e /srv/www/.here ] || exit 0\n") == 2);
  CHECK(line(std::string("\0", 1) + copy) == 0);  // a program
}

TEST_CASE("a line of anacrontab has period, delay and name before its command") {
  const auto found = [](const char* text) {
    return unguarded(text, "/srv/www", {}, anacron_times);
  };
  CHECK(found("1 5 copy /srv/www/bin/copy\n@monthly 9 all tar c /srv/www\n") == Lines{1, 2});
  CHECK(found("1 5 cron.daily run-parts --report /etc/cron.daily\n").empty());
}

TEST_CASE("a copy of a directory with a mount point below it uses the volume") {
  const auto told = [](const std::string& command) {
    return !unguarded("0 3 * * * root " + command + "\n", "/srv/www").empty();
  };
  for (const char* command :
       {"rsync -a --delete /srv/ backup:/srv/ >/dev/null 2>&1",
        "nice rsync -a / b:", "/usr/bin/rsync -a /srv/* b:", "cd /srv && tar czf /b.tar.gz .",
        "cd /srv && rsync -a --delete . b:", "tar cf /b.tar -C / srv",
        "tar -C /srv -cf - . | ssh b 'cat >b.tar'", "borg create --stats ::{now} /etc /srv",
        "restic -r sftp:b:/r backup /srv --exclude /var/cache", "cp -a /srv /backup/",
        "sh -c \"rsync -a /srv/ b:\"", "rsync -a /srv/../srv b: --exclude=www2",
        "rclone sync /srv remote:srv", "true; rsync -a --exclude=/other/www / b:"}) {
    INFO(command);
    CHECK(told(command));
  }
  for (const char* command : {"rsync -ax / b:",
                              "rsync -a --one-file-system /srv/ b:",
                              "du -s /srv",
                              "ls / /srv",
                              "rsync -a /srv-old/ b:",
                              "rsync -a /etc/ /srv/",
                              "rsync -a b:/srv/ /backup",
                              "cd /srv; ls",
                              "cp -a /etc/hosts /srv",
                              "tar xf /b.tar -C /srv .",
                              "tar -tf /b.tar /srv",
                              "tar cf /b.tar -C / etc",
                              "borg prune /srv",
                              "restic restore latest /srv",
                              "rsync -a --exclude=/www /srv/ b:",
                              "rsync -a --exclude={\"/proc/*\",\"/srv/*\"} / b:",
                              "mountpoint -q /mnt && rsync -a /srv/ b:",
                              "rsync -a $FROM b:",
                              "echo rsync; ls /srv",
                              "cp /srv/x /srv/y /backup",
                              "rsync -a /etc b: >/dev/null; ls /srv x",
                              "restic backup / --exclude-file=/etc/restic/left-out",
                              "borg create --exclude-from /etc/left-out r::a /",
                              "rsync -a --files-from=/etc/copied / b:",
                              "tar -X /etc/left-out -cf /b.tar /",
                              "duplicity --include /etc --exclude '**' / file:///b",
                              "rsync -a --exclude '/srv/www/**' / b:",
                              "cp /etc/hosts /srv  # keep",
                              "rsync -a b:/srv/ /srv/ --bwlimit 1000",
                              "find /etc -exec cp {} /srv \\;"}) {
    INFO(command);
    CHECK_FALSE(told(command));
  }
  // Relative to a user's home.
  CHECK(unguarded("@daily rsync -a ~/ b:\n@daily tar cf /b.tar .\n", "/home/a/data", {"/home/a"}) ==
        Lines{1, 2});
  CHECK(unguarded_script_line("#!/bin/sh\nrsync -a \\\n  --delete \\\n  /srv/ b:\n", "/srv/www") ==
        4U);
  CHECK_FALSE(unguarded_script_line("#!/bin/sh\nrsync -ax \\\n  /srv/ b:\n", "/srv/www"));
  // What is left out may stand in a later line than what is copied.
  for (const char* script :
       {"restic backup / \\\n  --exclude=/srv/www\n", "rsync -a / /mnt/b/ \\\n  -x\n",
        "rsync -a b:/srv/ /srv/ \\\n  --delete\n"}) {
    INFO(script);
    CHECK_FALSE(unguarded_script_line(script, "/srv/www"));
  }
}
