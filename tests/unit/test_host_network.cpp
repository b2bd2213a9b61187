// SPDX-License-Identifier: GPL-3.0-or-later
// From what `ip -j` prints to [network].
#include "core/host_network.hpp"
#include "core/message.hpp"
#include "core/text.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// One line that says all of the outcome, to compare whole.
std::string said(const HostNetwork& host) {
  constexpr const char* names[] = {"dhcp", "static", "none"};
  const NetworkConfig& config = host.config;
  std::string out = names[static_cast<int>(config.method)];
  if (!config.interface.empty()) out += " on " + config.interface;
  if (config.vlan != 0) out += " vlan " + std::to_string(config.vlan);
  if (!config.bond.empty()) out += " bond " + join(config.bond, ",") + " " + config.bond_mode;
  if (!config.bridge.empty()) out += " bridge " + join(config.bridge, ",");
  for (const std::string& address : config.address) out += " " + address;
  for (const std::string& gateway : config.gateway) out += " via " + gateway;
  if (config.mtu != 0) out += " mtu " + std::to_string(config.mtu);
  if (!host.addresses.empty()) out += " reached at " + join(host.addresses, ", ");
  for (const Error& warning : host.warnings) out += " | " + sentence(warning);
  return out;
}

std::string card(const std::string& infos, const std::string& name = "ens3") {
  return R"([{"ifname":"lo","address":"00:00:00:00:00:00","addr_info":[{"family":"inet",)"
         R"("local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifname":")" +
         name + R"(","mtu":1500,"address":"52:54:00:12:34:56","addr_info":[)" + infos + "]}]";
}

const std::string plain_link =
    R"([{"ifname":"lo","mtu":65536,"address":"00:00:00:00:00:00"},)"
    R"({"ifname":"ens3","mtu":1500,"address":"52:54:00:12:34:56","parentbus":"virtio"}])";
const std::string link_local =
    R"({"family":"inet6","local":"fe80::5054:ff:fe12:3456","prefixlen":64,"scope":"link"})";

}  // namespace

TEST_CASE("case 6: an address from a DHCP server gives DHCP on the card with this MAC address") {
  const IpTexts texts{
      card(R"({"family":"inet","local":"10.0.2.15","prefixlen":24,"scope":"global",)"
           R"("dynamic":true},{"family":"inet6","local":"fec0::1","prefixlen":64,)"
           R"("scope":"global","dynamic":true,"mngtmpaddr":true},)" +
           link_local),
      R"([{"dst":"default","gateway":"10.0.2.2","dev":"ens3","protocol":"dhcp","metric":100}])",
      R"([{"dst":"default","gateway":"fe80::2","dev":"ens3","protocol":"ra","metric":1024}])",
      plain_link};
  CHECK(said(host_network(texts)) == "dhcp on 52:54:00:12:34:56 reached at 10.0.2.15, fec0::1");
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
        "reached at 192.0.2.10, 2001:db8::5");
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

std::string part(const std::string& name, int number, const std::string& more = "") {
  return R"({"ifname":")" + name + R"(","address":"52:54:00:00:00:0)" + std::to_string(number) +
         "\"" + more + "}";
}

const std::string reached = " 192.0.2.10/24 via 192.0.2.1 reached at 192.0.2.10";

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

TEST_CASE("what early boot cannot make is named, with what lies below it") {
  CHECK(over("ens3.43", R"({"ifname":"ens3.43","link":"ens3.2","linkinfo":{"info_kind":"vlan",)"
                        R"("info_data":{"id":43}}},{"ifname":"ens3.2","link":"ens3","linkinfo":)"
                        R"({"info_kind":"vlan","info_data":{"id":2}}},)" +
                            part("ens3", 3)) ==
        "dhcp reached at 192.0.2.10 | the network is reached over 'ens3.43', a VLAN over 'ens3.2': "
        "early boot cannot make this one; early boot will try DHCP on every wired interface");
  CHECK(over("team0", part("ens3", 3, R"(,"master":"team0")") + "," +
                          part("team0", 3, R"(,"linkinfo":{"info_kind":"team"})")) ==
        "dhcp reached at 192.0.2.10 | the network is reached over 'team0', a team over 'ens3': "
        "early boot cannot make this one; early boot will try DHCP on every wired interface");
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
