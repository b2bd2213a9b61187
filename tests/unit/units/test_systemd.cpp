// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/hold.hpp"
#include "core/units/judge_start.hpp"
#include "core/units/unit_state.hpp"
#include "support/catch.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/units/systemd.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

UnitState inactive() {
  UnitState unit;
  unit.load = "loaded";
  unit.active = "inactive";
  unit.sub = "dead";
  unit.result = "success";
  unit.condition_time = 100;
  unit.start_time = 50;
  return unit;
}

UnitState timer(const std::string& active, const std::string& unit_file) {
  UnitState unit;
  unit.id = "job.timer";
  unit.load = "loaded";
  unit.active = active;
  unit.unit_file = unit_file;
  return unit;
}

}  // namespace

TEST_CASE("systemctl show's blocks become units, in order") {
  const auto units = parse_show(
      "Type=notify\nResult=success\nNRestarts=2\nExecMainStatus=0\nId=mariadb.service\n"
      "WantedBy=multi-user.target\nRequiredBy=app.service\nBoundBy=two.service\nTriggeredBy="
      "\nConsistsOf=\n"
      "LoadState=loaded\nActiveState=active\nSubState=running\n"
      "FragmentPath=/lib/systemd/system/mariadb.service\n"
      "DropInPaths=/run/systemd/generator.early/mariadb.service.d/zzzz-latchkey.conf\n"
      "UnitFileState=enabled\nConditionResult=yes\n"
      "ConditionTimestampMonotonic=123456789\nInactiveExitTimestampMonotonic=0\nJob=\n"
      "\n"
      "Id=nope.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nJob=417\n"
      "FragmentPath=\nDropInPaths=\n");
  REQUIRE(units.size() == 2);
  CHECK(units[0].id == "mariadb.service");
  CHECK(units[0].type == "notify");
  CHECK(units[0].restarts == 2);
  CHECK(units[0].condition);
  CHECK(units[0].condition_time == 123456789);
  CHECK_FALSE(units[0].job);
  CHECK(units[0].wanted_by == Lines{"multi-user.target", "app.service"});
  CHECK(units[0].required_by == Lines{"app.service", "two.service"});
  CHECK(units[0].files ==
        Lines{"/lib/systemd/system/mariadb.service",
              "/run/systemd/generator.early/mariadb.service.d/zzzz-latchkey.conf"});
  CHECK(units[1].load == "not-found");
  CHECK(units[1].job);
  CHECK(units[1].files.empty());
}

TEST_CASE("what a unit is part of, and how its assertions were, is read") {
  const auto units = parse_show(
      "Id=a@b.service\nPartOf=a.service all.target\nAssertResult=no\n"
      "AssertTimestampMonotonic=42\n");
  REQUIRE(units.size() == 1);
  CHECK(units[0].part_of == std::vector<std::string>{"a.service", "all.target"});
  CHECK_FALSE(units[0].assertion);
  CHECK(units[0].assertion_time == 42);
}

TEST_CASE("output that is no list of properties gives no unit") {
  CHECK(parse_show("").empty());
  CHECK(parse_show("Failed to connect to bus\n").empty());
}

TEST_CASE("a running unit is up, a failed or queued one is not") {
  UnitState unit = inactive();
  CHECK_FALSE(is_up(unit, {}, true));
  unit.active = "active";
  CHECK(is_up(unit, {}, true));
  unit.active = "failed";
  CHECK_FALSE(is_up(unit, {}, true));
  unit = inactive();
  unit.job = true;
  CHECK_FALSE(is_up(unit, {}, true));
}

TEST_CASE("a oneshot that ran well is up, one that was skipped is not") {
  UnitState unit = inactive();
  unit.type = "oneshot";
  unit.condition = true;
  CHECK(is_up(unit, {}, true));
  CHECK_FALSE(is_up(unit, {}, false));
  unit.condition = false;
  CHECK_FALSE(is_up(unit, {}, true));
  unit.condition = true;
  unit.start_time = 0;
  CHECK_FALSE(is_up(unit, {}, true));
}

TEST_CASE("a job that only its timer starts is up when the timer is") {
  const UnitState job = inactive();
  CHECK(is_up(job, {timer("active", "enabled")}, true));
  CHECK_FALSE(is_up(job, {timer("inactive", "enabled")}, true));
  CHECK_FALSE(is_up(job, {timer("inactive", "disabled")}, true));
  UnitState working = job;
  working.active = "activating";
  working.job = true;
  CHECK(is_up(working, {timer("active", "enabled")}, true));
  UnitState ran = job;
  ran.type = "oneshot";
  ran.condition = true;
  CHECK_FALSE(is_up(ran, {timer("inactive", "enabled")}, true));
  UnitState wanted = job;
  wanted.unit_file = "enabled";
  CHECK_FALSE(is_up(wanted, {timer("active", "enabled")}, true));
}

TEST_CASE("a daemon that has ended for want of work is up while its socket listens") {
  UnitState daemon = inactive();
  daemon.unit_file = "enabled";
  UnitState socket = timer("active", "enabled");
  socket.id = "libvirtd.socket";
  CHECK(is_up(daemon, {socket}, true));
  CHECK_FALSE(is_up(daemon, {socket}, false));
  daemon.result = "exit-code";
  CHECK_FALSE(is_up(daemon, {socket}, true));
  daemon.result = "success";
  daemon.start_time = 0;  // it has not begun yet
  CHECK_FALSE(is_up(daemon, {socket}, true));
  daemon.start_time = 1;
  socket.active = "inactive";
  CHECK_FALSE(is_up(daemon, {socket}, true));
}

TEST_CASE("a job whose timer is off is run by nobody, and nothing is missing") {
  UnitState job = inactive();
  job.type = "oneshot";
  job.unit_file = "static";
  CHECK(is_triggered(job, {timer("inactive", "disabled")}));
  CHECK(is_up(job, {timer("inactive", "disabled")}, true));
  CHECK_FALSE(is_triggered(job, {}));
  UnitState gone = timer("inactive", "");
  gone.load = "not-found";
  CHECK_FALSE(is_triggered(job, {gone}));
  // A daemon without [Install] has its place in the services file as its owner's wish.
  job.type = "simple";
  CHECK_FALSE(is_triggered(job, {timer("inactive", "disabled")}));
  CHECK(is_triggered(job, {timer("inactive", "enabled")}));
}

TEST_CASE("a start is judged by what changed since it was queued") {
  const UnitState before = inactive();
  UnitState now = before;

  now.job = true;
  CHECK(judge_start(before, now, "x.service").progress == Progress::running);

  now = before;
  now.active = "activating";
  CHECK(judge_start(before, now, "x.service").progress == Progress::running);

  now.active = "active";
  CHECK(judge_start(before, now, "x.service").progress == Progress::done);

  now = before;
  now.active = "failed";
  now.result = "exit-code";
  now.exit_status = "3";
  const Judged failed = judge_start(before, now, "x.service");
  CHECK(failed.error == Error{Code::io, "cannot start 'x.service'",
                              "its process ended with status 3",
                              "run: journalctl -b -u x.service"});

  now = before;
  now.condition_time = 200;
  CHECK(judge_start(before, now, "x.service").error.code == Code::refused);

  now = before;
  now.condition_time = 200;
  now.condition = true;
  now.start_time = 210;
  CHECK(judge_start(before, now, "x.service").progress == Progress::done);

  CHECK(judge_start(before, before, "x.service").error.why == "a unit that it needs did not start");

  now = before;
  now.assertion_time = 205;
  CHECK(judge_start(before, now, "x.service").error ==
        Error{Code::refused, "cannot start 'x.service'", "one of its assertions is not met",
              "run: systemctl status x.service"});

  now = before;
  now.condition_time = 200;
  now.condition = true;
  now.start_time = 210;
  now.result = "exec-condition";
  CHECK(judge_start(before, now, "x.service").error.why ==
        "its own check says that it is not to run (ExecCondition)");
}

TEST_CASE("a part of a held unit that nothing starts is as it is to be, and does not run") {
  UnitState part = inactive();
  part.unit_file = "disabled";
  part.part_of = {"pg.service"};
  Setup setup;
  setup.services = {{.unit = "pg.service"}, {.unit = "pg@15-main.service"}};
  CHECK(is_left_to_owner(part, setup.services));
  CHECK_FALSE(is_left_to_owner(part, {}));
  part.wanted_by = {"pg.service"};
  CHECK_FALSE(is_left_to_owner(part, setup.services));
  part.wanted_by.clear();
  part.active = "failed";
  CHECK_FALSE(is_left_to_owner(part, setup.services));
}

TEST_CASE("a unit whose name has a backslash is named so that a shell leaves it as it is") {
  const std::string unit = "srv-my\\x2ddata.mount";
  UnitState now = inactive();
  now.active = "failed";
  CHECK(judge_start(inactive(), now, unit).error.hint ==
        "run: journalctl -b -u 'srv-my\\x2ddata.mount'");
  CHECK(masked_error(unit).hint == "run: systemctl unmask 'srv-my\\x2ddata.mount'");
  const bool sysvinit = init_system() == InitSystem::sysvinit;
  if (sysvinit && !test::skip("systemd is not what runs here")) return;
  CHECK(service_command("stop", unit) == "systemctl stop 'srv-my\\x2ddata.mount'");
  CHECK(log_command(unit) == "journalctl -b -u 'srv-my\\x2ddata.mount'");
  CHECK(service_command("start", "serve@a.service") == "systemctl start serve@a.service");
}

// An import leaves what runs as it is; an idle service whose socket listens is not that.
TEST_CASE("a service that is started when it is needed is up, and does not run") {
  UnitState service = inactive();
  service.unit_file = "static";
  service.triggered_by = {"echo.socket"};
  Setup setup;
  setup.services = {{.unit = "echo.service"}};
  HeldUnits asked{.names = {{"echo.service", {"echo.service"}}},
                  .units = {{"echo.service", service}},
                  .triggers = {{"echo.socket", timer("active", "enabled")}}};
  Facts facts;
  probe_units(facts, setup, Paths{"/nonexistent"}, asked);
  CHECK(facts.units["echo.service"].active);
  CHECK_FALSE(facts.units["echo.service"].runs);
  asked.units["echo.service"].active = "active";
  facts = {};
  probe_units(facts, setup, Paths{"/nonexistent"}, asked);
  CHECK(facts.units["echo.service"].runs);
}
