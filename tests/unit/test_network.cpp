// SPDX-License-Identifier: GPL-3.0-or-later
// From the texts of `ip=` and [network] to the calls of `ip`.
#include "core/ledger.hpp"
#include "core/message.hpp"
#include "core/network.hpp"
#include "core/text.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

Lines texts(const std::vector<Command>& commands) {
  Lines out;
  for (const Command& command : commands) out.push_back(join(command, " "));
  return out;
}

// One line that says all of an option, to compare whole.
std::string said(const std::string& text) {
  std::vector<Error> problems;
  const auto option = parse_ip_option(text, problems);
  if (!option) return sentence(option.error()) + " | " + option.error().hint;
  constexpr const char* names[] = {"off", "dhcp", "fixed", "announced"};
  std::string out = names[static_cast<int>(option->method)];
  if (!option->link.any()) out += " dev " + option->link.text();
  if (option->address) out += " " + option->address->text();
  if (option->gateway) out += " via " + option->gateway->text();
  if (!option->hostname.empty()) out += " host " + option->hostname;
  if (option->mtu) out += " mtu " + std::to_string(*option->mtu);
  if (!option->client_id.empty()) out += " client " + option->client_id;
  // Without their beginning, which is that of all.
  for (const Error& problem : problems)
    out += " | " +
           sentence(problem).substr(std::string("kernel command line: ip=: ").size() + text.size());
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

TEST_CASE("every form of the kernel's ip= is read") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"dhcp", "dhcp"},
      {"on", "dhcp"},
      {"any", "dhcp"},
      {"both", "dhcp"},
      {"bootp", "dhcp"},
      {"rarp", "dhcp"},
      {"ibft", "dhcp"},
      {"single-dhcp", "dhcp"},
      {"eth0:single-dhcp", "dhcp dev eth0"},
      {"off", "off"},
      {"none", "off"},
      {"", "dhcp"},
      {":::::", "dhcp"},
      {"::::::dhcp", "dhcp"},
      {"::::::none", "off"},
      {"dhcp,1,01:02", "dhcp client 0130313a3032"},
      {"dhcp,0,x", "dhcp client 0078"},
      {"dhcp,0", "dhcp"},
      {":::::eth0:dhcp,0,44454647", "dhcp dev eth0 client 003434343534363437"},
      {"eth0:dhcp,0,44454647:1400", "dhcp dev eth0 mtu 1400 client 003434343534363437"},
      {"192.0.2.5::192.0.2.1:24::eth0:dhcp,0,x",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 client 0078"},
      {"dhcp,999,x",
       "dhcp | client identifier 'dhcp,999,x' (column 1): its type is to be a number from 0 to "
       "255; the server is asked without it"},
      {":::::eth0:dhcp", "dhcp dev eth0"},
      {":::::eth0:", "dhcp dev eth0"},
      {":::::eth0", "dhcp dev eth0"},
      {":::::eth1:off", "off dev eth1"},
      {"::::web1::dhcp", "dhcp host web1"},
      {"192.0.2.5", "fixed 192.0.2.5/24"},
      {"10.1.2.3", "fixed 10.1.2.3/8"},
      {"172.16.0.9:::::eth0:off", "fixed dev eth0 172.16.0.9/16"},
      {"192.0.2.5::192.0.2.1:255.255.255.128:web1:eth0:off",
       "fixed dev eth0 192.0.2.5/25 via 192.0.2.1 host web1"},
      {"192.0.2.5:192.0.2.9:192.0.2.1:255.255.255.0:web1:eth0:none:192.0.2.53:192.0.2.54:192.0.2.3",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 host web1"},
      {"192.0.2.5::192.0.2.1:255.255.255.0:web1.example.net:eth0:none:::",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 host web1.example.net"},
      {"192.0.2.5::192.0.2.1:24::eth0:dhcp", "fixed dev eth0 192.0.2.5/24 via 192.0.2.1"},
      {"192.0.2.5/32::198.51.100.1:::eth0:none", "fixed dev eth0 192.0.2.5/32 via 198.51.100.1"},
      {"192.0.2.5::192.0.2.1:255.255.255.0::eth0:none:1400:52:54:00:12:34:56",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 mtu 1400"},
  }));
  CHECK(said(text) == meaning);
}

TEST_CASE("ip= takes IPv6 in brackets, and the forms of other builders") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"[2001:db8::2]::[2001:db8::1]:64::eth0:none",
       "fixed dev eth0 2001:db8::2/64 via 2001:db8::1"},
      {"[2001:db8::2]:[2001:db8::9]:[fe80::1]:48:web1:eth0:none:[2001:db8::53]",
       "fixed dev eth0 2001:db8::2/48 via fe80::1 host web1"},
      {"[2001:db8::2/56]:::::eth0:none", "fixed dev eth0 2001:db8::2/56"},
      {"[2001:db8::2]/56:::::eth0:none", "fixed dev eth0 2001:db8::2/56"},
      {"[2001:db8::2]", "fixed 2001:db8::2/64"},
      {"eth0:dhcp", "dhcp dev eth0"},
      {"eth0:dhcp:1400", "dhcp dev eth0 mtu 1400"},
      {"eth0:auto6", "announced dev eth0"},
      {"eth0.5:dhcp", "dhcp dev eth0.5"},
      {"auto6", "announced"},
      {"either6", "announced"},
      {"link6", "announced"},
      {"link-local", "announced"},
      {"dhcp6",
       "announced | method 'dhcp6' (column 1): early boot asks no DHCPv6 server; it has the "
       "addresses that routers announce, and no other"},
      {"eth0:dhcp6",
       "announced dev eth0 | method 'dhcp6' (column 6): early boot asks no DHCPv6 server; it has "
       "the addresses that routers announce, and no other"},
      {"[2001:db8::2]:::::eth0:dhcp6", "fixed dev eth0 2001:db8::2/64"},
      {"enp0s3", "dhcp dev enp0s3"},
      {"eth0:off", "off dev eth0"},
  }));
  CHECK(said(text) == meaning);
}

TEST_CASE("a wrong ip= is told with its field, its column and a hint") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"dchp",
       "kernel command line: ip=dchp: method 'dchp' (column 1): there is no such method | "
       "did you mean 'dhcp'?"},
      {"192.0.2.300::192.0.2.1",
       "kernel command line: ip=192.0.2.300::192.0.2.1: client '192.0.2.300' (column 1): "
       "it is not the address of a host | "},
      {"2001:db8::2",
       "kernel command line: ip=2001:db8::2: address '2001:db8::2' (column 1): an IPv6 address "
       "is to stand in brackets | write ip=[2001:db8::2]"},
      {"[2001:db8::2",
       "kernel command line: ip=[2001:db8::2: address '2001:db8::2' (column 1): its bracket is "
       "not closed | add the ']'"},
      {":::::eth0:dhpc",
       "kernel command line: ip=:::::eth0:dhpc: method 'dhpc' (column 11): there is no such "
       "method | did you mean 'dhcp'?"},
      {":::::e/th0:dhcp",
       "kernel command line: ip=:::::e/th0:dhcp: device 'e/th0' (column 6): no link can have "
       "this name | "},
  }));
  CHECK(said(text) == message);
}

TEST_CASE("with an address, whatever else is wrong in ip= costs only itself") {
  const std::string whole = "fixed dev eth0 192.0.2.5/24 via 192.0.2.1";
  const auto [text, meaning] = GENERATE_COPY(table<std::string, std::string>({
      {"192.0.2.5::192.0.2.1:255.255.255.0::eth0:static", whole},
      {"192.0.2.5::192.0.2.1:255.255.255.0::eth0:DHCP", whole},
      {"192.0.2.5:0.0.0.0:192.0.2.1:255.255.255.0::eth0:None", whole},
      {"192.0.2.5:none:none:none::eth0:none", "fixed dev eth0 192.0.2.5/24"},
      {"192.0.2.5::0.0.0.0:0.0.0.0::eth0:none", "fixed dev eth0 192.0.2.5/24"},
      {"[2001:db8::2]::[::]:64::eth0:none", "fixed dev eth0 2001:db8::2/64"},
      {"192.0.2.5::192.0.2.1:24::eth0:none:::::::::", whole},
      {"192.0.2.5::192.0.2.1:24::eth0:manual",
       whole + " | method 'manual' (column 31): there is no such method; the address is used all "
               "the same"},
      {"192.0.2.5::192.0.2.300:24::eth0:none",
       "fixed dev eth0 192.0.2.5/24 | gateway '192.0.2.300' (column 12): it is not the address of "
       "a host; it is left out"},
      {"192.0.2.5::[2001:db8::1]:24::eth0:off",
       "fixed dev eth0 192.0.2.5/24 | gateway '2001:db8::1' (column 12): it is of another family "
       "than the client's address; it is left out"},
      {"192.0.2.5::192.0.2.1:255.0.255.0::eth0:off",
       whole + " | netmask '255.0.255.0' (column 22): it is neither a netmask nor the length of a "
               "prefix; /24 is taken"},
      {"192.0.2.5/99::192.0.2.1:::eth0:off",
       whole + " | client '192.0.2.5/99' (column 1): its prefix is wrong; /24 is taken"},
      {"192.0.2.5::192.0.2.1:0::eth0:off",
       whole + " | netmask '0' (column 22): it covers every address; /24 is taken"},
      {"192.0.2.5::192.0.2.1:24::e/th0:off",
       "fixed 192.0.2.5/24 via 192.0.2.1 | device 'e/th0' (column 26): no link can have this "
       "name; every wired link is used"},
      {"192.0.2.5::192.0.2.1:24:$(id):eth0:off",
       whole + " | host name '$(id)' (column 25): it is to be letters, digits, '-', '_' and '.'; "
               "it is left out"},
      {"192.0.2.5::192.0.2.1:24::eth0:off:9",
       whole + " | MTU '9' (column 35): it is to be from 576 to 65535; it is left out"},
      {"192.0.2.5::192.0.2.1:24::eth0:off::::x",
       whole + " | field 'x' (column 38): there are more fields than ip= has; it is not looked "
               "at"},
  }));
  CHECK(said(text) == meaning);
}

TEST_CASE("without an address, ip= still says by which link and that it is DHCP") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"DHCP", "dhcp"},
      {"Off", "off"},
      {"static", "off"},
      {"eth0:Dhcp", "dhcp dev eth0"},
      {"0.0.0.0::::web1:eth0:dhcp", "dhcp dev eth0 host web1"},
      {"none:none:none:none::eth0:dhcp", "dhcp dev eth0"},
      {"::::$(id):eth0:dhcp",
       "dhcp dev eth0 | host name '$(id)' (column 5): it is to be letters, digits, '-', '_' and "
       "'.'; it is left out"},
      {"eth0:dhcp:9",
       "dhcp dev eth0 | MTU '9' (column 11): it is to be from 576 to 65535; it is left out"},
  }));
  CHECK(said(text) == meaning);
}

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
