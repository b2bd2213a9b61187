// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <deque>

#include "core/plan/execute.hpp"
#include "core/plan/unmarked.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

// Runs nothing: records what was begun, ends it in the same order, and refuses
// what the test names.
class FakeEffects : public Effects {
 public:
  std::set<std::string> refuse{};
  Lines ran{};

  void start(std::size_t index, const Action& action) override {
    ran.push_back(describe(action));
    queue_.push_back({index, describe(action)});
  }
  Ended wait() override {
    const auto [index, text] = queue_.front();
    queue_.pop_front();
    if (refuse.contains(text)) return {index, Error{Code::denied, text, "refused by the test", ""}};
    return {index, std::string()};
  }

 private:
  std::deque<std::pair<std::size_t, std::string>> queue_{};
};

Setup two_volumes() {
  Setup setup;
  setup.config.keys.device = *parse_device_ref("system/encrypted-keys");
  setup.volumes = *parse_volumes(
      "data system/encrypted-data /srv/data ext4\nlogs system/encrypted-logs /srv/data/logs xfs\n",
      "volumes");
  setup.services = *parse_services("web data\ndb\n", "services", setup.volumes);
  return setup;
}

Facts devices_there() {
  Facts facts;
  facts.keys.device = true;
  facts.volumes["data"].device = true;
  facts.volumes["logs"].device = true;
  return facts;
}

}  // namespace

TEST_CASE("an unlock finds the devices, reads the keys once and opens every volume") {
  FakeEffects fx;
  Reporter quiet;
  const Outcome outcome = execute(plan_unlock(two_volumes(), devices_there()), fx, quiet);
  CHECK(outcome.status() == 0);
  CHECK(fx.ran == Lines{"find the keys volume", "find 'data'", "find 'logs'", "read the keys",
                        "open 'data'", "open 'logs'"});
}

TEST_CASE("a wrong passphrase opens nothing and gives its own status") {
  FakeEffects fx;
  fx.refuse = {"read the keys"};
  Reporter quiet;
  const Outcome outcome = execute(plan_unlock(two_volumes(), devices_there()), fx, quiet);
  CHECK(outcome.status() == exit_status(Code::denied));
  CHECK(outcome.passphrase_denied);
  CHECK(fx.ran == Lines{"find the keys volume", "find 'data'", "find 'logs'", "read the keys"});
}

TEST_CASE("a volume that refuses its key does not make the passphrase wrong") {
  FakeEffects fx;
  fx.refuse = {"open 'data'", "open 'logs'"};
  Reporter quiet;
  const Outcome outcome = execute(plan_unlock(two_volumes(), devices_there()), fx, quiet);
  CHECK(outcome.status() == exit_status(Code::denied));
  CHECK_FALSE(outcome.passphrase_denied);
}

TEST_CASE("case 39: what is open is not opened again, and a second run does nothing") {
  Facts facts = devices_there();
  facts.volumes["data"].open = true;
  FakeEffects fx;
  Reporter quiet;
  CHECK(execute(plan_unlock(two_volumes(), facts), fx, quiet).status() == 0);
  CHECK(fx.ran == Lines{"find the keys volume", "find 'logs'", "read the keys", "open 'logs'"});

  facts.volumes["logs"].open = true;
  CHECK(plan_unlock(two_volumes(), facts).steps.empty());
}

TEST_CASE("case 39: a mapping's name that something else has taken costs only its volume") {
  Facts facts = devices_there();
  facts.volumes["data"].taken = "'cleartext-data' lies on another device";
  FakeEffects fx;
  Reporter quiet;
  const Outcome outcome = execute(plan_unlock(two_volumes(), facts), fx, quiet);
  CHECK(outcome.status() == exit_status(Code::partial));
  CHECK(fx.ran == Lines{"find the keys volume", "find 'logs'", "read the keys", "open 'logs'"});
  CHECK(outcome.steps[0].error.code == Code::busy);
}

TEST_CASE("a missing disk costs only its own volume") {
  Facts facts = devices_there();
  facts.volumes["logs"].device = false;
  FakeEffects fx;
  fx.refuse = {"find 'logs'", "activate system/encrypted-logs"};
  Reporter quiet;
  const Outcome outcome = execute(plan_unlock(two_volumes(), facts), fx, quiet);
  CHECK(outcome.status() == exit_status(Code::partial));
  CHECK(fx.ran.back() == "open 'data'");
}

TEST_CASE("storage is helped up for any device that is missing, however it is named") {
  Setup setup = two_volumes();
  setup.volumes[0].device = *parse_device_ref("UUID=0a-1b");
  Facts facts = devices_there();
  CHECK_FALSE(std::holds_alternative<ActivateLvs>(plan_unlock(setup, facts).steps[0].action));
  facts.volumes["data"].device = false;
  const Plan plan = plan_unlock(setup, facts);
  const auto* activate = std::get_if<ActivateLvs>(&plan.steps[0].action);
  REQUIRE(activate != nullptr);
  CHECK(activate->names == Lines{"UUID=0a-1b"});
}

TEST_CASE("a service stays held while one of its volumes is locked") {
  Facts facts = devices_there();
  facts.volumes["data"].open = true;
  Plan plan;
  plan_release(plan, two_volumes(), facts);
  FakeEffects fx;
  Reporter quiet;
  CHECK(execute(plan, fx, quiet).status() == exit_status(Code::partial));
  CHECK(fx.ran == Lines{"check 'data'", "mount 'data'", "release 'web.service'"});
}

TEST_CASE("case 45: a damaged file system keeps only its own services down") {
  Facts facts = devices_there();
  facts.volumes["data"].open = facts.volumes["logs"].open = true;
  Plan plan;
  plan_release(plan, two_volumes(), facts);
  FakeEffects fx;
  fx.refuse = {"check 'logs'"};
  Reporter quiet;
  CHECK(execute(plan, fx, quiet).status() == exit_status(Code::partial));
  CHECK(fx.ran == Lines{"check 'data'", "check 'logs'", "mount 'data'", "release 'web.service'"});
}

TEST_CASE("nested mount points are mounted from the root down and taken down the other way") {
  Facts facts = devices_there();
  facts.volumes["data"].open = facts.volumes["logs"].open = true;
  Plan plan;
  plan_release(plan, two_volumes(), facts);
  FakeEffects up;
  Reporter quiet;
  CHECK(execute(plan, up, quiet).status() == 0);
  CHECK(up.ran == Lines{"check 'data'", "check 'logs'", "mount 'data'", "mount 'logs'",
                        "release 'web.service'", "release 'db.service'"});

  facts.volumes["data"].mounted = facts.volumes["logs"].mounted = true;
  facts.units["web.service"].active = facts.units["db.service"].active = true;
  FakeEffects down;
  CHECK(execute(plan_lock(two_volumes(), facts), down, quiet).status() == 0);
  CHECK(down.ran == Lines{"stop 'db.service'", "stop 'web.service'", "unmount 'logs'",
                          "unmount 'data'", "close 'logs'", "close 'data'"});
}

TEST_CASE("a service that does not stop keeps its volumes mounted and open") {
  Facts facts = devices_there();
  for (const char* name : {"data", "logs"})
    facts.volumes[name].open = facts.volumes[name].mounted = true;
  facts.units["db.service"].active = true;
  FakeEffects fx;
  fx.refuse = {"stop 'db.service'"};
  Reporter quiet;
  CHECK(execute(plan_lock(two_volumes(), facts), fx, quiet).status() == exit_status(Code::partial));
  CHECK(fx.ran == Lines{"stop 'db.service'"});
}

TEST_CASE("a service lacks the volumes that are not as a release leaves them") {
  const Setup setup = two_volumes();
  Facts facts = devices_there();
  CHECK(lacking_volumes(setup.services[1], setup, facts).size() == 2);
  facts.volumes["data"].open = facts.volumes["data"].mounted = true;
  CHECK(lacking_volumes(setup.services[0], setup, facts).empty());
  CHECK(lacking_volumes(setup.services[1], setup, facts).front()->name == "logs");
  facts.volumes.erase("data");  // what was never looked at is not up
  CHECK(lacking_volumes(setup.services[0], setup, facts).size() == 1);
}

TEST_CASE("a held unit that runs on its volumes without a marker would not outlive a restart") {
  const Setup setup = two_volumes();
  Facts facts = devices_there();
  UnitFacts& unit = facts.units["web.service"];
  const auto lost = [&] { return would_not_restart(setup.services[0], setup, facts); };
  unit.known = unit.active = true;
  CHECK_FALSE(lost());  // it runs beside its volumes: a restart had better not start it
  facts.volumes["data"].open = facts.volumes["data"].mounted = true;
  CHECK(lost());
  unit.active = false;
  CHECK_FALSE(lost());
  unit.active = unit.released = true;
  CHECK_FALSE(lost());
}

TEST_CASE("root, /usr and /var on volumes are the system's: opened, and otherwise left alone") {
  Setup setup;
  setup.config.keys.device = *parse_device_ref("system/encrypted-keys");
  setup.volumes = *parse_volumes(
      "root system/encrypted-root / ext4\nvar system/encrypted-var /var ext4\n"
      "db system/encrypted-db /var/lib/mysql ext4\n",
      "volumes");
  setup.services = *parse_services("db\n", "services", setup.volumes);
  Facts facts;
  for (const char* name : {"root", "var", "db"})
    facts.volumes[name] = {.device = true, .open = true};
  facts.volumes["root"].mounted = facts.volumes["var"].mounted = true;
  Reporter quiet;

  SECTION("a release mounts what lies on them") {
    FakeEffects fx;
    Plan plan;
    plan_release(plan, setup, facts);
    CHECK(execute(plan, fx, quiet).status() == 0);
    CHECK(fx.ran == Lines{"check 'db'", "mount 'db'", "release 'db.service'"});
  }
  SECTION("one that the system did not mount is not mounted under it") {
    facts.volumes["var"].mounted = false;
    FakeEffects fx;
    fx.refuse = {"'var' is not mounted on /var"};
    Plan plan;
    plan_release(plan, setup, facts);
    CHECK(execute(plan, fx, quiet).status() != 0);
    CHECK(std::ranges::find(fx.ran, "mount 'var'") == fx.ran.end());
    CHECK(std::ranges::find(fx.ran, "mount 'db'") == fx.ran.end());
  }
  SECTION("a lock neither unmounts nor closes them") {
    facts.volumes["db"].mounted = true;
    FakeEffects fx;
    CHECK(execute(plan_lock(setup, facts), fx, quiet).status() == 0);
    CHECK(fx.ran == Lines{"unmount 'db'", "close 'db'"});
  }
}
