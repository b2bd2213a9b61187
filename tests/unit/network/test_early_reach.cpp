// SPDX-License-Identifier: GPL-3.0-or-later
// Whether `check` sees that early boot would come up where nobody looks for it.
#include "core/base/message.hpp"
#include "core/network/early_reach.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

std::string address(const std::string& local, const std::string& more = "") {
  return R"({"family":"inet","local":")" + local + R"(","prefixlen":24,"scope":"global")" + more +
         "}";
}

const std::string lent = R"(,"dynamic":true)";
const std::string moved = R"(,"protocol":"keepalived")";

// `ens3` has the default route; `eno2` leads nowhere else.
IpTexts machine(const std::string& ens3, const std::string& eno2 = "",
                const std::string& link = R"("parentbus":"virtio")") {
  return {R"([{"ifname":"ens3","address":"52:54:00:12:34:56","addr_info":[)" + ens3 +
              R"(]},{"ifname":"eno2","address":"52:54:00:12:34:57","addr_info":[)" + eno2 + "]}]",
          R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3"}])", "",
          R"([{"ifname":"ens3","mtu":1500,"address":"52:54:00:12:34:56",)" + link +
              R"(},{"ifname":"eno2","mtu":1500,"address":"52:54:00:12:34:57"}])",
          ""};
}

const std::string vlan_link =
    R"("link":"eno2","linkinfo":{"info_kind":"vlan","info_data":{"protocol":"802.1Q","id":43}})";

NetworkConfig fixed(const std::string& text) {
  NetworkConfig out;
  out.method = NetworkConfig::Method::fixed;
  out.address = {text};
  out.gateway = {"192.0.2.1"};
  return out;
}

std::string judged(const NetworkConfig& config, const IpTexts& now, const std::string& cmdline = "",
                   bool meant = false) {
  const auto found = out_of_reach(network_plan(cmdline, config), now, meant);
  if (!found) return "";
  return (found->level == Finding::Level::error ? "error: " : "warning: ") + sentence(found->text);
}

}  // namespace

TEST_CASE(
    "DHCP by default on a machine with a static address is an error that says what to write") {
  const IpTexts now = machine(address("192.0.2.10"));
  CHECK(
      judged({}, now) ==
      "error: early boot asks a DHCP server for its address, and 'ens3' has 192.0.2.10/24 without "
      "one: unless that server gives the same one, nobody reaches early ssh");
  CHECK(out_of_reach(network_plan("", {}), now, false)->text.hint ==
        "write into [network] of latchkey.conf: method = \"static\", interface = "
        "\"52:54:00:12:34:56\", address = \"192.0.2.10/24\", "
        "gateway = \"192.0.2.1\" (see latchkey.conf(5)); then: update-initramfs -u -k all");
  // Its owner asked for it.
  CHECK(judged({}, now, "ip=dhcp", true).starts_with("warning: early boot asks a DHCP server"));
}

TEST_CASE("what to write is all that init would") {
  IpTexts now = machine(address("192.0.2.10"), "", R"("linkinfo":{"info_kind":"bridge"})");
  now.links.replace(now.links.rfind("}]"), 1, R"(,"master":"ens3"})");
  CHECK(out_of_reach(network_plan("", {}), now, false)
            ->text.hint.starts_with(
                "write into [network] of latchkey.conf: method = \"static\", "
                "bridge = \"52:54:00:12:34:57\", mac = \"52:54:00:12:34:56\", address = "));
}

TEST_CASE("a network that comes up as the running one is no finding") {
  const IpTexts now = machine(address("192.0.2.10"));
  CHECK(judged(fixed("192.0.2.10/24"), now).empty());
  CHECK(judged({}, now, "ip=192.0.2.10::192.0.2.1:24::ens3:none").empty());
  // Reached over another card, as a login over it made init write.
  CHECK(judged(fixed("198.51.100.7/24"), machine(address("192.0.2.10"), address("198.51.100.7")))
            .empty());
}

TEST_CASE("machines that say nothing certain about their network raise no alarm") {
  CHECK(judged({}, IpTexts{}).empty());                              // no `ip`, no network
  CHECK(judged({}, machine(address("192.0.2.10", lent))).empty());   // DHCP alone
  CHECK(judged({}, machine(address("192.0.2.10", moved))).empty());  // keepalived's alone
  CHECK(judged({}, machine(address("192.0.2.10"), address("10.0.0.2", lent))).empty());
  CHECK(judged({}, machine(address("192.0.2.10", lent) + "," + address("192.0.2.50", moved)))
            .empty());
  NetworkConfig none;
  none.method = NetworkConfig::Method::none;
  CHECK(judged(none, machine(address("192.0.2.10"))).empty());
  CHECK(judged({}, machine(address("192.0.2.10")), "ip=off").empty());  // told elsewhere
}

// It asks on that card alone, and for ever.
TEST_CASE("DHCP on a card with a fixed address is no better for another card's lease") {
  const IpTexts now = machine(address("192.0.2.10"), address("10.0.0.2", lent));
  const std::string told =
      "error: early boot asks a DHCP server for its address, and 'ens3' has 192.0.2.10/24 without "
      "one: unless that server gives the same one, nobody reaches early ssh";
  for (const char* card : {"52:54:00:12:34:56", "ens3"}) {
    NetworkConfig config;
    config.interface = card;
    CHECK(judged(config, now) == told);
  }
  for (const char* card : {"52:54:00:12:34:57", "eno2", "eth7"}) {
    NetworkConfig config;
    config.interface = card;
    CHECK(judged(config, now).empty());
  }
}

TEST_CASE("an address that this machine has not is doubtful") {
  CHECK(
      judged(fixed("192.0.2.99/24"), machine(address("192.0.2.10")))
          .starts_with("warning: early boot has 192.0.2.99/24, and 'ens3' has 192.0.2.10/24 now"));
}

TEST_CASE("a fixed address of before a move is missed where the machine has a lease by now") {
  const IpTexts now = machine(address("192.0.2.10", lent));
  const std::string told =
      "warning: early boot has 198.51.100.7/24, and this machine has 192.0.2.10/24 now, of another "
      "network: nobody reaches early ssh under an address that its network does not know";
  CHECK(judged(fixed("198.51.100.7/24"), now) == told);
  CHECK(out_of_reach(network_plan("", fixed("198.51.100.7/24")), now, true)
            ->text.hint.starts_with("unless that is meant, write into [network] of latchkey.conf: "
                                    "method = \"dhcp\""));
  CHECK(judged({}, now, "ip=198.51.100.7::198.51.100.1:24::ens3:none") == told);
  CHECK(judged(fixed("192.0.2.99/24"), now).empty());   // chosen for early boot
  CHECK(judged(fixed("192.0.2.99/32"), now).empty());   // by a gateway out of its subnet
  CHECK(judged(fixed("2001:db8::9/64"), now).empty());  // of the other family
  NetworkConfig tagged = fixed("198.51.100.7/24");
  tagged.interface = "eno2";
  tagged.vlan = 43;
  CHECK(judged(tagged, now).empty());  // a network that only early boot is in
  NetworkConfig other = fixed("198.51.100.7/24");
  other.interface = "52:54:00:12:34:57";
  CHECK(judged(other, now).empty());  // by a card that only early boot uses
  other.interface = "eno2";
  CHECK(judged(other, now).empty());
  other.interface = "ens3";
  CHECK(judged(other, now) == told);
  other.interface = "eth7";  // of the machine before this one
  CHECK(judged(other, now) == told);
  NetworkConfig both = fixed("198.51.100.7/24");
  both.address.push_back("192.0.2.20/24");  // for the time of a move
  CHECK(judged(both, now).empty());
}

TEST_CASE("a VLAN that early boot does not make is missed") {
  NetworkConfig tagged = fixed("192.0.2.10/24");
  tagged.interface = "eno2";
  tagged.vlan = 43;
  const IpTexts now = machine(address("192.0.2.10"), "", vlan_link);
  CHECK(judged(tagged, now).empty());
  CHECK(judged(fixed("192.0.2.10/24"), now)
            .starts_with("error: early boot makes no VLAN 43, over which 'ens3' is reached now"));
  CHECK(judged({}, machine(address("192.0.2.10", lent), "", vlan_link), "", true)
            .starts_with("warning: early boot makes no VLAN 43"));
}

namespace {

const std::string card_alone = R"({"ifname":"ens3","mtu":1500,"address":"52:54:00:12:34:56"})";
const std::string default_over = R"([{"dst":"default","gateway":"192.0.2.1","dev":")";

std::string with_address(const std::string& link, const std::string& text) {
  return R"({"ifname":")" + link + R"(","addr_info":[)" + address(text) + "]}";
}

std::string of_kind(const std::string& link, const std::string& kind,
                    const std::string& more = "") {
  return R"({"ifname":")" + link + R"(","linkinfo":{"info_kind":")" + kind + R"("})" + more + "}";
}

// A machine that is reached at 192.0.2.10 over `link`, of a kind that early boot cannot make.
IpTexts reached_over(const std::string& link, const std::string& links) {
  return {"[" + with_address(link, "192.0.2.10") + "]", default_over + link + "\"}]", "",
          "[" + links + "]", ""};
}

}  // namespace

TEST_CASE("an address of its own is missed though init could not say how it is reached") {
  const auto missed = [](const IpTexts& now, const std::string& link) {
    return judged({}, now).starts_with(
        "error: early boot asks a DHCP server for its address, and '" + link +
        "' has 192.0.2.10/24 without one");
  };
  const std::string member = R"({"ifname":"ens3","address":"52:54:00:12:34:56","master":")";
  CHECK(
      missed(reached_over("mv0", card_alone + "," + of_kind("mv0", "macvlan", R"(,"link":"ens3")")),
             "mv0"));
  CHECK(missed(reached_over("ex", member + "ovs-system\"}," + of_kind("ex", "openvswitch")), "ex"));
  CHECK(missed(reached_over("team0", member + "team0\"}," + of_kind("team0", "team")), "team0"));
  const std::string two_tags = of_kind("q", "vlan", R"(,"link":"team0")");
  CHECK(missed(reached_over("q", member + "team0\"}," + of_kind("team0", "team") + "," + two_tags),
               "q"));
}

TEST_CASE("an address of its own is missed on a card without the default route") {
  const std::string told =
      "error: early boot asks a DHCP server for its address, and 'ens3' has 192.0.2.10/24";
  // A tunnel has the default route.
  IpTexts tunnel{
      "[" + with_address("wg0", "10.9.0.2") + "," + with_address("ens3", "192.0.2.10") + "]",
      R"([{"dst":"default","dev":"wg0"}])", "",
      "[" + card_alone + "," + of_kind("wg0", "wireguard") + "]", ""};
  CHECK(judged({}, tunnel).starts_with(told));
  CHECK(judged(fixed("192.0.2.10/24"), tunnel).empty());
  // Nothing has: one card with an address, or two of them.
  IpTexts lan = machine(address("192.0.2.10"));
  lan.routes4 = R"([{"dst":"192.0.2.0/24","dev":"ens3","protocol":"kernel","scope":"link"}])";
  CHECK(judged({}, lan).starts_with(told));
  lan = machine(address("192.0.2.10"), address("198.51.100.7"));
  lan.routes4.clear();
  CHECK(judged({}, lan).starts_with(told));
  CHECK(out_of_reach(network_plan("", {}), lan, false)
            ->text.hint.starts_with("write into [network] of latchkey.conf: method = \"static\", "
                                    "address = \"192.0.2.10/24\""));
  CHECK(judged(fixed("198.51.100.7/24"), lan).empty());
}

TEST_CASE("addresses that no card of this machine has are none of its own") {
  const std::string guests = "[" + card_alone + "," + of_kind("docker0", "bridge") + "]";
  IpTexts now{"[" + with_address("docker0", "172.17.0.1") + "]", "", "", guests, ""};
  CHECK(judged({}, now).empty());
  now.addresses = "[" + with_address("wg0", "10.9.0.2") + "]";
  now.routes4 = R"([{"dst":"default","dev":"wg0"}])";
  now.links = "[" + of_kind("wg0", "wireguard") + "]";
  CHECK(judged({}, now).empty());
}

TEST_CASE("a machine with nothing but WLAN is told that nobody reaches it") {
  IpTexts now = machine(address("192.0.2.10", lent));
  now.wireless = {"ens3"};
  const std::string alone =
      "this machine is reached over 'ens3' alone, a wireless card: nobody reaches early ssh: early "
      "boot has no WLAN; it tries DHCP on every wired interface";
  CHECK(judged({}, now) == "error: " + alone);
  CHECK(judged(fixed("192.0.2.10/24"), now) == "warning: " + alone);
  // A cable is in.
  now = machine(address("192.0.2.10", lent), address("198.51.100.7", lent));
  now.wireless = {"ens3"};
  CHECK(judged({}, now).empty());
}

TEST_CASE("DHCP by another client identifier than now is doubtful") {
  IpTexts now = machine(address("192.0.2.10", lent));
  now.leases = {{"ens3", "ffb6220f"}};
  const std::string told =
      "warning: early boot asks the DHCP server by another client identifier than 'ens3' did: a "
      "server that goes by it gives early ssh another address than this machine has now";
  CHECK(judged({}, now) == told);
  CHECK(out_of_reach(network_plan("", {}), now, false)->text.hint ==
        "write into [network] of latchkey.conf: client_id = \"ffb6220f\" (see latchkey.conf(5)); "
        "then: update-initramfs -u -k all");
  NetworkConfig same;
  same.client_id = "ffb6220f";
  CHECK(judged(same, now).empty());
  CHECK(judged({}, now, "ip=:::::ens3:dhcp,0,x") == told);
  now.leases = {{"ens3", "01525400123456"}};
  CHECK(judged({}, now).empty());
  // dhcpcd's, which is not known: any that is written was chosen.
  now.leases = {{"ens3", ""}};
  CHECK(judged({}, now) == told);
  CHECK(judged(same, now).empty());
}

TEST_CASE("case 13: a bridge with another MAC address than now is doubtful") {
  const IpTexts now =
      machine(address("192.0.2.10", lent), "", R"("linkinfo":{"info_kind":"bridge"})");
  NetworkConfig config;
  config.bridge = {"52:54:00:12:34:57"};
  const std::string told =
      "warning: early boot has the MAC address 52:54:00:12:34:57 where 'ens3' has "
      "52:54:00:12:34:56: a DHCP server that goes by it gives another address, and a switch may "
      "let nothing through";
  CHECK(judged(config, now) == told);
  CHECK(out_of_reach(network_plan("", config), now, false)->text.hint ==
        "write into [network] of latchkey.conf: mac = \"52:54:00:12:34:56\" (see "
        "latchkey.conf(5)); then: update-initramfs -u -k all");
  CHECK(judged({}, now, "bridge=br0:eno2 ip=dhcp") == told);
  CHECK(judged({}, now, "bond=bond0:eno2 bridge=br0:bond0 ip=dhcp") == told);
  config.mac = "52:54:00:12:34:56";
  CHECK(judged(config, now).empty());
  CHECK(judged({}, now, "bridge=br0:eno9 ip=dhcp").empty());  // not known
  CHECK(judged({}, now).empty());                             // nothing is made
}

TEST_CASE("an address from a DHCPv6 server alone is an error until it is written down") {
  const IpTexts now = machine(
      R"({"family":"inet6","local":"2001:db8::5","prefixlen":128,"scope":"global","dynamic":true})");
  const std::string told =
      "error: early boot has no address: the only one of 'ens3', 2001:db8::5, is from a DHCPv6 "
      "server";
  CHECK(judged({}, now).starts_with(told));
  CHECK(judged({}, now, "ip=ens3:dhcp6").starts_with(told));
  CHECK(judged(fixed("2001:db8::5/128"), now).empty());
  CHECK(judged(fixed("192.0.2.10/24"), now).empty());  // chosen for early boot
}

TEST_CASE("an address that may float is none to be written down") {
  const std::string floating =
      R"(,{"family":"inet","local":"192.0.2.100","prefixlen":32,"scope":"global"})";
  CHECK(judged({}, machine(address("192.0.2.10") + floating))
            .starts_with("error: early boot asks a DHCP server for its address, and 'ens3' has "
                         "192.0.2.10/24 without one"));
}

TEST_CASE("a gateway that early boot has not is missed") {
  IpTexts now = machine(address("192.0.2.10"));
  NetworkConfig bare = fixed("192.0.2.10/24");
  bare.gateway.clear();
  const std::string why =
      ": nobody from outside of that subnet reaches early ssh under this address";
  CHECK(judged(bare, now) ==
        "warning: early boot has 192.0.2.10/24 and no gateway; this machine goes over 192.0.2.1" +
            why);
  CHECK(judged(fixed("192.0.2.10/24"), now).empty());
  now.routes4 = R"([{"dst":"default","via":{"family":"inet6","host":"fe80::1"},"dev":"ens3"}])";
  CHECK(judged(bare, now) ==
        "warning: early boot has 192.0.2.10/24 and no gateway; this machine goes over the IPv6 "
        "gateway fe80::1, which [network] cannot say for IPv4" +
            why);
  CHECK(judged({}, now, "ip=192.0.2.10::192.0.2.1:24::ens3:none").empty());
  // Only the other family is announced, or there is no way at all.
  now.routes4.clear();
  CHECK(judged(bare, now).empty());
  now.routes6 = R"([{"dst":"default","gateway":"fe80::1","dev":"ens3","protocol":"ra"}])";
  CHECK(judged(bare, now).empty());
}

TEST_CASE("DHCP where the address is lent without end is as it should be") {
  IpTexts now = machine(address("192.0.2.10"));
  now.routes4 = R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3","protocol":"dhcp"}])";
  CHECK(judged({}, now).empty());
  now = machine(address("192.0.2.10"));
  now.lent = {"192.0.2.10"};
  CHECK(judged({}, now).empty());
}
