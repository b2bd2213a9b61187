// SPDX-License-Identifier: GPL-3.0-or-later
// What belongs to held units: who needs them, what triggers them, the release of a boot.
#include <algorithm>

#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/fake_systemd.hpp"
#include "sys/hold/boot_target.hpp"
#include "sys/hold/unit_company.hpp"
#include "sys/units/systemd.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("services that need a held one and are not held are known") {
  UnitStates held;
  held["db.service"].id = "mariadb.service";
  held["db.service"].required_by = {"app.service", "web.service", "x.target", "mariadb.service"};
  held["web.service"].id = "web.service";
  CHECK(loose_dependants(held) == std::vector<Loose>{{"app.service", "db.service"}});
}

TEST_CASE("what came to a held unit after its hold is known") {
  UnitStates held;
  held["pg@15-main.service"].triggered_by = {"pg.socket", "old.timer", "gone.path"};
  UnitStates triggers;
  triggers["pg.socket"].load = "loaded";
  triggers["old.timer"] = {.load = "loaded",
                           .files = {"/lib/systemd/system/old.timer",
                                     "/run/systemd/generator.late/old.timer.d/zzzz-latchkey.conf"}};
  triggers["gone.path"].load = "not-found";
  CHECK(loose_triggers(held, triggers) == std::vector<Loose>{{"pg.socket", "pg@15-main.service"}});
}

TEST_CASE(
    "parts of a held unit that came after its hold are known, as far as they come up with it") {
  CHECK(alone([] {
          fake_systemctl(0);
          const auto part = [](const std::string& name, const std::string& rest) {
            put("/mnt/" + name, "Id=" + name + "\nLoadState=loaded\n" + rest);
          };
          part("new.service", "ActiveState=inactive\nWantedBy=pg.service\n");
          part("runs.service", "ActiveState=active\nUnitFileState=disabled\n");
          part("manual.service", "ActiveState=inactive\nUnitFileState=disabled\n");
          // That of an NFS server for Kerberos, which few have.
          const std::string skipped =
              "ActiveState=inactive\nWantedBy=pg.service\nConditionResult=no\n"
              "ConditionTimestampMonotonic=77\n";
          part("keytab.service", skipped);
          part("ours.service", skipped + "DropInPaths=/run/x/ours.service.d/zzzz-latchkey.conf\n");
          UnitStates held;
          held["pg@15-main.service"] = {};
          held["pg.service"].consists_of = {
              "pg@15-main.service", "pg.slice",       "new.service", "runs.service",
              "manual.service",     "keytab.service", "ours.service"};
          std::string out;
          for (const Loose& one : loose_parts(held)) out += one.unit + " of " + one.held + ";";
          return expect(out ==
                            "new.service of pg.service;runs.service of pg.service;"
                            "ours.service of pg.service;",
                        out);
        }) == "");
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
  CHECK(
      alone([] {
        fake_systemctl(1);
        Setup setup;
        setup.services.push_back({.unit = "u0.service"});
        const auto own = [](const std::string& release, const std::string& start) {
          for (const auto& [name, state] :
               {std::pair{std::string("release"), release}, std::pair{std::string("start"), start}})
            put("/mnt/latchkey-" + name + ".service",
                "Id=latchkey-" + name + ".service\nLoadState=loaded\nActiveState=" + state + "\n");
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
