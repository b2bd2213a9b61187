// SPDX-License-Identifier: GPL-3.0-or-later
// Over which link of several early boot is to be reached.
#include "support/catch.hpp"
#include "support/host_texts.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// A machine with its default route over ens3, and a second card for administrators.
struct TwoCards {
  std::string management_kind{};
  std::string routes = R"({"dst":"10.1.0.0/24","dev":"ens4","protocol":"kernel","scope":"link"})";
  std::string way_to_login{};

  [[nodiscard]] std::string said_for(const std::string& ssh_connection) const {
    const std::string addresses =
        R"([{"ifname":"ens3","addr_info":[{"local":"192.0.2.10","prefixlen":24,"scope":"global"}]},)"
        R"({"ifname":"ens4","addr_info":[{"local":"10.1.0.5","prefixlen":24,"scope":"global"},)"
        R"({"local":"fe80::5","prefixlen":64,"scope":"link"}]}])";
    return said(
        host_network({addresses,
                      R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3"},)" + routes + "]",
                      "",
                      "[" + part("ens3", 3) + "," + part("ens4", 4, management_kind) + "]",
                      ssh_connection,
                      {},
                      {},
                      {},
                      {},
                      way_to_login}));
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

// Rules send the answers by a table of their own, which the main one does not show.
TEST_CASE("a login whose answers go by another table brings that table's gateway along") {
  const std::string from_afar = "198.51.100.99 50022 10.1.0.5 22";
  TwoCards ruled;
  ruled.way_to_login =
      R"([{"dst":"198.51.100.99","from":"10.1.0.5","gateway":"10.1.0.1","dev":"ens4",)"
      R"("table":"mgmt","uid":0,"cache":[]}])";
  CHECK(ruled.said_for(from_afar) == login_card + " via 10.1.0.1 reached at 10.1.0.5" + because);
  // Nothing there tells of a way: the card of the default route stays.
  const std::string stays =
      public_card +
      " | you are logged in over 'ens4': that has no route to where you are, so early boot could "
      "not answer there; it will be reached over 'ens3'";
  CHECK(TwoCards{}.said_for(from_afar) == stays);
  TwoCards crossed;
  crossed.way_to_login =
      R"([{"dst":"198.51.100.99","from":"10.1.0.5","gateway":"192.0.2.1","dev":"ens3"}])";
  CHECK(crossed.said_for(from_afar) == stays);
  TwoCards broken;
  broken.way_to_login = "RTNETLINK answers: Network is unreachable";
  CHECK(broken.said_for(from_afar) == stays);
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
