// SPDX-License-Identifier: GPL-3.0-or-later
// Which of several cards the gateway answers on, in a network namespace.
#include "support/netns.hpp"
#include "unlock/gateway_search.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

LinkFacts wired(const World& world, const std::string& name) {
  const std::string place = world.root + "/sys/class/net/" + name;
  const auto number = read_file(place + "/ifindex");
  LinkFacts out{.index = number ? std::stoi(*number) : 0, .name = name};
  out.carrier = trim(read_file(place + "/carrier").value()) == "1";
  return out;
}

}  // namespace

TEST_CASE("a gateway is heard on the card that leads to it, and on no other", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer storage("nic0", "198.51.100.1/24");
  const Peer outer("nic1", "192.0.2.1/24");
  for (const char* name : {"nic0", "nic1"}) must({"ip", "link", "set", name, "up"});
  REQUIRE(
      eventually(5s, [&] { return wired(world, "nic0").carrier && wired(world, "nic1").carrier; }));
  const std::vector<LinkFacts> links{wired(world, "nic0"), wired(world, "nic1")};
  GatewaySearch search;
  const Address gateway = *parse_address("192.0.2.1");
  CHECK(search.due());
  REQUIRE(eventually(8s, [&] { return !search.serve(links, gateway).empty(); }));
  CHECK(search.serve(links, gateway) == std::set{links[1].index});
  CHECK_FALSE(search.due());  // it was heard: nothing is asked any more
  // Neither address nor neighbour is left of it.
  CHECK(out({"ip", "-4", "-o", "addr"}).find("192.0.2.") == std::string::npos);
  CHECK(out(outer.inside({"ip", "neigh"})).find("192.0.2.") == std::string::npos);

  SECTION("as long as that has its cable") {
    std::vector<LinkFacts> unplugged = links;
    unplugged[1].carrier = false;
    CHECK(search.serve(unplugged, gateway).empty());
  }
  SECTION("and an address that nobody has is heard nowhere") {
    GatewaySearch vain;
    const Address nobody = *parse_address("192.0.2.77");
    const auto begin = Clock::now();
    while (seconds_since(begin) < 6) {
      REQUIRE(vain.serve(links, nobody).empty());
      ::poll(nullptr, 0, 100);
    }
    CHECK(vain.due());  // it is asked again
  }
}
