// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/narrow.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

Setup setup() {
  Setup out;
  out.volumes = *parse_volumes(
      "data system/a /srv/data ext4\nlogs system/b /srv/data/logs ext4\nmail system/c /srv/mail "
      "ext4\n",
      "volumes");
  out.services = *parse_services("web data\nimap mail\nall\n", "services", out.volumes);
  return out;
}

Lines steps(const std::set<std::string>& only) {
  Facts facts;
  for (const char* name : {"data", "logs", "mail"}) facts.volumes[name].open = true;
  Plan plan;
  plan_release(plan, setup(), facts);
  Lines out;
  for (const Step& step : narrow(plan, setup(), only).steps) out.push_back(describe(step.action));
  return out;
}

}  // namespace

TEST_CASE("--only UNIT brings up its volumes and itself") {
  CHECK(steps({"imap.service"}) == Lines{"check 'mail'", "mount 'mail'", "release 'imap.service'"});
}

TEST_CASE("--only VOLUME brings up what lies above it and the units that need it, whole") {
  CHECK(steps({"mail"}) ==
        Lines{"check 'data'", "mount 'data'", "check 'mail'", "mount 'mail'", "check 'logs'",
              "mount 'logs'", "release 'imap.service'", "release 'all.service'"});
}

TEST_CASE("--only takes units by their short names and offers the nearest") {
  CHECK(*resolve_name(setup(), "imap") == "imap.service");
  CHECK(*resolve_name(setup(), "data") == "data");
  const auto wrong = resolve_name(setup(), "mial");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().hint == "did you mean 'mail'?");
}
