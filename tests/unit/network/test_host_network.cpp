// SPDX-License-Identifier: GPL-3.0-or-later
// From what `ip -j` prints to [network].
#include "core/network/host_network.hpp"
#include "support/catch.hpp"
#include "support/host_texts.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("case 6: an address from a DHCP server gives DHCP on the card with this MAC address") {
  const IpTexts texts{
      card(R"({"family":"inet","local":"10.0.2.15","prefixlen":24,"scope":"global",)"
           R"("dynamic":true},{"family":"inet6","local":"fec0::1","prefixlen":64,)"
           R"("scope":"global","dynamic":true,"mngtmpaddr":true},)" +
           link_local),
      R"([{"dst":"default","gateway":"10.0.2.2","dev":"ens3","protocol":"dhcp","metric":100}])",
      R"([{"dst":"default","gateway":"fe80::2","dev":"ens3","protocol":"ra","metric":1024}])",
      plain_link};
  CHECK(said(host_network(texts)) ==
        "dhcp on 52:54:00:12:34:56 reached at 10.0.2.15, fec0::5054:ff:fe12:3456");
}

TEST_CASE("case 6: a card without a MAC address of its own is written down by its name") {
  IpTexts texts{card(lasting("192.0.2.10", "24")), via_one, "", plain_link};
  texts.drawn = {"ens3"};
  CHECK(said(host_network(texts)) == "static on ens3" + reached);
  texts.addresses = card(lasting("192.0.2.10", "24", R"(,"dynamic":true)"));
  CHECK(said(host_network(texts)) ==
        "dhcp on ens3 reached at 192.0.2.10 | early boot may get another address than 'ens3' has "
        "now: the card has no MAC address of its own, and asks the DHCP server with a new one each "
        "time");
  // The server goes by what the running system told it, which early boot can tell it too.
  texts.leases = {{"ens3", "01525400123456"}};
  CHECK(said(host_network(texts)) == "dhcp on ens3 reached at 192.0.2.10");
  CHECK(host_network(texts).config.client_id == "01525400123456");
}

TEST_CASE("case 6: members of a bond without MAC addresses of their own have their names") {
  const std::string part_of = R"(,"master":"bond0")";
  IpTexts texts{card(lasting("192.0.2.10", "24"), "bond0"),
                R"([{"dst":"default","gateway":"192.0.2.1","dev":"bond0"}])", "",
                "[" + part("ens3", 3, part_of) + "," + part("ens4", 4, part_of) +
                    R"(,{"ifname":"bond0","mtu":1500,"address":"52:54:00:00:00:04","linkinfo":)"
                    R"({"info_kind":"bond","info_data":{"mode":"active-backup"}}}])"};
  texts.drawn = {"ens3"};
  CHECK(host_network(texts).config.bond == std::vector<std::string>{"ens3", "52:54:00:00:00:04"});
}

TEST_CASE("a static address comes with its gateway, an announced IPv6 address stays out") {
  const IpTexts texts{
      card(R"({"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global"},)"
           R"({"family":"inet6","local":"2001:db8::5","prefixlen":64,"scope":"global",)"
           R"("dynamic":true},)" +
           link_local),
      R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3","flags":["onlink"]}])",
      R"([{"dst":"default","gateway":"fe80::1","dev":"ens3","protocol":"ra","metric":1024}])",
      plain_link};
  CHECK(said(host_network(texts)) ==
        "static on 52:54:00:12:34:56 192.0.2.10/24 via 192.0.2.1 "
        "reached at 192.0.2.10, 2001:db8::5054:ff:fe12:3456");
}

TEST_CASE("case 12: static IPv6 alone is enough, also with a gateway of the link") {
  const IpTexts texts{
      card(R"({"family":"inet6","local":"2001:db8::2","prefixlen":64,"scope":"global"},)" +
           link_local),
      "", R"([{"dst":"default","gateway":"fe80::1","dev":"ens3","protocol":"static"}])",
      plain_link};
  CHECK(said(host_network(texts)) ==
        "static on 52:54:00:12:34:56 2001:db8::2/64 via fe80::1 reached at 2001:db8::2");
}

TEST_CASE("a /32 address with a gateway outside of it is kept, and so is an unusual MTU") {
  const IpTexts texts{
      card(R"({"family":"inet","local":"203.0.113.7","prefixlen":32,"scope":"global"})"),
      R"([{"dst":"default","gateway":"172.31.1.1","dev":"ens3"},)"
      R"({"dst":"172.31.1.1","dev":"ens3","scope":"link"}])",
      "[]", R"([{"ifname":"ens3","mtu":1400,"address":"52:54:00:12:34:56"}])"};
  CHECK(said(host_network(texts)) ==
        "static on 52:54:00:12:34:56 203.0.113.7/32 via 172.31.1.1 mtu 1400 "
        "reached at 203.0.113.7");
}

TEST_CASE("DHCP for IPv4 goes together with a lasting IPv6 address") {
  const IpTexts texts{
      card(R"({"family":"inet","local":"10.0.2.15","prefixlen":24,"scope":"global",)"
           R"("dynamic":true},{"family":"inet6","local":"2001:db8::2","prefixlen":64,)"
           R"("scope":"global"})"),
      R"([{"dst":"default","gateway":"10.0.2.2","dev":"ens3"}])",
      R"([{"dst":"default","gateway":"2001:db8::1","dev":"ens3"}])", plain_link};
  CHECK(said(host_network(texts)) ==
        "dhcp on 52:54:00:12:34:56 2001:db8::2/64 via 2001:db8::1 "
        "reached at 10.0.2.15, 2001:db8::2");
}

TEST_CASE("of several default routes the one with the lowest metric counts") {
  const IpTexts texts{
      R"([{"ifname":"a0","address":"52:54:00:00:00:0a","addr_info":[{"family":"inet",)"
      R"("local":"192.0.2.10","prefixlen":24,"scope":"global"}]},)"
      R"({"ifname":"b0","address":"52:54:00:00:00:0b","addr_info":[{"family":"inet",)"
      R"("local":"198.51.100.10","prefixlen":24,"scope":"global"}]}])",
      R"([{"dst":"default","gateway":"192.0.2.1","dev":"a0","metric":200},)"
      R"({"dst":"default","gateway":"198.51.100.1","dev":"b0","metric":100}])",
      "",
      R"([{"ifname":"a0","address":"52:54:00:00:00:0a"},)"
      R"({"ifname":"b0","address":"52:54:00:00:00:0b"}])"};
  CHECK(said(host_network(texts)) ==
        "static on 52:54:00:00:00:0b 198.51.100.10/24 via 198.51.100.1 reached at 198.51.100.10");
}

namespace {

// The network of a machine whose default route is over `link`.
std::string over(const std::string& link, const std::string& links) {
  const std::string address =
      R"({"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global"})";
  return said(host_network({card(address, link),
                            R"([{"dst":"default","gateway":"192.0.2.1","dev":")" + link + "\"}]",
                            "", "[" + links + "]"}));
}

}  // namespace

TEST_CASE("case 13: a VLAN, a bond, a bridge under the default route are written down") {
  const std::string vlan =
      R"({"ifname":"ens3.43","link":"ens3","address":"52:54:00:00:00:03",)"
      R"("linkinfo":{"info_kind":"vlan","info_data":{"protocol":"802.1Q","id":43}}})";
  CHECK(over("ens3.43", part("ens3", 3) + "," + vlan) ==
        "static on 52:54:00:00:00:03 vlan 43" + reached);
  // Members are named by their own address, not by that of the bond.
  const std::string bond =
      part("ens3", 3, R"(,"master":"bond0")") + "," +
      part("ens4", 3, R"(,"permaddr":"52:54:00:00:00:04","master":"bond0")") + "," +
      part("bond0", 3, R"(,"linkinfo":{"info_kind":"bond","info_data":{"mode":"802.3ad"}})");
  CHECK(over("bond0", bond) == "static bond 52:54:00:00:00:03,52:54:00:00:00:04 802.3ad" + reached);
  CHECK(over("b.7", bond + R"(,{"ifname":"b.7","link":"bond0","linkinfo":{"info_kind":"vlan",)"
                           R"("info_data":{"id":7}}})") ==
        "static vlan 7 bond 52:54:00:00:00:03,52:54:00:00:00:04 802.3ad" + reached);
  // The guests of a host are no part of the way to it.
  CHECK(over("vmbr0", part("ens3", 3, R"(,"master":"vmbr0")") + "," +
                          part("tap1", 1, R"(,"master":"vmbr0","linkinfo":{"info_kind":"tun"})") +
                          "," + part("vmbr0", 3, R"(,"linkinfo":{"info_kind":"bridge"})")) ==
        "static bridge 52:54:00:00:00:03" + reached);
  // Nor is what is there for them.
  for (const char* kind : {"dummy", "vxlan", "gretap", "veth"})
    CHECK(over("br0", part("ens3", 3, R"(,"master":"br0")") + "," +
                          part("d0", 1,
                               R"(,"master":"br0","linkinfo":{"info_kind":")" + std::string(kind) +
                                   "\"}") +
                          "," + part("br0", 3, R"(,"linkinfo":{"info_kind":"bridge"})")) ==
          "static bridge 52:54:00:00:00:03" + reached);
  CHECK(over("vmbr0", part("ens3", 3) + "," +
                          part("ens3.43", 3,
                               R"(,"link":"ens3","master":"vmbr0","linkinfo":)"
                               R"({"info_kind":"vlan","info_data":{"id":43}})") +
                          "," + part("vmbr0", 3, R"(,"linkinfo":{"info_kind":"bridge"})")) ==
        "static on 52:54:00:00:00:03 vlan 43 bridge vlan43" + reached);
}

TEST_CASE("case 13: of a bridge that filters VLANs the numbers on the wire are written down") {
  const auto of = [](const std::string& link, const std::string& vlans) {
    const std::string bridge =
        part("ens3", 3, R"(,"master":"vmbr0")") + "," +
        part("vmbr0", 3, R"(,"linkinfo":{"info_kind":"bridge","info_data":{"vlan_filtering":1}})") +
        "," +
        part("vmbr0.200", 3,
             R"(,"link":"vmbr0","linkinfo":{"info_kind":"vlan","info_data":{"id":200}})");
    IpTexts texts{
        card(R"({"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global"})", link),
        R"([{"dst":"default","gateway":"192.0.2.1","dev":")" + link + "\"}]", "",
        "[" + bridge + "]"};
    texts.bridge_vlans = "[" + vlans + "]";
    return said(host_network(texts));
  };
  const std::string untagged = R"({"vlan":200,"flags":["PVID","Egress Untagged"]})";
  const std::string usual = R"({"vlan":1,"flags":["PVID","Egress Untagged"]})";
  const auto port = [](const std::string& name, const std::string& vlans) {
    return R"({"ifname":")" + name + R"(","vlans":[)" + vlans + "]}";
  };
  const std::string bridged = " bridge 52:54:00:00:00:03" + reached;
  CHECK(of("vmbr0.200", port("ens3", untagged)) == "static" + bridged);
  CHECK(of("vmbr0.200", port("ens3", usual + R"(,{"vlan":2,"vlanEnd":4094})")) ==
        "static vlan 200" + bridged);
  CHECK(of("vmbr0", port("ens3", usual) + "," + port("vmbr0", usual)) == "static" + bridged);
  // The bridge's own frames leave with a tag.
  CHECK(of("vmbr0", port("ens3", R"({"vlan":100})") + "," +
                        port("vmbr0", R"({"vlan":100,"flags":["PVID","Egress Untagged"]})")) ==
        "static vlan 100" + bridged);
  // Nobody knows.
  CHECK(of("vmbr0.200", R"([1],{"ifname":"ens3","vlans":[3,{"vlan":"x"}]})") ==
        "static vlan 200" + bridged);
}

TEST_CASE("where the others of the subnet are reached by the gateway, early boot does the same") {
  IpTexts texts{
      card(R"({"family":"inet","local":"192.0.2.104","prefixlen":26,"scope":"global"})", "ens3"),
      R"([{"dst":"default","gateway":"192.0.2.65","dev":"ens3"},)"
      R"({"dst":"192.0.2.64/26","gateway":"192.0.2.65","dev":"ens3"},)"
      R"({"dst":"192.0.2.64/26","dev":"ens3","protocol":"kernel","scope":"link"}])",
      "", "[" + part("ens3", 3) + "]"};
  const std::string all = said(host_network(texts));
  INFO(all);
  CHECK(all.find("192.0.2.104/32 via 192.0.2.65") != std::string::npos);
}

// Early boot's bridges speak no STP, and both cards may lead to one network.
TEST_CASE("case 13: a bridge of two cards that speaks STP becomes a bond, not a loop") {
  const auto bridged = [](const std::string& info) {
    return over("br0", part("ens3", 3, R"(,"master":"br0")") + "," +
                           part("ens4", 4, R"(,"master":"br0")") + "," +
                           part("br0", 3, R"(,"linkinfo":{"info_kind":"bridge")" + info + "}"));
  };
  CHECK(bridged(R"(,"info_data":{"stp_state":1})") ==
        "static bond 52:54:00:00:00:03,52:54:00:00:00:04 active-backup" + reached);
  for (const char* info : {R"(,"info_data":{"stp_state":0})", ""})
    CHECK(bridged(info) == "static bridge 52:54:00:00:00:03,52:54:00:00:00:04" + reached);
}

TEST_CASE("case 13: a bridge or bond keeps the MAC address that no card of it has") {
  const std::string bridged = part("ens3", 3, R"(,"master":"br0")") + ",";
  const std::string bridge = R"(,"linkinfo":{"info_kind":"bridge"})";
  CHECK(over("br0", bridged + part("br0", 9, bridge)) ==
        "static bridge 52:54:00:00:00:03 mac 52:54:00:00:00:09" + reached);
  const std::string bond =
      part("ens3", 9, R"(,"permaddr":"52:54:00:00:00:03","master":"b")") + "," +
      part("b", 9, R"(,"linkinfo":{"info_kind":"bond","info_data":{"mode":"802.3ad"}})");
  CHECK(over("b", bond) == "static bond 52:54:00:00:00:03 802.3ad mac 52:54:00:00:00:09" + reached);
  // A VLAN shows that of what it lies on.
  CHECK(over("b.7",
             bond + "," +
                 part("b.7", 9,
                      R"(,"link":"b","linkinfo":{"info_kind":"vlan","info_data":{"id":7}})")) ==
        "static vlan 7 bond 52:54:00:00:00:03 802.3ad mac 52:54:00:00:00:09" + reached);
}

TEST_CASE("what early boot cannot make is named, with what lies below it") {
  CHECK(over("ens3.43", R"({"ifname":"ens3.43","link":"ens3.2","linkinfo":{"info_kind":"vlan",)"
                        R"("info_data":{"id":43}}},{"ifname":"ens3.2","link":"ens3","linkinfo":)"
                        R"({"info_kind":"vlan","info_data":{"id":2}}},)" +
                            part("ens3", 3)) ==
        "dhcp reached at 192.0.2.10 | the network is reached over 'ens3.43', a VLAN over 'ens3.2': "
        "early boot cannot make this one; early boot will try DHCP on every wired interface");
}

TEST_CASE("under a team, a switch or a macvlan the cards get the address, with a warning") {
  const auto told = [](const std::string& what, const std::string& instead) {
    return reached + " | the network is reached over " + what +
           ": early boot cannot make this one; it will have the address on " + instead + " instead";
  };
  const auto other_mac = [](const std::string& link) {
    return " | early boot has the card's own MAC address 52:54:00:00:00:03 where '" + link +
           "' has 52:54:00:00:00:04: a switch or provider that goes by it may let nothing through";
  };
  const std::string member = part("ens3", 3, R"(,"master":"team0")") + ",";
  const std::string team = part("team0", 3, R"(,"linkinfo":{"info_kind":"team"})");
  CHECK(over("team0", member + team) ==
        "static on 52:54:00:00:00:03" + told("'team0', a team over 'ens3'", "'ens3'"));
  CHECK(over("team0", part("ens1", 1) + "," + member + part("ens4", 4, R"(,"master":"team0")") +
                          "," + team) ==
        "static bond 52:54:00:00:00:03,52:54:00:00:00:04 active-backup" +
            told("'team0', a team over 'ens3', 'ens4'", "'ens3', 'ens4'"));
  const std::string plugged = part("ens3", 3, R"(,"master":"ovs-system")") + ",";
  const std::string ex = part("ex", 4, R"(,"linkinfo":{"info_kind":"openvswitch"})");
  CHECK(over("ex", part("ens1", 1) + "," + plugged + ex) ==
        "static on 52:54:00:00:00:03" + told("'ex', an openvswitch", "'ens3'") + other_mac("ex"));
  // Each may be of another switch.
  CHECK(over("ex", plugged + part("ens5", 5, R"(,"master":"ovs-system")") + "," + ex) ==
        "static" + told("'ex', an openvswitch", "a wired interface"));
  CHECK(over("mv0", part("ens3", 3) + "," +
                        part("mv0", 4, R"(,"link":"ens3","linkinfo":{"info_kind":"macvlan"})")) ==
        "static on 52:54:00:00:00:03" + told("'mv0', a macvlan over 'ens3'", "'ens3'") +
            other_mac("mv0"));
}

namespace {

std::string of_address(const std::string& infos) {
  return said(host_network({card(infos), via_one, "", plain_link}));
}

std::string without(const std::string& addresses) {
  return " | early boot will not have " + addresses +
         " of 'ens3': an address that floats between machines must not be there twice, and one is "
         "enough to be reached";
}

}  // namespace

TEST_CASE("an address that floats between machines is not copied, one of a family stays") {
  const std::string own = lasting("192.0.2.10", "24");
  CHECK(of_address(own) == own_address);
  for (const char* more : {R"(,"secondary":true)", R"(,"protocol":"keepalived")",
                           R"(,"protocol":18)", R"(,"protocol":"18")"}) {
    const std::string floating = lasting("192.0.2.100", "24", more);
    CHECK(of_address(floating + "," + own) == own_address + without("192.0.2.100/24"));
    CHECK(of_address(own + "," + floating) == own_address + without("192.0.2.100/24"));
  }
  CHECK(of_address(lasting("192.0.2.100", "32") + "," + own + "," + lasting("10.0.0.1", "8")) ==
        own_address + without("192.0.2.100/32, 10.0.0.1/8"));
  // The one that the gateway is near to; whose protocol is the kernel's is its own.
  CHECK(of_address(lasting("10.0.0.1", "8") + "," +
                   lasting("192.0.2.10", "24", R"(,"protocol":"kernel_ra")")) ==
        own_address + without("10.0.0.1/8"));
  // Alone it is better than none.
  CHECK(of_address(lasting("192.0.2.10", "24", R"(,"protocol":"keepalived")")) == own_address);
}

// The kernel lists addresses in an order of its own, which says nothing.
TEST_CASE("of two addresses the one that is known outside is copied") {
  const auto six = [](const std::string& first, const std::string& second) {
    return said(
        host_network({card(lasting(first, "64") + "," + lasting(second, "64")), "",
                      R"([{"dst":"default","gateway":"fe80::1","dev":"ens3"}])", plain_link}));
  };
  const std::string outer = "static on 52:54:00:12:34:56 2001:db8::10/64 via fe80::1";
  CHECK(six("2001:db8::10", "fd00::10").starts_with(outer));
  CHECK(six("fd00::10", "2001:db8::10").starts_with(outer));
  // A gateway outside of all networks, as hosters have it.
  const std::string way = R"([{"dst":"default","gateway":"203.0.113.1","dev":"ens3"}])";
  const std::string single = lasting("203.0.113.7", "32");
  const std::string inner = lasting("10.0.0.5", "24");
  const std::string wanted = "static on 52:54:00:12:34:56 203.0.113.7/32 via 203.0.113.1";
  CHECK(said(host_network({card(single + "," + inner), way, "", plain_link})).starts_with(wanted));
  CHECK(said(host_network({card(inner + "," + single), way, "", plain_link})).starts_with(wanted));
}

TEST_CASE("beside an address that the network gives none that floats is copied") {
  const std::string lent = lasting("192.0.2.10", "24", R"(,"dynamic":true)");
  CHECK(of_address(lent + "," + lasting("192.0.2.100", "32")) ==
        "dhcp on 52:54:00:12:34:56 reached at 192.0.2.10" + without("192.0.2.100/32"));
  const std::string six = lasting("2001:db8::5", "64", R"(,"dynamic":true)");
  CHECK(
      of_address(lasting("192.0.2.10", "24") + "," + six + "," + lasting("2001:db8::100", "128")) ==
      own_address + ", 2001:db8::5054:ff:fe12:3456" + without("2001:db8::100/128"));
}

TEST_CASE("a VLAN, bond or bridge takes no MTU that its cards lack in early boot") {
  const auto with_mtu = [](const std::string& mtu) {
    return over("ens3.43", part("ens3", 3, ",\"mtu\":" + mtu) +
                               R"(,{"ifname":"ens3.43","link":"ens3","mtu":)" + mtu +
                               R"(,"linkinfo":{"info_kind":"vlan","info_data":{"id":43}}})");
  };
  const std::string vlan = "static on 52:54:00:00:00:03 vlan 43 192.0.2.10/24 via 192.0.2.1";
  CHECK(with_mtu("9000") == vlan + " reached at 192.0.2.10");
  CHECK(with_mtu("1400") == vlan + " mtu 1400 reached at 192.0.2.10");
}

TEST_CASE("without a default route, or with texts that are none, it is DHCP with a warning") {
  const std::string none =
      "dhcp | this machine has no default route now: early boot will try DHCP on every wired "
      "interface";
  CHECK(said(host_network({})) == none);
  CHECK(said(host_network({"x", "[1, {\"dst\":7}]", "{}", "["})) == none);
}

TEST_CASE("an interface whose name cannot be written down is left open, with a warning") {
  const HostNetwork found = host_network(
      {.routes4 = R"([{"dst":"default","gateway":"192.0.2.1","dev":"et^0","protocol":"dhcp"}])"});
  CHECK(found.link == "et^0");
  CHECK(found.config.interface.empty());
  REQUIRE(found.warnings.size() == 1);
  CHECK(found.warnings[0].what == "the interface 'et^0' has no MAC address");
}
