// SPDX-License-Identifier: GPL-3.0-or-later
// Stopping units, with a systemctl of the test's own, and the order of both.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/units/queue_order.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/fake_systemd.hpp"
#include "sys/hold/unit_stopper.hpp"

using namespace latchkey;
using namespace latchkey::test;

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
