// SPDX-License-Identifier: GPL-3.0-or-later
// Starting units, with a systemctl of the test's own: how often it is called, in which order, and
// that one unit's fault is its own.
#include <unistd.h>

#include <algorithm>

#include "core/base/text.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/fake_systemd.hpp"
#include "sys/hold/unit_starter.hpp"
#include "sys/units/systemd.hpp"

using namespace latchkey;
using namespace latchkey::test;

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

TEST_CASE("case 50: what needs a unit and is down without it comes back with it") {
  CHECK(alone([] {
          fake_systemctl(2);
          const auto service = [](const std::string& name, const std::string& rest) {
            put("/mnt/" + name, "Id=" + name + "\nLoadState=loaded\n" + rest);
          };
          service(
              "u0.service",
              "ActiveState=inactive\nUnitFileState=enabled\n"
              "RequiredBy=app.service x.target multi-user.target poweroff.target failed.service\n"
              "BoundBy=idle.service held.service done.service\nRequisiteOf=bound.service\n");
          const std::string down = "ActiveState=inactive\nUnitFileState=enabled\n";
          service("app.service", down + "BoundBy=web.service u0.service\n");
          service("web.service", "ActiveState=inactive\nWantedBy=multi-user.target\n");
          service("x.target", down + "ConsistsOf=member.service\n");
          service("member.service", down);
          service("multi-user.target", down);  // as in rescue mode
          service("poweroff.target", down);
          service("bound.service", down);
          service("failed.service", "ActiveState=failed\nUnitFileState=enabled\n");
          service("idle.service", "ActiveState=inactive\nUnitFileState=disabled\n");
          service("held.service", down + "DropInPaths=/run/x/held.service.d/zzzz-latchkey.conf\n");
          service("done.service", down + "Type=oneshot\nInactiveExitTimestampMonotonic=7\n");
          const auto how = run_all(UnitStarter(std::chrono::seconds(10)), 2);
          std::string out = expect(how.at(0) ==
                                       "running; starts what needs it: app.service, x.target, "
                                       "bound.service, web.service, member.service",
                                   how.at(0));
          out += expect(how.at(1) == "running", how.at(1));
          const auto said = calls();
          const std::string queued = "start --no-block -- app.service x.target bound.service ";
          return out + expect(std::ranges::count_if(said,
                                                    [&](const std::string& call) {
                                                      return call.starts_with(queued);
                                                    }) == 1,
                              "calls: " + join(said, "|"));
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

// As a cluster of PostgreSQL that was set to manual after its hold, and Postfix's own instance,
// whose start would stop Postfix.
TEST_CASE("case 50: a part of a held unit that nothing starts is not started by a release") {
  CHECK(alone([] {
          fake_systemctl(2);
          const std::string part = "LoadState=loaded\nActiveState=inactive\nPartOf=u0.service\n";
          put("/mnt/u1.service", "Id=u1.service\nUnitFileState=disabled\n" + part);
          Setup setup;
          setup.services = {{.unit = "u0.service"}, {.unit = "u1.service"}};
          const auto how = run_all(UnitStarter(std::chrono::seconds(10), false, setup.services), 2);
          std::string out = expect(how.at(1) == "left to who starts it by hand", how.at(1));
          for (const std::string& call : calls())
            out += expect(!call.starts_with("start") || call.find("u1") == std::string::npos, call);
          // What something starts is.
          put("/mnt/u1.service", "Id=u1.service\nWantedBy=u0.service\n" + part);
          const auto wanted =
              run_all(UnitStarter(std::chrono::seconds(10), false, setup.services), 2);
          return out + expect(wanted.at(1) == "running", wanted.at(1));
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
