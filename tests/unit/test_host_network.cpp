// SPDX-License-Identifier: GPL-3.0-or-later
// From what `ip -j` prints to [network].
#include "core/host_network.hpp"
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
  CHECK(over("vmbr0", part("ens3", 3) + "," +
                          part("ens3.43", 3,
                               R"(,"link":"ens3","master":"vmbr0","linkinfo":)"
                               R"({"info_kind":"vlan","info_data":{"id":43}})") +
                          "," + part("vmbr0", 3, R"(,"linkinfo":{"info_kind":"bridge"})")) ==
        "static on 52:54:00:00:00:03 vlan 43 bridge vlan43" + reached);
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
  const auto on_every_card = [](const std::string& what) {
    return "static" + reached + " | the network is reached over " + what +
           ": early boot cannot make this one; it will have the address on a wired interface "
           "instead";
  };
  CHECK(over("team0", part("ens3", 3, R"(,"master":"team0")") + "," +
                          part("team0", 3, R"(,"linkinfo":{"info_kind":"team"})")) ==
        on_every_card("'team0', a team over 'ens3'"));
  CHECK(over("ex", part("ens3", 3, R"(,"master":"ovs-system")") + "," +
                       part("ex", 4, R"(,"linkinfo":{"info_kind":"openvswitch"})")) ==
        on_every_card("'ex', an openvswitch"));
  CHECK(over("mv0", part("ens3", 3) + "," +
                        part("mv0", 4, R"(,"link":"ens3","linkinfo":{"info_kind":"macvlan"})")) ==
        "static on 52:54:00:00:00:03" + reached +
            " | the network is reached over 'mv0', a macvlan over 'ens3': early boot cannot make "
            "this one; it will have the address on 'ens3' instead");
}

namespace {

// A machine with its default route over ens3, and a second card for administrators.
struct TwoCards {
  std::string management_kind{};
  std::string routes = R"({"dst":"10.1.0.0/24","dev":"ens4","protocol":"kernel","scope":"link"})";

  [[nodiscard]] std::string said_for(const std::string& ssh_connection) const {
    const std::string addresses =
        R"([{"ifname":"ens3","addr_info":[{"local":"192.0.2.10","prefixlen":24,"scope":"global"}]},)"
        R"({"ifname":"ens4","addr_info":[{"local":"10.1.0.5","prefixlen":24,"scope":"global"},)"
        R"({"local":"fe80::5","prefixlen":64,"scope":"link"}]}])";
    return said(host_network(
        {addresses, R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3"},)" + routes + "]", "",
         "[" + part("ens3", 3) + "," + part("ens4", 4, management_kind) + "]", ssh_connection}));
  }
};

const std::string login_card = "static on 52:54:00:00:00:04 10.1.0.5/24";
const std::string because =
    " | early boot will use 'ens4', not 'ens3', which has the default route: you are logged in "
    "over it";

}  // namespace

TEST_CASE("where a tunnel has the default route the way to its other end is used") {
  const std::string links = "[" + part("ens3", 3) + "," +
                            part("wg0", 9, R"(,"linkinfo":{"info_kind":"wireguard"})") + "]";
  const std::string addresses =
      R"([{"ifname":"wg0","addr_info":[{"local":"10.9.0.2","prefixlen":24,"scope":"global"}]},)"
      R"({"ifname":"ens3","addr_info":[{"local":"192.0.2.10","prefixlen":24,"scope":"global"}]}])";
  const std::string told =
      " | the default route is over 'wg0', of the kind 'wireguard': early boot cannot make this "
      "one; it will "
      "be reached over 'ens3'";
  const std::string tunnel = R"([{"dst":"default","dev":"wg0"},)";
  CHECK(said(host_network({addresses,
                           tunnel + R"({"dst":"203.0.113.5","gateway":"192.0.2.1","dev":"ens3"}])",
                           "", links})) == public_card + told);
  CHECK(said(host_network({addresses,
                           tunnel + R"({"dst":"default","gateway":"192.0.2.1","dev":"ens3",)"
                                    R"("metric":9}])",
                           "", links})) == public_card + told);
}

TEST_CASE("without a default route the only card with an address of its own is used") {
  const std::string lan = R"([{"dst":"10.0.0.0/8","gateway":"192.0.2.1","dev":"ens3"}])";
  const std::string one = card(R"({"local":"192.0.2.10","prefixlen":24,"scope":"global"})");
  CHECK(said(host_network({one, lan, "", plain_link})) ==
        "static on 52:54:00:12:34:56" + reached +
            " | this machine has no default route now: early boot will use 'ens3', the only "
            "interface with a fixed address");
  CHECK(said(host_network({one, "[]", "", plain_link}))
            .starts_with("static on 52:54:00:12:34:56 192.0.2.10/24 reached at 192.0.2.10 | "));
  CHECK(said(host_network({card(R"({"local":"192.0.2.10","prefixlen":24,"scope":"global",)"
                                R"("dynamic":true})"),
                           "[]", "", plain_link}))
            .starts_with("dhcp | this machine has no default route now"));
}

TEST_CASE("the card over which somebody is logged in comes before that of the default route") {
  const TwoCards near;
  CHECK(near.said_for("") == public_card);
  CHECK(near.said_for("198.51.100.7 50022 192.0.2.10 22") == public_card);
  CHECK(near.said_for("10.1.0.99 50022 10.1.0.5 22") ==
        login_card + " reached at 10.1.0.5" + because);
  CHECK(near.said_for("fe80::99%ens4 50022 fe80::5%ens4 22") ==
        login_card + " reached at 10.1.0.5" + because);
  // What says nothing of use.
  for (const char* text : {"10.1.0.99 50022 10.9.9.9 22", "10.1.0.99 50022 10.1.0.5", "x", "    ",
                           "fe80::99%ens3 50022 fe80::5%ens3 22", "127.0.0.1 1 127.0.0.1 22"})
    CHECK(near.said_for(text) == public_card);
}

TEST_CASE("the gateway to where they are comes with the card") {
  TwoCards far;
  far.routes += R"(,{"dst":"10.0.0.0/8","gateway":"10.1.0.1","dev":"ens4"})"
                R"(,{"dst":"10.2.0.0/16","gateway":"10.1.0.2","dev":"ens4","protocol":"static"})";
  CHECK(far.said_for("10.9.0.7 50022 10.1.0.5 22") ==
        login_card + " via 10.1.0.1 reached at 10.1.0.5" + because +
            " | early boot will not have the route to 10.2.0.0/16 via 10.1.0.2 over 'ens4': "
            "[network] has one way to everywhere alone");
  CHECK(far.said_for("10.2.0.7 50022 10.1.0.5 22").find(login_card + " via 10.1.0.2") == 0);
  far.routes += R"(,{"dst":"default","gateway":"10.1.0.3","dev":"ens4","metric":9})";
  CHECK(far.said_for("198.51.100.7 50022 10.1.0.5 22").find(login_card + " via 10.1.0.3") == 0);
}

TEST_CASE("a login over what early boot cannot make is told, and not followed") {
  const TwoCards tunnel{.management_kind = R"(,"linkinfo":{"info_kind":"wireguard"})"};
  CHECK(tunnel.said_for("10.1.0.99 50022 10.1.0.5 22") ==
        public_card +
            " | you are logged in over 'ens4': early boot cannot make that one; it will be reached "
            "over 'ens3'");
}

TEST_CASE("each route that is left out is told, but none that comes by itself") {
  TwoCards routed;
  routed.routes +=
      R"(,{"dst":"203.0.113.0/24","gateway":"10.1.0.1","dev":"ens4"})"
      R"(,{"dst":"198.51.100.0/24","gateway":"192.0.2.1","dev":"ens3","protocol":"static"})"
      R"(,{"dst":"192.0.2.1","dev":"ens3","scope":"link"})"
      R"(,{"dst":"100.64.0.0/10","gateway":"192.0.2.9","dev":"ens3","protocol":"bird"})"
      R"(,{"type":"blackhole","dst":"10.66.0.0/16","flags":[]})";
  CHECK(routed.said_for("") ==
        public_card +
            " | early boot will not have the route to 203.0.113.0/24 via 10.1.0.1 over 'ens4': "
            "[network] has one way to everywhere alone");
  TwoCards many;
  for (int i = 0; i < 20; ++i)
    many.routes += R"(,{"dst":"10.)" + std::to_string(20 + i) +
                   R"(.0.0/16","gateway":"10.1.0.1","dev":"ens4"})";
  const std::string text = many.said_for("");
  CHECK(text.find("10.27.0.0/16") != std::string::npos);
  CHECK(text.find("10.28.0.0/16") == std::string::npos);
  CHECK(text.find(" | early boot will not have 12 more routes: ") != std::string::npos);
}

TEST_CASE("without a default route the card of a login is used") {
  const std::string card_text =
      card(R"({"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global"})");
  CHECK(said(host_network({card_text, "[]", "[]", plain_link, "192.0.2.99 50022 192.0.2.10 22"})) ==
        "static on 52:54:00:12:34:56 192.0.2.10/24 reached at 192.0.2.10 | early boot will use "
        "'ens3': you are logged in over it");
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
