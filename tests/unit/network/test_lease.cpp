// SPDX-License-Identifier: GPL-3.0-or-later
// DHCP answers, honest and hostile.
#include <map>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/network/lease.hpp"
#include "core/network/link_calls.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

Result<Lease> lease(Variables more) {
  more.merge(Variables{{"interface", "eth0"}, {"ip", "192.0.2.50"}, {"mask", "24"}});
  return parse_lease([&](const std::string& name) { return more[name]; });
}

Lines steps(const Variables& more) {
  const auto read = lease(more);
  if (!read) return {sentence(read.error())};
  Lines out;
  for (const Arguments& command : link_commands(read->setup, read->link, 1002))
    out.push_back(join(command, " "));
  for (const std::string& name : read->left_out) out.push_back("without " + name);
  return out;
}

const std::string address = "ip -4 addr replace 192.0.2.50/24 dev eth0";
const std::string by_first = "ip -4 route replace 0.0.0.0/0 via 192.0.2.1 dev eth0 metric 1002";

}  // namespace

TEST_CASE("a lease becomes calls of ip") {
  CHECK(steps({{"router", "192.0.2.1 192.0.2.2"}, {"mtu", "1400"}}) ==
        Lines{"ip link set dev eth0 mtu 1400", address, by_first});
  CHECK(steps({{"mask", ""}, {"subnet", "255.255.255.0"}}) == Lines{address});
  CHECK(steps({{"mask", ""}}) == Lines{address});
  CHECK(lease({{"lease", "3600"}})->seconds == 3600);
}

TEST_CASE("a gateway outside a lease's network is reached on the link") {
  CHECK(steps({{"mask", "32"}, {"router", "198.51.100.1"}}) ==
        Lines{"ip -4 addr replace 192.0.2.50/32 dev eth0",
              "ip -4 route replace 198.51.100.1/32 dev eth0 metric 1002",
              "ip -4 route replace 0.0.0.0/0 via 198.51.100.1 dev eth0 metric 1002"});
}

TEST_CASE("classless routes replace the router") {
  CHECK(steps({{"router", "192.0.2.9"},
               {"staticroutes",
                "10.1.2.3/8 192.0.2.1 0.0.0.0/0 192.0.2.1 203.0.113.0/24 0.0.0.0"}}) ==
        Lines{address, "ip -4 route replace 10.0.0.0/8 via 192.0.2.1 dev eth0 metric 1002",
              by_first, "ip -4 route replace 203.0.113.0/24 dev eth0 metric 1002"});
  CHECK(steps({{"router", "192.0.2.1"}, {"staticroutes", "rubbish"}}) ==
        Lines{address, by_first, "without staticroutes"});
}

TEST_CASE("an answer without a usable address is refused, in our own words") {
  const auto [name, value, field] = GENERATE(table<std::string, std::string, std::string>({
      {"ip", "", "address"},
      {"ip", "0.0.0.0", "address"},
      {"ip", "127.0.0.1", "address"},
      {"ip", "224.0.0.5", "address"},
      {"ip", "255.255.255.255", "address"},
      {"ip", "192.0.2.1; reboot", "address"},
      {"ip", "$(reboot)", "address"},
      {"ip", "2001:db8::1", "address"},
      {"ip", "192.0.2.1\n192.0.2.2", "address"},
      {"mask", "33", "netmask"},
      {"mask", "0", "netmask"},
      {"mask", "-1", "netmask"},
      {"interface", "-x", "interface"},
      {"interface", "../../etc", "interface"},
      {"interface", "", "interface"},
      {"interface", "eth0;id", "interface"},
  }));
  CHECK(steps({{name, value}}) ==
        Lines{"cannot use a DHCP answer: its " + field + " is not valid"});
}

TEST_CASE("what is wrong beside the address is left out") {
  CHECK(steps({{"router", "0.0.0.0 `id` 192.0.2.50 192.0.2.1"}}) ==
        Lines{address, by_first, "without router"});
  CHECK(steps({{"router", "224.0.0.1"}}) == Lines{address, "without router"});
  for (const char* mtu : {"9", "70000", "1500x", "$(id)", "-1500"})
    CHECK(steps({{"mtu", mtu}}) == Lines{address, "without mtu"});
  CHECK(steps({{"domain", "$(reboot)"}, {"hostname", "`id`"}, {"dns", "x"}}) == Lines{address});
  CHECK(steps({{"router", std::string(100000, '1')}}) ==
        Lines{address, "without a field of too many bytes"});
}

TEST_CASE("an MTU too small for IPv6 is left out where there is IPv6") {
  for (const char* mtu : {"576", "1279", "1280", "9000"}) {
    auto read = lease({{"mtu", mtu}});
    REQUIRE(read);
    CHECK(read->setup.mtu);
    keep_ipv6(*read);
    const bool enough = read->setup.mtu.has_value();
    CHECK(enough == (read->left_out.empty()));
    CHECK(enough == (std::string(mtu) == "1280" || std::string(mtu) == "9000"));
    if (!enough)
      CHECK(read->left_out == Lines{"its MTU of " + std::string(mtu) + ", too small for IPv6"});
  }
}

TEST_CASE("a lease brings only so many routes") {
  std::string routes;
  for (int i = 0; i < 60; ++i) routes += "10." + std::to_string(i) + ".0.0/16 192.0.2.1 ";
  const auto read = lease({{"staticroutes", routes}});
  REQUIRE(read);
  CHECK(read->setup.routes.size() == lease_route_limit);
  CHECK(read->left_out == Lines{"staticroutes"});
}
