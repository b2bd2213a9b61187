// SPDX-License-Identifier: GPL-3.0-or-later
// What of the running system's network early boot would not have as it is.
#include "core/network/host_network.hpp"
#include "support/catch.hpp"
#include "support/host_texts.hpp"

using namespace latchkey;
using namespace latchkey::test;

TEST_CASE("a wireless card is never written down") {
  const std::string lent = lasting("192.0.2.10", "24", R"(,"dynamic":true)");
  IpTexts texts{card(lent), via_one, "", plain_link};
  texts.wireless = {"ens3"};
  CHECK(said(host_network(texts)) ==
        "dhcp reached at 192.0.2.10 | this machine is reached over 'ens3' alone, a wireless card: "
        "nobody reaches early ssh: early boot has no WLAN; it tries DHCP on every wired interface");
  // Beside a card with a cable that card is taken.
  const std::string links = "[" + part("ens3", 3) + "," + part("wl0", 9) + "]";
  texts = {R"([{"ifname":"ens3","addr_info":[)" + lasting("192.0.2.10", "24") + "]}]",
           R"([{"dst":"default","gateway":"10.0.0.1","dev":"wl0","metric":1},)"
           R"({"dst":"default","gateway":"192.0.2.1","dev":"ens3","metric":100}])",
           "", links};
  texts.wireless = {"wl0"};
  CHECK(said(host_network(texts)) ==
        public_card +
            " | the default route is over 'wl0', a wireless card: early boot cannot make this one; "
            "it will be reached over 'ens3'");
}

TEST_CASE("a bridge is made without the wireless card in it") {
  const std::string bridged = part("ens3", 3, R"(,"master":"br0")") + "," +
                              part("wl0", 9, R"(,"master":"br0")") + "," +
                              part("br0", 3, R"(,"linkinfo":{"info_kind":"bridge"})");
  IpTexts texts{card(lasting("192.0.2.10", "24"), "br0"),
                R"([{"dst":"default","gateway":"192.0.2.1","dev":"br0"}])", "",
                "[" + bridged + "]"};
  texts.wireless = {"wl0"};
  CHECK(said(host_network(texts)) == "static bridge 52:54:00:00:00:03" + reached);
}

TEST_CASE("DHCP is asked by the identifier of the running lease") {
  IpTexts texts{card(lasting("192.0.2.10", "24", R"(,"dynamic":true)")), via_one, "", plain_link};
  const auto client = [&](const std::string& id) {
    texts.leases = {{"ens9", "ff99"}, {"ens3", id}};
    return host_network(texts).config.client_id;
  };
  CHECK(client("ffb6220feb0002") == "ffb6220feb0002");
  CHECK(client("01525400123456").empty());  // what udhcpc tells anyway
  CHECK(host_network(texts).warnings.empty());
  CHECK(client("").empty());
  CHECK(said(host_network(texts)) ==
        "dhcp on 52:54:00:12:34:56 reached at 192.0.2.10 | early boot may get another address than "
        "'ens3' has now: the DHCP client of the running system tells the server an identifier of "
        "its own");
  texts.addresses = card(lasting("192.0.2.10", "24"));
  CHECK(client("ffb6220feb0002").empty());
}

TEST_CASE("an address from a DHCPv6 server alone is none in early boot") {
  const std::string six = lasting("2001:db8::5", "128", R"(,"dynamic":true)");
  const std::string via_router =
      R"([{"dst":"default","gateway":"fe80::1","dev":"ens3","protocol":"ra"}])";
  const auto found = [&](const std::string& infos) {
    return host_network({card(infos), "", via_router, plain_link}).out_of_reach;
  };
  REQUIRE(found(six));
  CHECK(sentence(*found(six)) ==
        "early boot has no address: the only one of 'ens3', 2001:db8::5, is from a DHCPv6 server: "
        "early boot asks no such server, and nobody reaches early ssh");
  CHECK(found(six)->hint.find("method = \"static\", address = \"2001:db8::5/128\"") !=
        std::string::npos);
  CHECK_FALSE(found(six + "," + lasting("2001:db8::6", "64", R"(,"dynamic":true)")));
  CHECK_FALSE(found(six + "," + lasting("192.0.2.10", "24", R"(,"dynamic":true)")));
  CHECK_FALSE(found(""));
}

TEST_CASE("an announced address is told as early boot makes it, of the MAC address") {
  const std::string secret = lasting("2001:db8::a1b2:c3d4:e5f6:7", "64", R"(,"dynamic":true)");
  const std::string usual = lasting("2001:db8::5054:ff:fe12:3456", "64", R"(,"dynamic":true)");
  const std::string via_router =
      R"([{"dst":"default","gateway":"fe80::1","dev":"ens3","protocol":"ra"}])";
  const auto told = [&](const std::string& infos) {
    return said(host_network({card(infos), "", via_router, plain_link}));
  };
  const std::string early = "dhcp on 52:54:00:12:34:56 reached at 2001:db8::5054:ff:fe12:3456";
  CHECK(told(usual) == early);
  CHECK(told(secret + "," + usual) == early);
  CHECK(told(secret) ==
        early +
            " | early boot will be reached at 2001:db8::5054:ff:fe12:3456, not at "
            "2001:db8::a1b2:c3d4:e5f6:7: it has the IPv6 address of the card's MAC address; the "
            "running system makes its own");
}

TEST_CASE("a card is written down by the MAC address that it was made with") {
  const std::string links = R"([{"ifname":"ens3","mtu":1500,"address":"02:00:00:00:00:01",)"
                            R"("permaddr":"52:54:00:12:34:56"}])";
  CHECK(said(host_network({card(lasting("192.0.2.10", "24")), via_one, "", links})) ==
        own_address +
            " | early boot has the card's own MAC address 52:54:00:12:34:56 where 'ens3' has "
            "02:00:00:00:00:01: a switch or provider that goes by it may let nothing through");
  CHECK(said(host_network(
            {card(lasting("192.0.2.10", "24", R"(,"dynamic":true)")), via_one, "", links})) ==
        "dhcp on 52:54:00:12:34:56 reached at 192.0.2.10 | early boot may get another address than "
        "'ens3' has now: it asks the DHCP server with the card's own MAC address "
        "52:54:00:12:34:56, the running system with 02:00:00:00:00:01");
}

TEST_CASE("an IPv4 route over a gateway of IPv6 is told with it") {
  CHECK(said(host_network({card(lasting("192.0.2.10", "24")),
                           R"([{"dst":"default","via":{"family":"inet6","host":"fe80::1"},)"
                           R"("dev":"ens3"}])",
                           "", plain_link})) ==
        "static on 52:54:00:12:34:56 192.0.2.10/24 reached at 192.0.2.10 | the default route over "
        "'ens3' has the IPv6 gateway fe80::1 for IPv4: early boot can be reached from its own "
        "subnet only");
}

// The kernel shows no `dynamic` for it.
TEST_CASE("case 6: an address that is lent without end gives DHCP") {
  const std::string by_dhcp = "dhcp on 52:54:00:12:34:56 reached at 192.0.2.10";
  const std::string one = card(lasting("192.0.2.10", "24"));
  const auto way = [](const std::string& more) {
    return R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3")" + more + "}]";
  };
  const std::string dhcp = R"(,"protocol":"dhcp")";
  CHECK(said(host_network({one, way(dhcp), "", plain_link})) == by_dhcp);
  CHECK(said(host_network({one, way(dhcp + R"(,"prefsrc":"192.0.2.10")"), "", plain_link})) ==
        by_dhcp);
  // As of a hoster whose gateway is in no subnet.
  CHECK(said(host_network({card(lasting("192.0.2.10", "32")), way(dhcp), "", plain_link})) ==
        by_dhcp);
  // ifupdown's dhclient marks no route.
  IpTexts leased{one, via_one, "", plain_link};
  leased.lent = {"198.51.100.7", "192.0.2.10"};
  CHECK(said(host_network(leased)) == by_dhcp);
  // Of two the one that the route names, or that is near to the gateway, is lent.
  const std::string without =
      " | early boot will not have 10.0.0.1/8 of 'ens3': an address that floats between machines "
      "must not be there twice, and one is enough to be reached";
  const std::string two = card(lasting("10.0.0.1", "8") + "," + lasting("192.0.2.10", "24"));
  CHECK(said(host_network({two, way(dhcp), "", plain_link})) == by_dhcp + without);
  CHECK(said(host_network({two, way(dhcp + R"(,"prefsrc":"192.0.2.10")"), "", plain_link})) ==
        by_dhcp + without);
  // What others made stays as it is: another link's route, one of no DHCP server, a lease of
  // another address.
  const std::string elsewhere = R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3"},)"
                                R"({"dst":"10.0.0.0/8","gateway":"192.0.2.2","dev":"ens4")" +
                                dhcp + "}]";
  CHECK(said(host_network({one, elsewhere, "", plain_link})).starts_with(own_address));
  CHECK(said(host_network({one, way(R"(,"protocol":"static")"), "", plain_link})) == own_address);
  leased.lent = {"198.51.100.7", "nonsense"};
  CHECK(said(host_network(leased)) == own_address);
}
