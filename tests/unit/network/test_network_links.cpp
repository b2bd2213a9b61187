// SPDX-License-Identifier: GPL-3.0-or-later
// Which card a plan finds, and how DHCP is asked on it.
#include "core/base/text.hpp"
#include "core/network/link_calls.hpp"
#include "core/network/network.hpp"
#include "support/catch.hpp"

using namespace latchkey;

using Lines = std::vector<std::string>;

TEST_CASE("a named card that is wireless is as good as absent") {
  NetworkConfig config;
  config.interface = "52:54:00:12:34:56";
  NetworkPlan plan = network_plan("", config);
  const std::vector<LinkFacts> links{
      {.index = 2, .name = "wlan0", .mac = config.interface, .wireless = true},
      {.index = 3, .name = "eth0", .wired = true}};
  CHECK_FALSE(plan_for(plan, links[1]));
  CHECK(widen(plan, links) == Lines{config.interface});
  CHECK(plan_for(plan, links[1]));
}

TEST_CASE("the DHCP client asks for ever, and only for what is used") {
  const std::string words =
      "-f -i eth0 -s /s -t 3 -T 3 -A 3 -o -O subnet -O router -O staticroutes -O mtu";
  CHECK(join(dhcp_words("eth0", "web1", "", "/s"), " ") == words + " -x hostname:web1");
  CHECK(join(dhcp_words("eth0", "", "ff12", "/s"), " ") == words + " -x 0x3d:ff12");
}

TEST_CASE("DHCP is asked by the client identifier that was written down") {
  NetworkConfig config;
  config.interface = "eth0";
  config.client_id = "ff12";
  NetworkPlan plan = network_plan("", config);
  REQUIRE(plan.links.size() == 1);
  CHECK(plan.links[0].client_id == "ff12");
  widen(plan, std::vector<LinkFacts>{});
  CHECK(plan.links.back().match.any());
  CHECK(plan.links.back().client_id == "ff12");
  plan = network_plan("ip=:::::eth0:dhcp,0,x", config);
  CHECK(plan.problems.empty());
  REQUIRE(plan.links.size() == 1);
  CHECK(plan.links[0].client_id == "0078");
}

TEST_CASE("a card is found by the MAC address that it was made with, too") {
  NetworkConfig config;
  config.interface = "52:54:00:12:34:56";
  const NetworkPlan plan = network_plan("", config);
  CHECK(plan_for(plan, {.index = 2, .name = "eth0", .mac = "52:54:00:12:34:56"}));
  CHECK(plan_for(plan, {.index = 2,
                        .name = "eth0",
                        .mac = "02:00:00:00:00:01",
                        .permanent_mac = "52:54:00:12:34:56"}));
  CHECK_FALSE(plan_for(plan, {.index = 2, .name = "eth0", .mac = "02:00:00:00:00:01"}));
}
