// SPDX-License-Identifier: GPL-3.0-or-later
// Held units stay down whatever starts them, nothing shows as failed, and nothing is
// taken as done that was not; after the release all is as if it had never waited.
#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "vm/closed_guest.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string stays = "ExecStart=tail -f /dev/null\n";

std::string active(Machine& m, const std::string& unit) {
  return m.sh("systemctl is-active " + unit).output;
}

void check_down(Machine& m, const std::string& unit) {
  INFO(unit);
  CHECK(m.must("systemctl show -P ActiveState " + unit) == "inactive");
}

// A socket, a path and a timer with what they start, a template, an alias.
void add_units(Machine& m) {
  add_unit(m, "talk.socket", "[Socket]\nListenStream=127.0.0.1:4242\n[Install]\nWantedBy=sockets.target\n");
  add_unit(m, "talk.service", "[Service]\nStandardInput=socket\n" + stays);
  add_unit(m, "drop.path", "[Path]\nPathExists=/run/dropped\n[Install]\nWantedBy=paths.target\n");
  add_unit(m, "drop.service", "[Service]\n" + stays);
  add_unit(m, "nightly.timer",
           "[Timer]\nOnCalendar=*-*-* *:*:00\nAccuracySec=1s\nPersistent=true\n"
           "[Install]\nWantedBy=timers.target\n");
  add_unit(m, "nightly.service", "[Service]\nType=oneshot\nExecStart=touch /srv/a/backup-was-made\n");
  add_unit(m, "many@.service", "[Service]\n" + stays + "[Install]\nWantedBy=multi-user.target\n");
  add_unit(m, "proper.service",
           "[Service]\n" + stays + "[Install]\nWantedBy=multi-user.target\nAlias=byname.service\n");
  m.must("systemctl -q enable --now talk.socket drop.path nightly.timer");
  m.must("systemctl -q enable many@one.service proper.service");
}

}  // namespace

TEST_CASE("case 49, 50: whatever starts a held unit leaves it down, and nothing has failed") {
  Machine& m = closed();
  add_units(m);
  m.until("test -e /var/lib/systemd/timers/stamp-nightly.timer");
  for (const char* unit : {"talk", "drop", "nightly", "many@.service", "byname"})
    m.must("latchkey hold " + std::string(unit) + " --needs a");
  CHECK(has(m.must("cat /etc/latchkey/services"), "proper.service a"));
  add_unit(m, "asks.service", "[Unit]\nRequires=serve-a.service\nAfter=serve-a.service\n[Service]\n" + stays);
  const std::string stamp = m.must("stat -c %y /var/lib/systemd/timers/stamp-nightly.timer");

  for (const char* way :
       {"systemctl start serve-a", "systemctl restart serve-a", "systemctl reload-or-restart serve-a",
        "systemctl start --wait serve-a", "service serve-a start", "systemctl start asks",
        "systemctl start talk.socket", "systemctl start talk", "systemctl start drop.path",
        "systemctl start nightly", "systemctl start nightly.timer", "systemctl start many@one",
        "systemctl start many@two", "systemctl start byname", "systemctl isolate multi-user.target"}) {
    INFO(way);
    CHECK(m.sh(way).status == 0);
    check_down(m, "serve-a");
  }
  m.must("touch /run/dropped");
  CHECK(m.sh("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4242'").status != 0);
  for (const char* unit : {"talk.socket", "talk", "drop.path", "drop", "nightly.timer", "nightly",
                           "many@one", "many@two", "proper"})
    check_down(m, unit);
  CHECK(m.must("systemctl is-system-running") == "running");
  // The mount point cannot be dirtied, by root either (case 48).
  CHECK(m.sh("touch /srv/a/x").status != 0);
  // No backup counts as made.
  CHECK(m.must("stat -c %y /var/lib/systemd/timers/stamp-nightly.timer") == stamp);
  // Who wonders why is told.
  const Done why = m.sh("systemctl status serve-a");
  INFO(why.output);
  CHECK(has(why.output, "was not met"));
  const std::string check = m.sh("latchkey --verbose check").output;
  INFO(check);
  for (const char* unit : {"serve-a.service", "talk.service", "drop.service", "proper.service"})
    CHECK(has(check, "'" + std::string(unit) + "' is held"));

  const Done released = m.sh("release-services < /root/p");
  INFO(released.output);
  CHECK(released.status == 0);
  check_up(m, closed_volumes);
  m.until("systemctl is-active --quiet drop.service");
  m.until("test -e /srv/a/backup-was-made");
  CHECK(active(m, "talk.socket") == "active\n");
  m.until("bash -c 'exec 3<>/dev/tcp/127.0.0.1/4242'");
  m.until("systemctl is-active --quiet talk.service");
  for (const char* unit : {"nightly.timer", "many@one", "proper"})
    CHECK(active(m, unit) == "active\n");
  CHECK(m.must("systemctl --failed --no-legend --plain").empty());
  const Done again = m.sh("release-services");
  CHECK(again.status == 0);
  INFO(again.output);
  CHECK(has(again.output, "nothing to do"));

  // A lock puts all of it back.
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  for (const char* unit : {"serve-a", "talk.socket", "talk", "drop.path", "drop", "nightly.timer",
                           "many@one", "proper"})
    check_down(m, unit);
  CHECK(m.must("systemctl --failed --no-legend --plain").empty());
}

TEST_CASE("hold: what an override undoes is not called held, and what sorts before ours is nothing",
          "[.slow]") {
  Machine& m = closed();
  const auto override_with = [&](const std::string& name) {
    m.must("mkdir -p /etc/systemd/system/serve-a.service.d && printf '[Unit]\\nConditionPathExists=\\n' > "
           "/etc/systemd/system/serve-a.service.d/" + name + " && systemctl daemon-reload");
  };
  // What `systemctl edit` writes, and a file of the same name as ours.
  for (const char* name : {"override.conf", "zzzz-latchkey.conf"}) {
    override_with(name);
    CHECK(m.sh("systemctl start serve-a").status == 0);
    check_down(m, "serve-a");
    m.must("rm -r /etc/systemd/system/serve-a.service.d && systemctl daemon-reload");
  }
  override_with("zzzzz.conf");
  const Done check = m.sh("latchkey check");
  INFO(check.output);
  CHECK(check.status != 0);
  CHECK(has(check.output, "'serve-a.service' is not held"));
  CHECK(has(m.sh("latchkey status").output, "not held"));

  // What is held no more is as it was before.
  m.must("rm -r /etc/systemd/system/serve-a.service.d && latchkey -q unhold serve-a");
  CHECK(m.must("systemctl show -P DropInPaths serve-a").empty());
  CHECK_FALSE(has(m.must("cat /etc/latchkey/services"), "serve-a"));
  m.must("latchkey -q unhold --all");
  // The bound for LVM's job is no hold.
  CHECK(m.must("find /run/systemd -name 'zzzz-latchkey.conf' ! -path '*/lvm2-monitor.service.d/*'")
            .empty());
  CHECK(m.sh("touch /srv/a/x").status == 0);
}

TEST_CASE(
    "hold: a template beside one of its instances, a unit file on a volume, what unhold starts",
    "[.slow]") {
  Machine& m = closed();
  add_unit(m, "many@.service", "[Service]\n" + stays + "[Install]\nWantedBy=multi-user.target\n");
  m.must("systemctl -q enable --now many@one many@two");
  m.must("latchkey hold many@one --needs b && latchkey hold many@ --needs a");
  // A socket that is enabled, in a boot that skips it.
  add_unit(m, "talk.socket",
           "[Socket]\nListenStream=127.0.0.1:4242\n[Install]\nWantedBy=sockets.target\n");
  add_unit(m, "talk.service", "[Service]\nStandardInput=socket\n" + stays);
  m.must("systemctl -q enable --now talk.socket && latchkey hold talk --needs a");
  check_down(m, "talk.socket");
  const std::string check = m.sh("latchkey --verbose check").output;
  INFO(check);
  for (const char* unit : {"many@one.service", "many@.service"})
    CHECK(has(check, "'" + std::string(unit) + "' is held"));
  CHECK(has(m.must("latchkey unhold talk"), "talk.socket"));
  m.until("systemctl is-active --quiet talk.socket");

  m.must("release-services < /root/p");
  for (const char* unit : {"many@one", "many@two"}) CHECK(active(m, unit) == "active\n");
  m.must(
      "printf '[Service]\\nExecStart=sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' "
      ">/srv/a/app.service && systemctl -q enable --now /srv/a/app.service");
  const Done held = m.sh("latchkey hold app --needs a");
  INFO(held.output);
  CHECK(has(held.output, "lies on 'a'"));
  CHECK(has(m.sh("latchkey check").output, "lies on 'a'"));
  m.must("latchkey -q lock && systemctl daemon-reload");
  CHECK(m.must("systemctl show -P LoadState app") == "not-found");
  const Done released = m.sh("release-services < /root/p");
  INFO(released.output);
  CHECK(released.status == 0);
  CHECK(active(m, "app") == "active\n");

  // A package that is gone does not keep its volume open.
  m.must(
      "systemctl -q disable --now app; rm -f /srv/a/app.service /etc/systemd/system/app.service; "
      "systemctl daemon-reload");
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  CHECK(m.mappings().empty());
}

TEST_CASE("case 52: lock stops what restarts itself, even when it is killed meanwhile") {
  Machine& m = closed();
  add_unit(m, "again.service",
           "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=0\n" + stays +
               "[Install]\nWantedBy=multi-user.target\n");
  m.must("systemctl -q enable again && latchkey hold again --needs a");
  m.must("release-services < /root/p");
  CHECK(active(m, "again") == "active\n");
  m.must("(setsid sh -c 'while ! test -e /run/enough; do systemctl kill -s KILL again; done' "
         ">/dev/null 2>&1 &)");
  m.until("test $(systemctl show -P NRestarts again) -gt 2");
  const Done locked = m.sh("latchkey lock");
  INFO(locked.output);
  CHECK(locked.status == 0);
  CHECK(m.mappings().empty());
  m.must("touch /run/enough");
  CHECK(m.must("systemctl show -P ActiveState again") != "active");
  CHECK(m.sh("touch /srv/a/x").status != 0);
}

TEST_CASE("lock names who still uses a volume, closes the others, and goes on when they are gone") {
  Machine& m = closed();
  m.must("release-services < /root/p");
  m.must("(setsid tail -f /srv/b/marker >/dev/null 2>&1 & echo $! > /run/user-pid)");
  const Done busy = m.sh("latchkey lock");
  INFO(busy.output);
  CHECK(busy.status == exit_status(Code::busy));
  CHECK(has(busy.output, "tail (pid " + m.must("cat /run/user-pid") + ")"));
  CHECK(m.mappings() == std::vector<std::string>{"cleartext-b"});
  check_down(m, "serve-b");
  m.must("kill $(cat /run/user-pid)");
  m.until("latchkey -q lock");
  CHECK(m.mappings().empty());
}

TEST_CASE("a boot with units of any order ends, and a shutdown under load leaves all clean",
          "[.slow]") {
  Machine& m = closed();
  // Ordered after the target that the release unit is wanted by; a writer that takes
  // its time to stop; one outside of the usual order of shutdown.
  const std::string writer =
      "ExecStart=sh -c 'trap \"dd if=/dev/zero of=/srv/%s/last bs=64k count=16 conv=fsync; exit 0\" TERM; "
      "while :; do dd if=/dev/zero of=/srv/%s/x bs=64k count=16 conv=fsync; done'\n";
  const auto writes_to = [&](const std::string& volume) {
    std::string text = writer;
    while (text.find("%s") != std::string::npos) text.replace(text.find("%s"), 2, volume);
    return text;
  };
  const std::string wanted = "[Install]\nWantedBy=multi-user.target\n";
  add_unit(m, "late.service", "[Unit]\nAfter=multi-user.target\n[Service]\n" + stays + wanted);
  add_unit(m, "writes.service", "[Service]\n" + writes_to("b") + wanted);
  add_unit(m, "early-writes.service", "[Unit]\nDefaultDependencies=no\n[Service]\n" + writes_to("c") + wanted);
  for (const char* unit : {"late a", "writes b", "early-writes c"}) {
    const std::string words = unit;
    const std::string name = words.substr(0, words.find(' '));
    m.must("systemctl -q enable " + name);
    m.must("latchkey hold " + name + " --needs " + words.substr(words.find(' ') + 1));
  }
  m.reboot();
  m.wait_early();
  CHECK(m.early("", m.passphrase() + "\n").status == 0);
  m.wait_login();
  m.until_started();
  for (const char* unit : {"late", "writes", "early-writes"}) CHECK(active(m, unit) == "active\n");
  check_up(m, closed_volumes);
  m.until("test -s /srv/b/x && test -s /srv/c/x");

  m.reboot();
  m.wait_early();
  const std::string console = m.console();
  for (const char* word : {"Failed unmounting", "target is busy", "Could not detach DM"}) {
    INFO(word);
    CHECK_FALSE(has(console, word));
  }
  CHECK(m.early("", m.passphrase() + "\n").status == 0);
  m.wait_login();
  m.until("systemctl is-active --quiet late");
  // The last write of both came through, and no journal had to be replayed.
  CHECK(m.must("stat -c %s /srv/b/last /srv/c/last") == "1048576\n1048576");
  CHECK(m.count("journalctl -b -k -o cat", "recovery complete") == 0);
}

TEST_CASE("case 49, 52: postgresql, apache2 and docker are held, and run when their data is there",
          "[.slow]") {
  Machine& m = guests().packages();
  m.load("early");
  m.unlock_and_boot();
  m.until("systemctl is-system-running --wait | grep -qxE 'running|degraded'", 300s);
  m.must("echo 'from the volume' > /srv/www/index.html");
  const std::string version = m.must("ls /etc/postgresql");  // of this release
  const std::string cluster = "postgresql@" + version + "-main";
  const std::string later = "postgresql@" + version + "-later";
  m.must("systemctl stop postgresql " + cluster + " docker.socket docker");
  m.must("cp -a /var/lib/postgresql/" + version + "/main /srv/pg/ && chown postgres: /srv/pg");
  m.must("pg_conftool " + version + " main set data_directory /srv/pg/main");
  for (const std::string& words : {std::string("postgresql pg"), cluster + " pg",
                                   std::string("apache2 www"), std::string("docker docker")}) {
    const std::size_t blank = words.find(' ');
    const Done done =
        m.sh("latchkey hold " + words.substr(0, blank) + " --needs " + words.substr(blank + 1));
    INFO(done.output);
    CHECK(done.status == 0);
  }
  m.must("systemctl start postgresql docker");
  m.must("latchkey -q lock");
  m.reboot();
  m.wait_early();
  CHECK(m.early("continue").status == 0);
  m.wait_login();
  m.until_started();
  for (const std::string& way :
       {std::string("systemctl start postgresql"), "systemctl start " + cluster,
        "pg_ctlcluster " + version + " main start", std::string("service apache2 start"),
        std::string("systemctl start docker.socket"), std::string("systemctl start docker")}) {
    INFO(way);
    (void)m.sh(way);
  }
  (void)m.sh("docker info");  // where there is one: Debian 13 has it in a package of its own
  const std::vector<std::string> services{cluster, "apache2", "docker.socket", "docker"};
  check_down(m, "postgresql");
  for (const std::string& unit : services) check_down(m, unit);
  CHECK(m.sh("pgrep -x 'postgres|apache2|dockerd'").status == 1);
  CHECK(m.must("find /srv/pg /srv/www /srv/docker -mindepth 1").empty());
  CHECK(m.must("systemctl is-system-running") == "running");

  const Done released = m.sh("release-services", m.passphrase());
  INFO(released.output);
  CHECK(released.status == 0);
  for (const std::string& unit : services) {
    INFO(unit);
    m.until("systemctl is-active --quiet " + unit);
  }
  CHECK(m.must("cd / && runuser -u postgres -- psql -Atc 'show data_directory'") == "/srv/pg/main");
  CHECK(m.must("wget -qO- http://127.0.0.1/") == "from the volume");
  m.must("test -d /srv/docker/containers");  // its root

  // A cluster that is made after the hold of its service is no part of that, until it is
  // made again: then with the volume that the service needs.
  m.must("pg_createcluster " + version + " later && systemctl daemon-reload");
  m.must("systemctl start " + later);
  const Done told = m.sh("latchkey check");
  INFO(told.output);
  CHECK(
      has(told.output, "'" + later + ".service' is part of 'postgresql.service' and is not held"));
  const Done again = m.sh("latchkey hold postgresql");
  INFO(again.output);
  CHECK(again.status == 0);
  m.must("grep -x '" + later + ".service pg' /etc/latchkey/services");
  CHECK_FALSE(has(m.sh("latchkey check").output, "is not held"));
  // One that its owner starts by hand from now on is started by no release, and nothing is missing.
  m.must("echo manual >/etc/postgresql/" + version +
         "/later/start.conf && systemctl daemon-reload && "
         "systemctl stop " +
         later);
  m.must("latchkey lock");
  const Done without = m.sh("release-services", m.passphrase());
  INFO(without.output);
  CHECK(without.status == 0);
  CHECK(m.sh("systemctl is-active " + cluster + " " + later).output == "active\ninactive\n");
  CHECK(m.sh("latchkey status").status == 0);
  // A target runs nothing itself.
  const Done target = m.sh("latchkey hold printer.target");
  CHECK(target.status == exit_status(Code::refused));
}
