// SPDX-License-Identifier: GPL-3.0-or-later
// Case 13: from `vlan=`, `bond=`, `bridge=` and [network] to what is made, in which
// order, by which calls; and what mistakes cost.
#include <algorithm>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/config.hpp"
#include "core/network/ledger.hpp"
#include "core/network/link_calls.hpp"
#include "core/network/link_steps.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

// One line that says all of what is to be made.
std::string said(const VirtualLink& made) {
  std::string out = std::string(kind_text(made.kind)) + " " + made.name;
  if (made.vlan_id != 0) out += " id " + std::to_string(made.vlan_id);
  out += " over";
  for (const LinkMatch& member : made.members) out += " " + member.text();
  for (const BondSetting& setting : made.settings) out += " " + setting.name + "=" + setting.value;
  if (made.mtu) out += " mtu " + std::to_string(*made.mtu);
  return out;
}

Lines made(const NetworkPlan& plan) {
  Lines out;
  for (const VirtualLink& link : plan.made) out.push_back(said(link));
  return out;
}

Lines problems(const NetworkPlan& plan) {
  Lines out;
  for (const Error& problem : plan.problems) out.push_back(sentence(problem));
  return out;
}

LinkFacts card(int number, bool up = false) {
  const std::string digit = std::to_string(number);
  return {.index = number + 2,
          .name = "eth" + digit,
          .mac = "52:54:00:00:00:0" + digit,
          .other_names = {"enp0s" + digit},
          .wired = true,
          .up = up};
}

// The world, and what is done to it until nothing more is to be done.
struct Kernel {
  std::vector<LinkFacts> links;
  std::set<std::string> ours{};
  Lines calls{};

  void call(const Arguments& command) { calls.push_back(join(command, " ")); }
  LinkFacts& at(const std::string& name) {
    return *std::ranges::find(links, name, &LinkFacts::name);
  }
  void settle(const NetworkPlan& plan) {
    for (int pass = 0; pass < 20; ++pass) {
      const auto steps = link_steps(plan, links, ours);
      if (steps.empty()) return;
      for (const LinkStep& step : steps) take(step);
    }
    FAIL("it never comes to rest");
  }
  void take(const LinkStep& step) {
    const std::string& name = step.made.name;
    if (step.kind == LinkStep::Kind::raise) {
      call(raise_command(step.member.name));
      at(step.member.name).up = true;
    } else if (step.kind == LinkStep::Kind::create) {
      call(create_command(step.made, step.member));
      ours.insert(name);
      links.push_back(
          {.index = 100 + static_cast<int>(links.size()), .name = name, .mac = step.member.mac});
    } else {
      if (step.first)
        for (const BondSetting& setting : step.made.settings)
          calls.push_back(name + "/" + setting.name + " " + setting.value);
      for (const Arguments& command : join_commands(step.made, step.member)) call(command);
      at(step.member.name).master = name;
      at(step.member.name).mac = at(name).mac;
    }
  }
};

Config parsed(const std::string& network) {
  const auto config = parse_config("[keys]\ndevice = \"a/b\"\n[network]\n" + network, "f");
  if (!config) FAIL(sentence(config.error()));
  return *config;
}

std::string refused(const std::string& network) {
  const auto config = parse_config("[keys]\ndevice = \"a/b\"\n[network]\n" + network, "f");
  return config ? "accepted" : sentence(config.error());
}

}  // namespace

TEST_CASE("case 13: vlan=, bond= and bridge= are read as the builders of images write them") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"vlan=eth0.43:eth0", "vlan eth0.43 id 43 over eth0"},
      {"vlan=vlan0005:eth1", "vlan vlan0005 id 5 over eth1"},
      {"vlan=vlan4094:bond0", "vlan vlan4094 id 4094 over bond0"},
      {"bond=bond0:eth0,eth1", "bond bond0 over eth0 eth1 mode=balance-rr miimon=100"},
      {"bond=bond0:eth0,eth1:mode=active-backup",
       "bond bond0 over eth0 eth1 mode=active-backup miimon=100"},
      {"bond=bond0:eth0,eth1:miimon=50,mode=802.3ad,lacp_rate=fast:9000",
       "bond bond0 over eth0 eth1 mode=802.3ad miimon=50 lacp_rate=fast mtu 9000"},
      {"bond=b:eth0:mode=1,arp_interval=200,arp_ip_target=192.0.2.1;192.0.2.2",
       "bond b over eth0 mode=1 arp_interval=200 arp_ip_target=+192.0.2.1 "
       "arp_ip_target=+192.0.2.2"},
      {"bridge=br0:eth0,eth1", "bridge br0 over eth0 eth1"},
  }));
  const NetworkPlan plan = network_plan("quiet " + text + " ip=dhcp", {});
  CHECK(made(plan) == Lines{meaning});
  CHECK(problems(plan).empty());
}

TEST_CASE("case 13: what is wrong in vlan=, bond=, bridge= is told, and costs only itself") {
  const auto [text, problem] = GENERATE(table<std::string, std::string>({
      {"vlan=eth0.0:eth0", "its name does not end with a number from 1 to 4094"},
      {"vlan=eth0.4095:eth0", "its name does not end with a number from 1 to 4094"},
      {"vlan=lan:eth0", "its name does not end with a number from 1 to 4094"},
      {"vlan=eth0.43", "it names no link to lie on"},
      {"vlan=v43:eth0,eth1", "a VLAN lies on one link"},
      {"vlan=v43:eth0:x", "it has more fields than vlan= takes"},
      {"vlan=../../x43:eth0", "no link can have this name"},
      {"bond=:eth0", "no link can have this name"},
      {"bond=bond0", "it names no link to lie on"},
      {"bond=bond0:eth0,../x", "'../x' is no name that a link can have"},
      {"bridge=br0:eth0:stp", "it has more fields than bridge= takes"},
      {"bridge=a-name-of-16-ch:", "it names no link to lie on"},
      {"bridge=br0:br0", "it lies on itself"},
      {"vlan=a1:b2 vlan=b2:a1", "it lies on itself"},
  }));
  const NetworkPlan plan = network_plan("ip=dhcp " + text, {});
  CHECK(made(plan).empty());
  REQUIRE_FALSE(plan.problems.empty());
  CHECK(problems(plan)[0].find(problem) != std::string::npos);
  // The way in is what it would be without.
  CHECK(plan_for(plan, card(0)) == 0U);
}

TEST_CASE("case 13: an option that no bond has, or a value that is none, is left out") {
  const NetworkPlan plan = network_plan(
      "ip=dhcp bond=bond0:eth0:mode=../../x,mimon=100,miimon=50,primary=a/b,updelay:70000", {});
  CHECK(made(plan) == Lines{"bond bond0 over eth0 mode=balance-rr miimon=50"});
  const std::string all = join(problems(plan), "\n");
  CHECK(all.find("did you mean 'miimon'?") != std::string::npos);
  CHECK(all.find("the option 'primary' cannot be 'a/b'") != std::string::npos);
  CHECK(all.find("the option 'mode' cannot be '../../x'") != std::string::npos);
  CHECK(all.find("the MTU '70000' is not from 576 to 65535") != std::string::npos);
}

TEST_CASE("case 13: contradictions are told, and the rest is made") {
  const NetworkPlan twice =
      network_plan("ip=dhcp bond=bond0:eth0,eth1,eth1 bridge=br0:eth1,eth2 bond=bond0:eth3", {});
  CHECK(made(twice) ==
        Lines{"bond bond0 over eth0 eth1 mode=balance-rr miimon=100", "bridge br0 over eth2"});
  CHECK(twice.problems.size() == 3);
  // What is said for a member is meant for the bond.
  const NetworkPlan member = network_plan("bond=bond0:eth0,eth1 ip=192.0.2.5:::24::eth0:none", {});
  CHECK(member.problems.size() == 1);
  CHECK_FALSE(plan_for(member, card(0)));
  const auto index = plan_for(member, {.index = 9, .name = "bond0"});
  REQUIRE(index);
  CHECK(member.links[*index].fixed.addresses.size() == 1);
  // No network of ours: nothing is made.
  CHECK(made(network_plan("ip=off bond=bond0:eth0", {})).empty());
}

TEST_CASE("case 13: [network] says a VLAN, a bond, a bridge and what lies on what") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"interface = \"eth0\"\nvlan = 43", "vlan vlan43 id 43 over eth0"},
      {"interface = \"52:54:00:AA:BB:CC\"\nvlan = 43", "vlan vlan43 id 43 over 52:54:00:aa:bb:cc"},
      {"bond = [\"eth0\", \"52:54:00:aa:bb:cc\"]",
       "bond bond0 over eth0 52:54:00:aa:bb:cc mode=active-backup miimon=100"},
      {"bond = \"eth0\"\nbond_mode = \"802.3ad\"\nvlan = 7",
       "bond bond0 over eth0 mode=802.3ad miimon=100 | vlan vlan7 id 7 over bond0"},
      {"bridge = [\"eth0\", \"eth1\"]\nvlan = 7",
       "bridge br0 over eth0 eth1 | vlan vlan7 id 7 over br0"},
      {"bond = [\"eth0\", \"eth1\"]\nbridge = [\"bond0\", \"eth2\"]",
       "bond bond0 over eth0 eth1 mode=active-backup miimon=100 | bridge br0 over bond0 eth2"},
      {"interface = \"eth0\"\nvlan = 7\nbridge = \"vlan7\"",
       "vlan vlan7 id 7 over eth0 | bridge br0 over vlan7"},
      {"bond = \"eth0\"\nvlan = 7\nbridge = \"vlan7\"",
       "bond bond0 over eth0 mode=active-backup miimon=100 | vlan vlan7 id 7 over bond0 | "
       "bridge br0 over vlan7"},
  }));
  const NetworkPlan plan = network_plan("", parsed(text).network);
  CHECK(join(made(plan), " | ") == meaning);
  CHECK(problems(plan).empty());
  // Its addresses are for the topmost, and for nothing below or beside it.
  REQUIRE(plan.links.size() == 1);
  for (const VirtualLink& link : plan.made)
    CHECK(bool(plan_for(plan, {.index = 9, .name = link.name})) == (link == plan.made.back()));
  for (const int number : {0, 1, 2, 3}) CHECK_FALSE(plan_for(plan, card(number)));
}

TEST_CASE("case 13: keys of [network] that contradict each other are errors with their line") {
  CHECK(refused("vlan = 0") == "f:4:8: [network] vlan = '0': it is to be from 1 to 4094");
  CHECK(refused("vlan = 4095").find("from 1 to 4094") != std::string::npos);
  CHECK(refused("vlan = 43") ==
        "f:4:8: [network] vlan: 'interface' (or 'bond') is to name the link that it lies on");
  CHECK(refused("interface = \"eth0\"\nbond = \"eth1\"") ==
        "f:5:8: [network] bond: it takes the place of 'interface'; name the members here only");
  CHECK(refused("interface = \"eth0\"\nbridge = \"eth1\"").find("name the ports here only") !=
        std::string::npos);
  CHECK(refused("bond = \"eth0\"\nbridge = \"eth1\"").find("does not name the bond") !=
        std::string::npos);
  CHECK(refused("bond = \"a/b\"").find("a link's name or MAC address") != std::string::npos);
  CHECK(refused("bond = \"eth0\"\nbond_mode = \"active-backups\"")
            .find("did you mean 'active-backup'?") != std::string::npos);
}

TEST_CASE("case 13: the command line keeps the links of [network] out, and not its addresses") {
  NetworkConfig config = parsed("interface = \"eth0\"\nvlan = 43").network;
  CHECK(made(network_plan("vlan=eth1.7:eth1", config)) == Lines{"vlan eth1.7 id 7 over eth1"});
  CHECK(made(network_plan("ip=dhcp", config)).empty());
  config.address = {"192.0.2.5/24"};
  const NetworkPlan plan = network_plan("vlan=eth1.7:eth1", config);
  REQUIRE(plan_for(plan, {.index = 9, .name = "eth1.7"}));
  CHECK(plan.links[0].fixed.addresses.size() == 1);
}

TEST_CASE("case 13: a VLAN comes about over its card, which keeps its own plan") {
  const NetworkPlan plan =
      network_plan("vlan=eth0.43:eth0 ip=eth0.43:dhcp ip=192.0.2.5:::24::eth0:none", {});
  Kernel kernel{.links = {card(0)}};
  kernel.settle(plan);
  CHECK(kernel.calls ==
        Lines{"ip link set dev eth0 up", "ip link add link eth0 name eth0.43 type vlan id 43"});
  const auto above = plan_for(plan, kernel.at("eth0.43"));
  const auto below = plan_for(plan, kernel.at("eth0"));
  REQUIRE((above && below));
  CHECK(plan.links[*above].dhcp4);
  CHECK_FALSE(plan.links[*below].dhcp4);
}

TEST_CASE("case 13: a VLAN over a bond comes about in order, late members too") {
  const NetworkPlan plan =
      network_plan("", parsed("bond = [\"52:54:00:00:00:00\", \"enp0s1\"]\nvlan = 43").network);
  Kernel kernel{.links = {}};
  kernel.settle(plan);
  CHECK(kernel.calls.empty());
  kernel.links.push_back(card(1, true));
  kernel.settle(plan);
  CHECK(kernel.calls == Lines{"ip link add dev bond0 address 52:54:00:00:00:01 type bond",
                              "bond0/mode active-backup", "bond0/miimon 100",
                              "ip link set dev eth1 down", "ip link set dev eth1 master bond0",
                              "ip link set dev bond0 up",
                              "ip link add link bond0 name vlan43 type vlan id 43"});
  kernel.calls.clear();
  kernel.links.push_back(card(0));
  kernel.settle(plan);
  CHECK(kernel.calls == Lines{"ip link set dev eth0 master bond0"});
  // A bond whose maker died before it had configured it is configured again.
  Kernel again{.links = {card(0), {.index = 7, .name = "bond0"}}, .ours = {"bond0"}};
  again.settle(network_plan("bond=bond0:eth0:mode=4 ip=dhcp", {}));
  CHECK(again.calls ==
        Lines{"bond0/mode 4", "bond0/miimon 100", "ip link set dev eth0 master bond0"});
}

TEST_CASE("case 13: a bridge's ports are raised, a bond among them has its members first") {
  const NetworkPlan plan =
      network_plan("bridge=br0:bond0,eth2 bond=bond0:eth0:mode=1:9000 ip=dhcp", {});
  Kernel kernel{.links = {card(0), card(2)}};
  kernel.settle(plan);
  std::ranges::sort(kernel.calls);
  Lines expected{"ip link add dev bond0 address 52:54:00:00:00:00 type bond",
                 "ip link add dev br0 address 52:54:00:00:00:02 type bridge",
                 "ip link set dev eth2 master br0",
                 "ip link set dev eth2 up",
                 "bond0/mode 1",
                 "bond0/miimon 100",
                 "ip link set dev eth0 master bond0",
                 "ip link set dev bond0 mtu 9000",
                 "ip link set dev bond0 master br0",
                 "ip link set dev bond0 up"};
  std::ranges::sort(expected);
  CHECK(kernel.calls == expected);
  CHECK(plan_for(plan, kernel.at("br0")) == 0U);
  CHECK_FALSE(plan_for(plan, kernel.at("bond0")));
}

TEST_CASE("case 13: the topmost bond or bridge gets the MAC address of [network]") {
  const auto calls = [](const std::string& network) {
    Kernel kernel{.links = {card(0)}};
    kernel.settle(network_plan("", parsed(network).network));
    return join(kernel.calls, "\n");
  };
  const std::string mac = "mac = \"52-54-00-AA-BB-CC\"\n";
  const std::string given = " address 52:54:00:aa:bb:cc type ";
  CHECK(calls(mac + "bridge = \"eth0\"").find("dev br0" + given) != std::string::npos);
  CHECK(calls(mac + "bond = \"eth0\"\nvlan = 7").find("dev bond0" + given) != std::string::npos);
  const std::string both = calls(mac + "bond = \"eth0\"\nbridge = \"bond0\"");
  CHECK(both.find("dev br0" + given) != std::string::npos);
  CHECK(both.find("dev bond0 address 52:54:00:00:00:00 type") != std::string::npos);
  CHECK(refused(mac).find("[network] mac: it is that of a bond or bridge, and there is none") !=
        std::string::npos);
  for (const char* bad : {"53:54:00:00:00:01", "00:00:00:00:00:00", "eth0", "52:54:00"})
    CHECK(refused("bridge = \"eth0\"\nmac = \"" + std::string(bad) + "\"")
              .find("it is to be a link's MAC address") != std::string::npos);
}

TEST_CASE("case 13: a link that was there before is used as it is and takes in nobody") {
  const NetworkPlan plan = network_plan("bond=bond0:eth0 ip=dhcp", {});
  Kernel kernel{.links = {card(0), {.index = 7, .name = "bond0", .up = true}}};
  kernel.settle(plan);
  CHECK(kernel.calls.empty());
  CHECK(plan_for(plan, kernel.at("bond0")) == 0U);
  // A card that is part of somebody's bridge stays there.
  LinkFacts taken = card(0);
  taken.master = "virbr0";
  Kernel other{.links = {taken}};
  other.settle(plan);
  CHECK(other.calls.empty());
}

TEST_CASE("case 13: an empty bond that the driver made by itself takes in its members") {
  NetworkPlan plan = network_plan("bond=bond0:eth0 ip=dhcp", {});
  const LinkFacts bond{.index = 7, .name = "bond0"};
  Kernel kernel{.links = {card(0), bond}};
  kernel.settle(plan);
  CHECK(kernel.at("eth0").master == "bond0");
  // Nor is it what was waited for where its members never come.
  LinkFacts other = card(0);
  other.name = "eth1";
  const std::vector<LinkFacts> without{other, bond};
  CHECK(widen(plan, without) == Lines{"bond0"});
  CHECK(plan_for(plan, other));
}

TEST_CASE("case 13: a link that was made late takes the address from the card in its place") {
  NetworkPlan plan =
      network_plan("", parsed("interface = \"eno9\"\nvlan = 43\nmethod = \"static\"\n"
                              "address = [\"192.0.2.5/24\"]")
                           .network);
  LinkFacts other = card(0);
  other.carrier = true;
  REQUIRE_FALSE(widen(plan, std::vector{other}).empty());
  LinkFacts vlan{.index = 7, .name = "vlan43"};
  REQUIRE(plan_for(plan, other) == plan_for(plan, vlan));
  const std::size_t index = *plan_for(plan, vlan);
  CHECK(able_to_hold(plan, index, {{index, {other, vlan}}}).size() == 2);
  vlan.carrier = true;
  const auto able = able_to_hold(plan, index, {{index, {other, vlan}}});
  REQUIRE(able.size() == 1);
  CHECK(able[0].name == "vlan43");
}

TEST_CASE("case 13: what cannot be made gives way to every wired link") {
  // The card never appears.
  NetworkPlan absent = network_plan("", parsed("interface = \"eno9\"\nvlan = 43").network);
  const std::vector<LinkFacts> links{card(0)};
  CHECK_FALSE(plan_for(absent, links[0]));
  CHECK(widen(absent, links) == Lines{"vlan43"});
  CHECK(plan_for(absent, links[0]) == 0U);
  CHECK(absent.made.size() == 1);  // and still is made when the card comes late
  // The card is there, and the kernel cannot make the VLAN on it.
  NetworkPlan failed = network_plan("vlan=eth0.43:eth0 ip=eth0.43:dhcp", {});
  CHECK(widen(failed, links) == Lines{"eth0.43"});
  CHECK(plan_for(failed, links[0]));
  // It is there: nothing to give up.
  NetworkPlan good = network_plan("vlan=eth0.43:eth0 ip=dhcp", {});
  const std::vector<LinkFacts> both{card(0), {.index = 7, .name = "eth0.43"}};
  CHECK(widen(good, both).empty());
  CHECK_FALSE(plan_for(good, both[0]));
}

TEST_CASE("case 13: what was made is written down in its order, and taken back when it is theirs") {
  CHECK(made_line("bond0", true) == "made bond0");
  CHECK(parse_made("made bond0\nmade vlan43\nmade br0\ntheirs br0\nmade\nmade a/b\nx y\n") ==
        Lines{"bond0", "vlan43"});
  CHECK(parse_made("made br0\ntheirs br0\nmade br0\n") == Lines{"br0"});
  CHECK(join(delete_command("bond0"), " ") == "ip link del dev bond0");
}

TEST_CASE("the image gets the modules of what is made, and only these") {
  const auto modules = [](const std::string& cmdline) {
    return join(link_modules(network_plan(cmdline, {}).made), " ");
  };
  CHECK(modules("ip=dhcp").empty());
  CHECK(modules("ip=dhcp vlan=a1:eth0 vlan=a2:eth0") == "8021q");
  CHECK(modules("bond=bond0:eth0 vlan=a1:bond0 bridge=br0:eth1") == "bonding 8021q bridge");
  // Without this, loading it makes a bond0 that nobody asked for.
  CHECK(join(module_words(VirtualLink::Kind::bond), " ") == "bonding max_bonds=0");
}
