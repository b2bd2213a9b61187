// SPDX-License-Identifier: GPL-3.0-or-later
// From `ip=` and [network] to a plan, and to the calls of `ip`.
#include "core/base/text.hpp"
#include "core/network/ledger.hpp"
#include "core/network/link_calls.hpp"
#include "core/network/network.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

Lines texts(const std::vector<Arguments>& commands) {
  Lines out;
  for (const Arguments& command : commands) out.push_back(join(command, " "));
  return out;
}

// What a plan would do with a link of this name.
Lines steps(const std::string& cmdline, const NetworkConfig& config = {},
            const std::string& link = "eth0") {
  const NetworkPlan plan = network_plan(cmdline, config);
  const auto index = plan_for(plan, {.index = 2, .name = link, .wired = true});
  if (!index) return {};
  Lines out = texts(link_commands(plan.links[*index].fixed, link, 1002));
  if (plan.links[*index].dhcp4) out.push_back("dhcp " + plan.hostname);
  return out;
}

}  // namespace

TEST_CASE("an address with an unknown method is used, and told") {
  const NetworkPlan plan = network_plan("ip=192.0.2.5::192.0.2.1:24::eth0:manual", {});
  CHECK(plan.problems.size() == 1);
  CHECK(plan.by_ip_option);
  REQUIRE(plan.links.size() == 1);
  CHECK_FALSE(plan.links[0].dhcp4);
  CHECK(plan.links[0].fixed.routes.size() == 1);
}

TEST_CASE("an ip= that keeps early boot off every link is known as such") {
  CHECK(turned_off(network_plan("ip=off", {})));
  CHECK(turned_off(network_plan("ip=:::::eth0:none", {})));
  CHECK_FALSE(turned_off(network_plan("ip=dhcp ip=:::::eth0:none", {})));
  CHECK_FALSE(turned_off(network_plan("quiet", {})));
  NetworkConfig none;
  none.method = NetworkConfig::Method::none;
  CHECK_FALSE(turned_off(network_plan("", none)));  // the owner's own word
}

TEST_CASE("initramfs-tools' own IP= counts where the command line has no ip=") {
  const std::string ip = "192.0.2.5::192.0.2.1:24::eth0:off";
  NetworkConfig config;
  config.interface = "eth1";
  const NetworkPlan plan = network_plan("quiet", config, ip);
  REQUIRE(plan.links.size() == 1);
  CHECK(plan.links[0].match.name == "eth0");
  CHECK(plan.links[0].fixed.addresses.size() == 1);
  CHECK(network_plan("ip=eth2:dhcp", config, ip).links.at(0).match.name == "eth2");
  // Its init lets an empty one, too, take the place of IP=.
  CHECK(network_plan("ip=", config, ip).links.at(0).match.name == "eth1");
  CHECK(network_plan("quiet", config, "").links.at(0).match.name == "eth1");
  const NetworkPlan wrong = network_plan("quiet", config, "192.0.2.300");
  CHECK(wrong.links.at(0).match.name == "eth1");
  REQUIRE(wrong.problems.size() == 1);
  CHECK(wrong.problems[0].what ==
        "initramfs-tools' IP=192.0.2.300: client '192.0.2.300' (column 1)");
}

TEST_CASE("without ip= the configuration decides") {
  CHECK(steps("root=/dev/vda1 quiet") == Lines{"dhcp "});
  CHECK(steps("ip= nip=off -- ip=off", {.hostname = "web1"}) == Lines{"dhcp web1"});
  NetworkConfig none;
  none.method = NetworkConfig::Method::none;
  CHECK(network_plan("", none).links.empty());
}

TEST_CASE("the command line comes before the configuration") {
  NetworkConfig fixed;
  fixed.method = NetworkConfig::Method::fixed;
  fixed.address = {"192.0.2.7/24"};
  CHECK(steps("quiet ip=dhcp", fixed) == Lines{"dhcp "});
  CHECK(network_plan("ip=off", fixed).links.empty());
  CHECK(network_plan("ip=dhcp ip=none", fixed).links.empty());
  CHECK(steps("ip=none ip=dhcp", fixed) == Lines{"dhcp "});
  CHECK(steps("\"ip=192.0.2.5:::255.255.255.0::eth0:none\"") ==
        Lines{"ip -4 addr replace 192.0.2.5/24 dev eth0"});
  CHECK(steps("nfsaddrs=192.0.2.5") == Lines{"ip -4 addr replace 192.0.2.5/24 dev eth0"});
}

TEST_CASE("several ip= make one plan a link") {
  const std::string cmdline =
      "ip=192.0.2.5::192.0.2.1:24::eth0:none ip=[2001:db8::2]::[fe80::1]:64::eth0:none "
      "ip=eth1:dhcp";
  CHECK(steps(cmdline) == Lines{"ip -4 addr replace 192.0.2.5/24 dev eth0",
                                "ip -6 addr replace 2001:db8::2/64 dev eth0",
                                "ip -4 route replace 0.0.0.0/0 via 192.0.2.1 dev eth0 metric 1002",
                                "ip -6 route replace ::/0 via fe80::1 dev eth0 metric 1002"});
  CHECK(steps(cmdline, {}, "eth1") == Lines{"dhcp "});
  CHECK(steps(cmdline, {}, "eth2").empty());
  CHECK(steps("ip=dhcp ip=:::::eth0:off").empty());
  CHECK(steps("ip=dhcp ip=:::::eth0:off", {}, "eth1") == Lines{"dhcp "});
}

TEST_CASE("a mistake never costs the network") {
  const NetworkPlan plan = network_plan("ip=192.0.2.300", {});
  CHECK(plan.problems.size() == 1);
  REQUIRE(plan.links.size() == 1);
  CHECK(plan.links[0].dhcp4);
  CHECK(network_plan("ip=192.0.2.300 ip=192.0.2.3", {}).links[0].fixed.addresses.size() == 1);

  NetworkConfig broken;
  broken.method = NetworkConfig::Method::fixed;
  broken.interface = "no such/name";
  broken.address = {"192.0.2.10"};
  broken.gateway = {"gateway"};
  const NetworkPlan fallen = network_plan("", broken);
  CHECK(fallen.problems.size() == 4);
  REQUIRE(fallen.links.size() == 1);
  CHECK(fallen.links[0].dhcp4);
  CHECK(fallen.links[0].match.any());
}

TEST_CASE("a gateway outside the network gets a route of its own") {
  NetworkConfig config;
  config.method = NetworkConfig::Method::fixed;
  config.address = {"192.0.2.10/32", "2001:db8::2/128"};
  config.gateway = {"198.51.100.1", "2001:db8:1::1"};
  config.mtu = 1400;
  CHECK(steps("", config) ==
        Lines{"ip link set dev eth0 mtu 1400", "ip -4 addr replace 192.0.2.10/32 dev eth0",
              "ip -6 addr replace 2001:db8::2/128 dev eth0",
              "ip -4 route replace 198.51.100.1/32 dev eth0 metric 1002",
              "ip -4 route replace 0.0.0.0/0 via 198.51.100.1 dev eth0 metric 1002",
              "ip -6 route replace 2001:db8:1::1/128 dev eth0 metric 1002",
              "ip -6 route replace ::/0 via 2001:db8:1::1 dev eth0 metric 1002"});
  const LinkSetup setup = network_plan("", config).links[0].fixed;
  CHECK(texts(undo_commands(setup, "eth0", 1002)) ==
        Lines{"ip -4 route del 0.0.0.0/0 via 198.51.100.1 dev eth0 metric 1002 table 602",
              "ip -6 route del ::/0 via 2001:db8:1::1 dev eth0 metric 1002 table 602",
              "ip -6 route del ::/0 via 2001:db8:1::1 dev eth0 metric 1002",
              "ip -6 route del 2001:db8:1::1/128 dev eth0 metric 1002",
              "ip -4 route del 0.0.0.0/0 via 198.51.100.1 dev eth0 metric 1002",
              "ip -4 route del 198.51.100.1/32 dev eth0 metric 1002",
              "ip -4 addr del 192.0.2.10/32 dev eth0", "ip -6 addr del 2001:db8::2/128 dev eth0"});
}

TEST_CASE("DHCP for no link in particular is for the card of BOOTIF= or DEVICE=") {
  const auto [cmdline, ip, device, meant] =
      GENERATE(table<std::string, std::string, std::string, std::string>({
          {"ip=dhcp", "", "", ""},
          {"ip=dhcp", "", "eth1", "eth1"},
          {"ip=dhcp", "", "$(reboot)", ""},
          {"", "on", "eth1", "eth1"},
          {"ip=eth0:dhcp", "", "eth1", "eth0"},
          {"ip=192.0.2.5:::24:::none", "", "eth1", ""},
          {"ip=auto6", "", "eth1", ""},
          {"", "", "eth1", ""},
          {"ip=dhcp BOOTIF=01-52-54-00-AA-BB-CC", "", "eth1", "52:54:00:aa:bb:cc"},
          {"BOOTIF=52:54:00:aa:bb:cc ip=dhcp", "", "", "52:54:00:aa:bb:cc"},
          {"ip=dhcp BOOTIF=01", "", "eth1", "eth1"},
          {"ip=dhcp bond=bond0:eth0,eth1", "", "eth1", ""},
      }));
  INFO(cmdline << ", IP=" << ip << ", DEVICE=" << device);
  const NetworkPlan plan = network_plan(cmdline, {}, ip, device);
  REQUIRE(plan.links.size() == 1);
  CHECK(plan.links[0].match.text() == meant);
  CHECK(network_plan("ip=off BOOTIF=01-52-54-00-aa-bb-cc", {}, "", "eth1").links.empty());
}

TEST_CASE("a link is chosen by name, by MAC, by udev's names, or as any wired one") {
  NetworkConfig config;
  config.interface = "52-54-00-AA-BB-CC";
  const LinkFacts card{
      .index = 2, .name = "eth0", .mac = "52:54:00:aa:bb:cc", .other_names = {"enp0s3"}};
  CHECK(plan_for(network_plan("", config), card) == 0U);
  CHECK(plan_for(network_plan("ip=enp0s3:dhcp", {}), card) == 0U);
  CHECK_FALSE(plan_for(network_plan("ip=eth1:dhcp", {}), card));
  CHECK_FALSE(plan_for(network_plan("", {}), card));  // not wired
  LinkFacts wired = card;
  wired.wired = true;
  CHECK(plan_for(network_plan("", {}), wired) == 0U);
  CHECK(plan_for(network_plan("ip=dhcp ip=192.0.2.1:::::eth0", {}), wired) == 1U);
  wired.master = "bond0";
  CHECK_FALSE(plan_for(network_plan("", {}), wired));
}

TEST_CASE("a named link that never appears gives way to every wired one") {
  NetworkPlan plan = network_plan("ip=192.0.2.5::192.0.2.1:24::eno9:none", {});
  const std::vector<LinkFacts> links{{.index = 2, .name = "eth0", .wired = true}};
  CHECK_FALSE(plan_for(plan, links[0]));
  CHECK(widen(plan, links) == Lines{"eno9"});
  const auto index = plan_for(plan, links[0]);
  REQUIRE(index);
  CHECK(plan.links[*index].fixed.addresses.size() == 1);
  CHECK(plan_for(plan, {.index = 3, .name = "eno9"}) == 0U);

  NetworkPlan present = network_plan("ip=eth0:dhcp", {});
  CHECK(widen(present, links).empty());
  CHECK(present.links.size() == 1);
}

TEST_CASE("case 4: a card that comes after the fallback takes its fixed address back") {
  NetworkPlan plan = network_plan("ip=192.0.2.5::192.0.2.1:24::eno9:none", {});
  const LinkFacts other{.index = 2, .name = "eth0", .wired = true};
  REQUIRE_FALSE(widen(plan, std::vector{other}).empty());
  const std::size_t stand_in = *plan_for(plan, other);
  std::map<std::size_t, std::vector<LinkFacts>> there{{stand_in, {other}}};
  CHECK(able_to_hold(plan, stand_in, there).size() == 1);
  there[0] = {{.index = 3, .name = "eno9", .wired = true}};
  CHECK(able_to_hold(plan, stand_in, there).empty());
  CHECK(able_to_hold(plan, 0, there).size() == 1);
  there.erase(0);  // taken out again
  CHECK(able_to_hold(plan, stand_in, there).size() == 1);
}

TEST_CASE("case 4: a card that cannot be used, or without its cable, takes no address back") {
  NetworkPlan plan = network_plan("ip=192.0.2.5::192.0.2.1:24::wlan0:none", {});
  const LinkFacts radio{.index = 3, .name = "wlan0", .wireless = true};
  LinkFacts other{.index = 2, .name = "eth0", .wired = true};
  REQUIRE_FALSE(widen(plan, std::vector{radio, other}).empty());
  const std::size_t stand_in = *plan_for(plan, other);
  std::map<std::size_t, std::vector<LinkFacts>> there{{0, {radio}}, {stand_in, {other}}};
  CHECK(able_to_hold(plan, stand_in, there).size() == 1);
  CHECK(able_to_hold(plan, 0, there).empty());
  LinkFacts meant{.index = 3, .name = "wlan0", .wired = true};
  other.carrier = true;
  there = {{0, {meant}}, {stand_in, {other}}};
  CHECK(able_to_hold(plan, stand_in, there).size() == 1);
  CHECK(able_to_hold(plan, 0, there).empty());
  meant.carrier = true;
  there[0] = {meant};
  CHECK(able_to_hold(plan, stand_in, there).empty());
  CHECK(able_to_hold(plan, 0, there).size() == 1);
}

TEST_CASE("fixed addresses are held by one link, one with a cable first") {
  const LinkFacts dark{.index = 2, .name = "a"};
  const LinkFacts other{.index = 3, .name = "b"};
  LinkFacts lit = other;
  lit.carrier = true;
  LinkFacts both = dark;
  both.carrier = true;
  CHECK(holder(std::vector{dark}, 0) == 2);
  CHECK(holder(std::vector{dark, other}, 0) == 0);
  CHECK(holder(std::vector{dark, lit}, 0) == 3);
  CHECK(holder(std::vector{dark, lit}, 2) == 3);
  CHECK(holder(std::vector{both, lit}, 3) == 3);
  CHECK(holder(std::vector{dark, other}, 3) == 3);
  CHECK(holder(std::vector<LinkFacts>{}, 3) == 0);
}

TEST_CASE("an answer takes the router of the address that it is from") {
  NetworkConfig config;
  config.method = NetworkConfig::Method::fixed;
  config.address = {"192.0.2.10/24", "2001:db8::2/64"};
  config.gateway = {"192.0.2.1"};
  const LinkSetup setup = network_plan("", config).links[0].fixed;
  CHECK(texts(way_commands(setup, "eth1", 1003)) ==
        Lines{"ip -4 route replace 0.0.0.0/0 via 192.0.2.1 dev eth1 metric 1003 table 603",
              "ip -4 rule add from 192.0.2.10 table main suppress_prefixlength 0 pref 1003",
              "ip -4 rule add from 192.0.2.10 table 603 pref 11003"});
  CHECK(texts(undo_way_commands(with_own_way(setup), 1003)) ==
        Lines{"ip -4 rule del from 192.0.2.10 table main suppress_prefixlength 0 pref 1003",
              "ip -4 rule del from 192.0.2.10 table 603 pref 11003"});
  config.gateway.clear();
  CHECK(way_commands(network_plan("", config).links[0].fixed, "eth1", 1003).empty());
}

TEST_CASE("what was given to links is written down and read back") {
  const LinkEntry entry{
      "eth0",
      1002,
      {1500,
       {*parse_subnet("192.0.2.5/24"), *parse_subnet("2001:db8::2/64")},
       {{*parse_subnet("198.51.100.1/32"), {}}, {Subnet{}, *parse_address("198.51.100.1")}}},
      {{*parse_address("192.0.2.5"), 1002}, {*parse_address("192.0.2.5"), 1007}}};
  const auto lines = ledger_lines(entry);
  CHECK(lines == Lines{"mtu eth0 1500", "address eth0 192.0.2.5/24", "address eth0 2001:db8::2/64",
                       "route eth0 1002 198.51.100.1/32 -",
                       "route eth0 1002 0.0.0.0/0 198.51.100.1", "rule eth0 1002 192.0.2.5",
                       "rule eth0 1007 192.0.2.5"});
  CHECK(parse_ledger(join(lines, "\n") +
                     "\nnonsense\naddress -x 1.2.3.4/8\nroute eth0 x\nrule eth0 x\n") ==
        std::vector{entry});
}

TEST_CASE("the host name to tell is the first line of /etc/hostname that is one") {
  CHECK(hostname_in("web1\n") == "web1");
  CHECK(hostname_in("# the name\n\n two words\n web1.example \nweb2\n") == "web1.example");
  CHECK(hostname_in("localhost\n").empty());
  CHECK(hostname_in("").empty());
}

TEST_CASE("case 12: a plan with a fixed IPv6 address is known as one") {
  CHECK(has_fixed_v6(network_plan("ip=[2001:db8::2]::[2001:db8::1]:64::eno1:none", {})));
  CHECK_FALSE(has_fixed_v6(network_plan("ip=192.0.2.5::192.0.2.1:24::eno1:none", {})));
  CHECK_FALSE(has_fixed_v6(network_plan("ip=off", {})));
  NetworkConfig config;
  config.method = NetworkConfig::Method::fixed;
  config.address = {"192.0.2.5/24", "2001:db8::2/64"};
  CHECK(has_fixed_v6(network_plan("", config)));
  CHECK_FALSE(has_fixed_v6(network_plan("ip=dhcp", config)));
}
