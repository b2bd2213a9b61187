// SPDX-License-Identifier: GPL-3.0-or-later
// Volumes that lie on other volumes: the physical volume of a group is encrypted itself.
#include <algorithm>
#include <deque>

#include "core/plan/execute.hpp"
#include "support/catch.hpp"
#include "sys/storage/probe.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

Setup layered(const std::string& mount_point) {
  Setup setup;
  setup.config.keys.device = *parse_device_ref("system/keys");
  setup.volumes = *parse_volumes(
      "lower UUID=0a none ext4\nupper inner/upper " + mount_point + " ext4\n", "volumes");
  return setup;
}

Facts all_open() {
  Facts facts;
  facts.keys.device = true;
  for (const char* name : {"lower", "upper"}) facts.volumes[name].device = true;
  for (const char* name : {"lower", "upper"}) facts.volumes[name].open = true;
  facts.volumes["upper"].on = {"lower"};
  return facts;
}

Lines texts(const Plan& plan) {
  Lines out;
  for (const Step& step : plan.steps) out.push_back(describe(step.action));
  return out;
}

// The step that does this, as words.
const Step& step_of(const Plan& plan, const std::string& text) {
  const auto found = std::ranges::find_if(
      plan.steps, [&](const Step& step) { return describe(step.action) == text; });
  REQUIRE(found != plan.steps.end());
  return *found;
}

}  // namespace

TEST_CASE("a device that is not there yet is waited for from the reading of the keys on") {
  Facts facts;
  facts.keys.device = facts.volumes["lower"].device = true;
  const Plan plan = plan_unlock(layered("/srv/upper"), facts);
  CHECK(step_of(plan, "find 'lower'").needs.empty());
  CHECK(step_of(plan, "find 'upper'").needs == Lines{step_of(plan, "read the keys").makes});
}

TEST_CASE("case 30: a wrong passphrase stays one when a disk is missing too") {
  struct Wrong : Effects {
    std::deque<std::pair<std::size_t, std::string>> queue{};
    void start(std::size_t index, const Action& action) override {
      queue.emplace_back(index, describe(action));
    }
    Ended wait() override {
      const auto [index, text] = queue.front();
      queue.pop_front();
      if (text == "read the keys") return {index, Error{Code::denied, text, "", ""}};
      if (text == "find 'upper'") return {index, Error{Code::missing, text, "", ""}};
      return {index, std::string()};
    }
  } effects;
  Facts facts;
  facts.keys.device = facts.volumes["lower"].device = true;
  Reporter quiet;
  CHECK(execute(plan_unlock(layered("/srv/upper"), facts), effects, quiet).status() ==
        exit_status(Code::denied));
}

TEST_CASE("what lies on a volume is closed before it") {
  const Plan plan = plan_lock(layered("/srv/upper"), all_open());
  CHECK(step_of(plan, "close 'lower'").needs == Lines{step_of(plan, "close 'upper'").makes});
}

TEST_CASE("what the root file system lies on is not closed") {
  CHECK(texts(plan_lock(layered("/"), all_open())) == Lines{});
}

TEST_CASE(
    "a volume whose device went away while it was open is unmounted and closed all the same") {
  Setup setup;
  setup.volumes = *parse_volumes("www UUID=0b /srv/www ext4\n", "volumes");
  Facts facts;
  facts.volumes["www"] = {.mounted = true, .astray = true, .taken = "its device is not there"};
  CHECK(texts(plan_lock(setup, facts)) == Lines{"unmount 'www'", "close 'www'"});
  // Something else of its name is not known to be it.
  facts.volumes["www"].astray = facts.volumes["www"].mounted = false;
  CHECK(texts(plan_lock(setup, facts)) == Lines{});
}

TEST_CASE("an encrypted mapping is known by the UUID in device-mapper's own") {
  const std::string uuid = "0f7a6b1c-3333-4222-8333-444455556666";
  Mapping mapping{.name = "www", .uuid = "CRYPT-LUKS2-0f7a6b1c333342228333444455556666-www"};
  CHECK(is_luks_mapping(mapping, uuid));
  CHECK(is_luks_mapping(mapping, ""));
  CHECK_FALSE(is_luks_mapping(mapping, "0f7a6b1c-3333-4222-8333-444455556667"));
  mapping.uuid = "LVM-0f7a6b1c333342228333444455556666";
  CHECK_FALSE(is_luks_mapping(mapping, uuid));
  CHECK_FALSE(is_luks_mapping(mapping, ""));
}

TEST_CASE(
    "a volume that is mounted nowhere is closed after the services and mounts that may use it") {
  Setup setup;
  setup.volumes = *parse_volumes(
      "raw UUID=0a none ext4\nwww UUID=0b /srv/www ext4\nspare UUID=0c /srv/spare ext4\n",
      "volumes");
  setup.services = *parse_services("db raw\nweb www\n", "services", setup.volumes);
  Facts facts;
  for (const char* name : {"raw", "www", "spare"})
    facts.volumes[name] = {.device = true, .open = true};
  facts.volumes["www"].mounted = true;
  facts.units["db.service"].active = true;
  const Plan plan = plan_lock(setup, facts);
  // The journal of a file system, or one of its devices, may lie on it.
  CHECK(step_of(plan, "close 'raw'").needs ==
        Lines{step_of(plan, "stop 'db.service'").makes, step_of(plan, "unmount 'www'").makes});
}
