// SPDX-License-Identifier: GPL-3.0-or-later
// Starting and stopping units, with a systemctl of the test's own: how often it is called, in which
// order, and that one unit's fault is its own.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "core/hold.hpp"
#include "core/text.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "sys/boot_target.hpp"
#include "sys/fd.hpp"
#include "sys/queue_order.hpp"
#include "sys/unit_company.hpp"
#include "sys/unit_starter.hpp"
#include "sys/unit_stopper.hpp"

using namespace latchkey;
using latchkey::test::alone;

namespace {

// Each unit's state is what its file says; a start makes it active and a stop inactive,
// unless it is refused or hangs.
const std::string fake = R"(#!/bin/sh
echo "$*" >>/mnt/calls
word=$1
if [ "$word" = daemon-reload ]; then
	for late in /mnt/late-*; do [ ! -e "$late" ] || mv "$late" "/mnt/${late#/mnt/late-}"; done
	exit 0
fi
while [ $# -gt 0 ] && [ "$1" != -- ]; do shift; done
[ $# -eq 0 ] || shift
case $word in
list-units)
	cat /mnt/instances
	;;
is-system-running) cat /mnt/system ;;
list-dependencies) cat /mnt/tree ;;
show)
	for unit; do
		cat "/mnt/$unit"
		echo
	done
	;;
start)
	for unit; do [ ! -e "/mnt/refused-$unit" ] || exit 1; done
	for unit; do
		[ -e "/mnt/fails-$unit" ] && state=failed || state=active
		[ ! -e "/mnt/queued-$unit" ] || echo Job=7 >>"/mnt/$unit"
		[ ! -e "/mnt/queued-$unit" ] || continue
		[ -e "/mnt/simple-$unit" ] && type=simple || type=oneshot
		printf 'Id=%s\nLoadState=loaded\nActiveState=%s\nType=%s\n' "$unit" $state $type >"/mnt/$unit"
	done
	;;
stop)
	for unit; do [ ! -e "/mnt/refused-$unit" ] || exit 1; done
	for unit; do
		[ ! -e "/mnt/stays-$unit" ] || continue
		[ -e "/mnt/hangs-$unit" ] && state=deactivating || state=inactive
		sed -i "s/^ActiveState=.*/ActiveState=$state/" "/mnt/$unit"
	done
	;;
esac
)";

void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

void fake_systemctl(int units) {
  // In the place of the machine's own, or where there is none, where it is looked for last.
  std::string place = "/usr/bin/systemctl";
  if (::access(place.c_str(), F_OK) != 0) {
    (void)::mount("tmpfs", "/usr/local/sbin", "tmpfs", 0, "mode=0755");
    place = "/usr/local/sbin/systemctl";
    put(place, "");
  }
  put("/mnt/systemctl", fake);
  (void)::chmod("/mnt/systemctl", 0755);
  (void)::mount("/mnt/systemctl", place.c_str(), nullptr, MS_BIND, nullptr);
  for (int i = 0; i < units; ++i)
    put("/mnt/u" + std::to_string(i) + ".service",
        "Id=u" + std::to_string(i) +
            ".service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n");
}

// Gives how each unit ended, by its number.
std::map<std::size_t, std::string> run_these(UnitBatch&& batch,
                                             const std::vector<std::string>& units,
                                             int most_looks = 20) {
  for (std::size_t i = 0; i < units.size(); ++i) batch.add(i, units[i]);
  std::map<std::size_t, std::string> how;
  for (int looks = 0; looks < most_looks && !batch.idle(); ++looks)
    for (const Ended& ended : batch.look())
      how[ended.step] = ended.result ? *ended.result : "error: " + ended.result.error().why;
  return how;
}

std::map<std::size_t, std::string> run_all(UnitBatch&& batch, int units) {
  std::vector<std::string> names;
  for (int i = 0; i < units; ++i) names.push_back("u" + std::to_string(i) + ".service");
  return run_these(std::move(batch), names);
}

std::vector<std::string> calls() {
  std::vector<std::string> out;
  const auto text = read_file("/mnt/calls");
  if (!text) return out;
  for (const std::string_view line : split_lines(*text)) out.emplace_back(line.substr(0, 60));
  return out;
}

std::string expect(bool holds, const std::string& text) { return holds ? "" : text + "; "; }

}  // namespace

TEST_CASE("all units are started by one call, in their order, and asked for by two") {
  CHECK(alone([] {
          fake_systemctl(8);
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 8);
          std::string out = expect(how.size() == 8, "not all ended");
          for (const auto& [step, word] : how) out += expect(word == "running", word);
          const auto said = calls();
          out += expect(said.size() == 3, std::to_string(said.size()) + " calls");
          out += expect(said.size() > 1 && said[1].starts_with("start --no-block -- u0.service "
                                                               "u1.service u2.service"),
                        "order");
          return out;
        }) == "");
}

// Where a hundred start at once, the first look may come when the time of all is over.
TEST_CASE("a unit that is up is not called down since it was seen late") {
  CHECK(alone([] {
          fake_systemctl(1);
          put("/mnt/simple-u0.service", "");
          const auto how = run_these(UnitStarter(std::chrono::seconds(0)), {"u0.service"}, 10'000);
          return expect(how.size() == 1 && how.at(0) == "running", how.empty() ? "" : how.at(0));
        }) == "");
}

TEST_CASE("a unit that is refused, fails or is unknown costs itself") {
  CHECK(alone([] {
          fake_systemctl(5);
          put("/mnt/refused-u1.service", "");
          put("/mnt/fails-u2.service", "");
          put("/mnt/u3.service", "Id=u3.service\nLoadState=masked\nActiveState=inactive\n");
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 5);
          std::string out = expect(how.size() == 5, "not all ended");
          for (const std::size_t good : {0U, 4U})
            out += expect(how.count(good) == 1 && how.at(good) == "running", "a good one");
          for (const std::size_t bad : {1U, 2U, 3U})
            out += expect(how.count(bad) == 1 && how.at(bad).starts_with("error: "), "a bad one");
          return out + expect(how.at(3) == "error: it is masked", how.at(3));
        }) == "");
}

TEST_CASE("a start that waits behind the boot is left to it at boot, and waited for by hand") {
  CHECK(alone([] {
          fake_systemctl(1);
          put("/mnt/system", "starting\n");
          put("/mnt/queued-u0.service", "");
          UnitStarter boot(std::chrono::seconds(60), true);
          UnitStarter hand(std::chrono::seconds(60));
          UnitStarter late(std::chrono::seconds(1));
          for (UnitStarter* one : {&boot, &hand, &late}) one->add(0, "u0.service");
          const auto look = [](UnitStarter& one) {
            std::string said;
            for (const Ended& ended : one.look())
              said += ended.result ? *ended.result : "error: " + ended.result.error().why;
            return said;
          };
          std::string of_boot;
          std::string of_hand;
          std::string of_late;
          for (int i = 0; i < 60 && of_boot.empty(); ++i) {
            of_boot += look(boot);
            of_hand += look(hand);
            of_late += look(late);
            ::usleep(100'000);
          }
          std::string out = expect(of_boot == "queued behind the boot", of_boot);
          out += expect(of_hand.empty(), "by hand: " + of_hand);
          out += expect(of_late.starts_with("error: its start is still queued behind"), of_late);
          put("/mnt/u0.service", "Id=u0.service\nLoadState=loaded\nActiveState=active\n");
          for (int i = 0; i < 5 && of_hand.empty(); ++i) of_hand += look(hand);
          return out + expect(of_hand == "running", "by hand: " + of_hand);
        }) == "");
}

TEST_CASE("all units are stopped by one call, with what would start them again before them") {
  CHECK(alone([] {
          fake_systemctl(100);
          put("/mnt/u1.service",
              "Id=u1.service\nLoadState=loaded\nActiveState=active\nTriggeredBy=u1.timer\n");
          put("/mnt/u1.timer", "Id=u1.timer\nLoadState=loaded\nActiveState=active\n");
          const auto how = run_all(UnitStopper(std::chrono::seconds(10)), 100);
          std::string out = expect(how.size() == 100, "not all ended");
          for (const auto& [step, word] : how) out += expect(word.empty(), word);
          const auto said = calls();
          out += expect(said.size() == 3, std::to_string(said.size()) + " calls");
          out += expect(said.size() > 1 && said[1].starts_with("stop --no-block -- u0.service "
                                                               "u1.timer u1.service u2.service"),
                        "order");
          return out;
        }) == "");
}

TEST_CASE("a unit that is not stopped costs itself, and is told after its time") {
  CHECK(alone([] {
          fake_systemctl(4);
          put("/mnt/refused-u1.service", "");
          put("/mnt/hangs-u2.service", "");
          const auto how = run_all(UnitStopper(std::chrono::seconds(0)), 4);
          std::string out = expect(how.size() == 4, "not all ended");
          for (const std::size_t good : {0U, 3U})
            out += expect(how.count(good) == 1 && how.at(good).empty(), "a good one");
          for (const std::size_t bad : {1U, 2U})
            out += expect(how.count(bad) == 1 && how.at(bad).starts_with("error: "), "a bad one");
          return out +
                 expect(how.at(2) == "error: 'u2.service' is still 'deactivating' after 0.0 s",
                        how.at(2));
        }) == "");
}

TEST_CASE("case 50: what needs a unit and is down without it comes back with it") {
  CHECK(alone([] {
          fake_systemctl(2);
          const auto service = [](const std::string& name, const std::string& rest) {
            put("/mnt/" + name, "Id=" + name + "\nLoadState=loaded\n" + rest);
          };
          service("u0.service",
                  "ActiveState=inactive\nUnitFileState=enabled\n"
                  "RequiredBy=app.service x.target failed.service\n"
                  "BoundBy=idle.service held.service done.service\nRequisiteOf=bound.service\n");
          const std::string down = "ActiveState=inactive\nUnitFileState=enabled\n";
          service("app.service", down + "BoundBy=web.service u0.service\n");
          service("web.service", "ActiveState=inactive\nWantedBy=multi-user.target\n");
          service("bound.service", down);
          service("failed.service", "ActiveState=failed\nUnitFileState=enabled\n");
          service("idle.service", "ActiveState=inactive\nUnitFileState=disabled\n");
          service("held.service", down + "DropInPaths=/run/x/held.service.d/zzzz-latchkey.conf\n");
          service("done.service", down + "Type=oneshot\nInactiveExitTimestampMonotonic=7\n");
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 2);
          std::string out = expect(how.at(0) ==
                                       "running; starts what needs it: app.service, bound.service, "
                                       "web.service",
                                   how.at(0));
          out += expect(how.at(1) == "running", how.at(1));
          const auto said = calls();
          return out + expect(std::ranges::count(said,
                                                 "start --no-block -- app.service "
                                                 "bound.service web.service") == 1,
                              "not queued");
        }) == "");
}

TEST_CASE("a job whose timer somebody has disabled is not run by a release") {
  CHECK(alone([] {
          fake_systemctl(1);
          put("/mnt/u0.service",
              "Id=u0.service\nLoadState=loaded\nActiveState=inactive\nType=oneshot\n"
              "UnitFileState=static\nTriggeredBy=u0.timer\n");
          put("/mnt/u0.timer",
              "Id=u0.timer\nLoadState=loaded\nActiveState=inactive\nUnitFileState=disabled\n");
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 1);
          std::string out = expect(how.at(0) == "what starts it is off", how.at(0));
          for (const std::string& call : calls())
            out += expect(!call.starts_with("start"), "called: " + call);
          return out;
        }) == "");
}

TEST_CASE("a dependant that systemd refuses costs itself, and no unit") {
  CHECK(alone([] {
          fake_systemctl(1);
          put("/mnt/u0.service",
              "Id=u0.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n"
              "RequiredBy=a.service b.service\n");
          for (const std::string name : {"a.service", "b.service"})
            put("/mnt/" + name, "Id=" + name +
                                    "\nLoadState=loaded\nActiveState=inactive\n"
                                    "UnitFileState=enabled\n");
          put("/mnt/refused-a.service", "");
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 1);
          return expect(how.at(0) == "running; starts what needs it: b.service", how.at(0));
        }) == "");
}

TEST_CASE("services that need a held one and are not held are known") {
  UnitStates held;
  held["db.service"].id = "mariadb.service";
  held["db.service"].required_by = {"app.service", "web.service", "x.target", "mariadb.service"};
  held["web.service"].id = "web.service";
  CHECK(loose_dependants(held) == std::vector<Loose>{{"app.service", "db.service"}});
}

TEST_CASE("what came to a held unit after its hold is known") {
  UnitStates held;
  held["pg.service"].consists_of = {"pg@15-main.service", "pg@16-new.service", "pg.slice"};
  held["pg@15-main.service"].triggered_by = {"pg.socket", "old.timer", "gone.path"};
  CHECK(loose_parts(held) == std::vector<Loose>{{"pg@16-new.service", "pg.service"}});
  UnitStates triggers;
  triggers["pg.socket"].load = "loaded";
  triggers["old.timer"] = {.load = "loaded",
                           .files = {"/lib/systemd/system/old.timer",
                                     "/run/systemd/generator.late/old.timer.d/zzzz-latchkey.conf"}};
  triggers["gone.path"].load = "not-found";
  CHECK(loose_triggers(held, triggers) == std::vector<Loose>{{"pg.socket", "pg@15-main.service"}});
}

TEST_CASE("sockets, paths and timers that the boot skipped are queued, and nothing else is") {
  CHECK(alone([] {
          fake_systemctl(0);
          const auto trigger = [](const std::string& name, const std::string& rest) {
            put("/mnt/" + name, "Id=" + name + "\nLoadState=loaded\n" + rest);
          };
          trigger("a.socket", "ActiveState=inactive\nWantedBy=sockets.target\n");
          trigger("b.timer", "ActiveState=active\nUnitFileState=enabled\n");
          trigger("c.path", "ActiveState=inactive\nUnitFileState=enabled\n");
          trigger("d.socket", "ActiveState=inactive\nUnitFileState=disabled\n");
          start_triggers({"c.path", "d.socket", "a.socket", "b.timer"});
          std::string out =
              expect(std::ranges::count(calls(), "start --no-block -- a.socket c.path") == 1,
                     "calls: " + join(calls(), "|"));
          const auto before = calls().size();
          start_triggers({});
          return out + expect(calls().size() == before, "systemd is asked about nothing");
        }) == "");
}

TEST_CASE("the triggers of released units are those that hold recorded") {
  std::vector<HeldUnit> units{{.unit = "a.service", .triggers = {"a.socket", "both.timer"}},
                              {.unit = "b.service", .triggers = {"both.timer"}},
                              {.unit = "c.service", .triggers = {"c.path"}}};
  CHECK(recorded_triggers(units, {"a.service", "b.service"}) ==
        std::vector<std::string>{"a.socket", "both.timer"});
  CHECK(recorded_triggers(units, {}).empty());
}

TEST_CASE("a failed release at boot is asked for together with the held units") {
  CHECK(alone([] {
          fake_systemctl(1);
          Setup setup;
          setup.services.push_back({.unit = "u0.service"});
          const auto own = [](const std::string& release, const std::string& start) {
            for (const auto& [name, state] : {std::pair{std::string("release"), release},
                                              std::pair{std::string("start"), start}})
              put("/mnt/latchkey-" + name + ".service",
                  "Id=latchkey-" + name + ".service\nLoadState=loaded\nActiveState=" + state +
                      "\n");
          };
          own("failed", "inactive");
          const HeldUnits held = held_units(setup);
          std::string out = expect(held.release_failed, "the failure is not seen");
          out += expect(held.release.active == "failed", "how the release stands is not given");
          out += expect(held.units.size() == 1 && held.units.contains("u0.service"),
                        "it counts as a held unit");
          out += expect(calls().size() == 1, std::to_string(calls().size()) + " calls");
          own("active", "failed");
          out += expect(held_units(setup).release_failed, "what could not be started is not seen");
          own("active", "inactive");
          return out + expect(!held_units(setup).release_failed, "failed for ever");
        }) == "");
}

TEST_CASE("mounts are queued before the services of any line, and stopped behind them") {
  using Names = std::vector<std::string>;
  UnitStates states;
  states["web.service"].after = {"basic.target", "mnt-home.mount"};
  states["mysql.service"].id = "mariadb.service";
  states["app.service"].after = {"mariadb.service"};
  states["copy.service"].triggered_by = {"copy.timer"};
  states["talk.service"] = {.triggered_by = {"talk.socket"}, .after = {"talk.socket"}};
  CHECK(start_order({"copy.timer", "talk.socket", "web.service", "app.service", "mysql.service",
                     "mnt-home.mount", "talk.service", "copy.timer"},
                    states) == Names{"mnt-home.mount", "copy.timer", "talk.socket", "web.service",
                                     "mysql.service", "app.service", "talk.service"});
  CHECK(stop_order({"mnt-home.mount", "mysql.service", "copy.timer", "copy.service", "app.service",
                    "talk.service", "talk.socket", "web.service"},
                   states) == Names{"app.service", "mysql.service", "copy.timer", "copy.service",
                                    "talk.socket", "talk.service", "web.service",
                                    "mnt-home.mount"});
  // A mount of what a held service serves comes behind that, and goes before it.
  states["mnt-gv0.mount"].after = {"glusterd.service"};
  CHECK(start_order({"mnt-gv0.mount", "glusterd.service"}, states) ==
        Names{"glusterd.service", "mnt-gv0.mount"});
  CHECK(stop_order({"glusterd.service", "mnt-gv0.mount"}, states) ==
        Names{"mnt-gv0.mount", "glusterd.service"});
  // A circle ends.
  states["a"].after = {"b"};
  states["b"].after = {"a"};
  CHECK(start_order({"a", "b"}, states).size() == 2);
  CHECK(stop_order({"a", "b"}, states).size() == 2);
}

TEST_CASE(
    "what a unit is ordered after is handed to systemd before it, from any line of the file") {
  CHECK(alone([] {
          fake_systemctl(2);
          put("/mnt/u0.service",
              "Id=u0.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n"
              "After=u1.service mnt.mount\n");
          put("/mnt/mnt.mount", "Id=mnt.mount\nLoadState=loaded\nActiveState=inactive\n");
          const auto how = run_these(UnitStarter(std::chrono::seconds(10)),
                                     {"u0.service", "u1.service", "mnt.mount"});
          std::string out = expect(how.size() == 3, "not all ended");
          const std::string started = "start --no-block -- mnt.mount u1.service u0.service";
          return out + expect(std::ranges::count(calls(), started) == 1, join(calls(), "|"));
        }) == "");
}

TEST_CASE("a busy mount ends its stop at the second look, and is told with who uses it") {
  CHECK(alone([] {
          fake_systemctl(1);
          put("/mnt/stays-x.mount", "");
          put("/mnt/stays-u0.service", "");
          put("/mnt/u0.service", "Id=u0.service\nLoadState=loaded\nActiveState=active\n");
          put("/mnt/x.mount", "Id=x.mount\nLoadState=loaded\nActiveState=active\nWhere=/mnt\n");
          int ready[2];
          if (::pipe2(ready, O_CLOEXEC) != 0) return std::string("no pipe");
          const pid_t user = ::fork();
          if (user == 0) {
            if (::chdir("/mnt") == 0 && ::write(ready[1], "", 1) == 1) ::pause();
            ::_exit(1);
          }
          ::close(ready[1]);
          char there = 0;
          if (::read(ready[0], &there, 1) != 1) return std::string("nobody uses it");
          UnitStopper stopper(std::chrono::seconds(100));
          stopper.add(0, "x.mount");
          stopper.add(1, "u0.service");
          std::string out = expect(stopper.look().empty(), "told at the first look");
          for (const Ended& ended : stopper.look()) {
            const Error error = ended.result ? Error{} : ended.result.error();
            if (ended.step == 0)
              out += expect(
                  error.code == Code::busy &&
                      error.why.find("(pid " + std::to_string(user) + ")") != std::string::npos,
                  error.why);
            else
              out += expect(error.code == Code::io, error.why);
          }
          out += expect(stopper.idle(), "it is waited for");
          ::kill(user, SIGKILL);
          ::waitpid(user, nullptr, 0);
          return out;
        }) == "");
}

TEST_CASE("a unit whose package was taken away is stopped already") {
  CHECK(alone([] {
          fake_systemctl(2);
          put("/mnt/u0.service", "Id=u0.service\nLoadState=not-found\nActiveState=inactive\n");
          const auto how = run_all(UnitStopper(std::chrono::seconds(10)), 2);
          std::string out =
              expect(how.size() == 2 && how.at(0).empty() && how.at(1).empty(), "not so");
          for (const std::string& call : calls())
            out +=
                expect(!call.starts_with("stop") || call == "stop --no-block -- u1.service", call);
          return out;
        }) == "");
}

TEST_CASE("a unit whose file lies on a volume is found at its release, by one reload") {
  CHECK(alone([] {
          fake_systemctl(3);
          for (const char* unit : {"u0.service", "u1.service"}) {
            const std::string name = unit;
            put("/mnt/" + name, "Id=" + name + "\nLoadState=not-found\nActiveState=inactive\n");
          }
          put("/mnt/late-u0.service",
              "Id=u0.service\nLoadState=loaded\nActiveState=inactive\nUnitFileState=enabled\n");
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 3);
          std::string out = expect(how.at(0) == "running", how.at(0));
          out += expect(how.at(1) == "error: systemd knows no such unit", how.at(1));
          out += expect(how.at(2) == "running", how.at(2));
          return out + expect(std::ranges::count(calls(), "daemon-reload") == 1, "reloads");
        }) == "");
}

TEST_CASE("an instance with a line of its own is left out of its template's") {
  CHECK(alone([] {
          fake_systemctl(0);
          put("/mnt/instances", "m@one.service loaded\nm@two.service loaded\n");
          const std::string drop_in = "/mnt/zzzz-latchkey.conf";
          put(drop_in, "[Unit]\nConditionPathExists=/run/latchkey/released/m@one.service\n");
          const std::string two = "/mnt/two.conf";
          put(two, "[Unit]\nConditionPathExists=/run/latchkey/released/m@.service\n");
          const auto unit = [](const std::string& name, const std::string& file) {
            put("/mnt/" + name,
                "Id=" + name + "\nLoadState=loaded\nActiveState=inactive\nDropInPaths=" + file +
                    "\nUnitFileState=enabled\n");
          };
          unit("m@one.service", drop_in);
          unit("m@two.service", two);
          put("/mnt/latchkey-release.service", "Id=latchkey-release.service\n");
          Setup setup;
          setup.services = {{.unit = "m@one.service"}, {.unit = "m@.service"}};
          Facts facts;
          probe_units(facts, setup, Paths{"/mnt/root"}, held_units(setup));
          std::string out = expect(facts.units["m@one.service"].held, "the instance is not held");
          out += expect(facts.units["m@.service"].held, "the template is not held");
          const auto how = run_these(UnitStarter(std::chrono::seconds(10), false, setup.services),
                                     {"m@.service"});
          out += expect(how.at(0) == "running", how.at(0));
          return out + expect(std::ranges::count(calls(), "start --no-block -- m@two.service") == 1,
                              join(calls(), "|"));
        }) == "");
}

TEST_CASE("a boot that never comes to the release is seen: masked, or another default target") {
  CHECK(alone([] {
          fake_systemctl(0);
          const auto why = [](const std::string& load) {
            const auto error = no_boot_releases({.load = load});
            return error ? error->why : std::string();
          };
          put("/mnt/tree",
              "default.target\n  ssh.service\n  multi-user.target\n    latchkey-release.service\n");
          std::string out = expect(why("loaded").empty(), why("loaded"));
          out += expect(why("masked") == "'latchkey-release.service' is masked", why("masked"));
          out += expect(!why("not-found").empty(), "not there");
          out += expect(why("").empty(), "no answer");
          put("/mnt/tree", "default.target\n  my-latchkey-release.service\n  rescue.service\n");
          return out +
                 expect(why("loaded").ends_with("does not lead to 'latchkey-release.service'"),
                        why("loaded"));
        }) == "");
}
