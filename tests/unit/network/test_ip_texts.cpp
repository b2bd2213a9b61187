// SPDX-License-Identifier: GPL-3.0-or-later
// What the running system's DHCP clients leave behind.
#include "core/network/client_id.hpp"
#include "core/network/dhcp_addresses.hpp"
#include "core/network/network.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/network/ip_texts.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;

TEST_CASE("the client identifier of a lease is read from what networkd wrote") {
  const test::TempFolder folder;
  const std::string root = folder.path();
  const auto put = [&](const std::string& file, const std::string& text) {
    REQUIRE(make_directories(root + file.substr(0, file.rfind('/')), 0755));
    REQUIRE(write_file(root + file, text, 0644));
  };
  const std::vector<LinkFacts> links{{.index = 2, .name = "ens3"}, {.index = 3, .name = "ens4"}};
  CHECK(read_leases(root, links).empty());
  put("/run/systemd/netif/leases/2", "# made\nADDRESS=192.0.2.10\nCLIENTID=ffb6220feb\n");
  put("/run/systemd/netif/leases/3", "CLIENTID=nonsense\n");
  auto leases = read_leases(root, links);
  REQUIRE(leases.size() == 1);
  CHECK((leases[0].link == "ens3" && leases[0].client_id == "ffb6220feb"));
  put("/run/dhcpcd/ens4-4.pid", "1\n");
  leases = read_leases(root, links);
  REQUIRE(leases.size() == 2);
  CHECK((leases[1].link == "ens4" && leases[1].client_id.empty()));
}

TEST_CASE("a lease of dhclient counts as the MAC address's unless its own file says otherwise") {
  CHECK_FALSE(
      names_itself("#send dhcp-client-identifier 1:0:a0;\nsend host-name = gethostname();"));
  CHECK_FALSE(names_itself("send dhcp-client-identifier = hardware;\n"));
  CHECK(names_itself("timeout 300;\nsend dhcp-client-identifier \"one\";\n"));
  CHECK(names_itself("interface \"ens3\" {\n  send\n  dhcp-client-identifier=01:02;\n}\n"));
  const test::TempFolder folder;
  const std::string root = folder.path();
  for (const char* place : {"/run", "/etc/dhcp"}) REQUIRE(make_directories(root + place, 0755));
  const std::vector<LinkFacts> links{{.index = 2, .name = "ens3"}, {.index = 3, .name = "ens4"}};
  REQUIRE(write_file(root + "/run/dhclient.ens3.pid", "1\n", 0644));
  CHECK(read_leases(root, links).empty());
  REQUIRE(write_file(root + "/etc/dhcp/dhclient.conf", "send dhcp-client-identifier 1:2;\n", 0644));
  const auto leases = read_leases(root, links);
  REQUIRE(leases.size() == 1);
  CHECK((leases[0].link == "ens3" && leases[0].client_id.empty()));
}

TEST_CASE("the addresses of leases are read from what networkd and ifupdown's dhclient wrote") {
  CHECK_FALSE(last_leased(""));
  CHECK_FALSE(last_leased("lease {\n  fixed-address 192.0.2.10\n}\n"));
  const std::string leases =
      "lease {\n  interface \"ens4\";\n  fixed-address 192.0.2.9;\n  renew never;\n}\n"
      "lease {\n  interface \"ens4\";\n  fixed-address 192.0.2.11;\n}\n";
  CHECK(last_leased(leases) == "192.0.2.11");
  const test::TempFolder folder;
  const std::string root = folder.path();
  for (const char* place : {"/run/systemd/netif/leases", "/var/lib/dhcp"})
    REQUIRE(make_directories(root + place, 0755));
  const std::vector<LinkFacts> links{{.index = 2, .name = "ens3"}, {.index = 3, .name = "ens4"}};
  CHECK(read_lent(root, links).empty());
  REQUIRE(write_file(root + "/run/systemd/netif/leases/2", "# made\nADDRESS=192.0.2.10\n", 0644));
  REQUIRE(write_file(root + "/var/lib/dhcp/dhclient.ens4.leases", leases, 0644));
  // No client is there any more that would keep this one.
  CHECK(read_lent(root, links) == std::vector<std::string>{"192.0.2.10"});
  REQUIRE(write_file(root + "/run/dhclient.ens4.pid", "1\n", 0644));
  CHECK(read_lent(root, links) == std::vector<std::string>{"192.0.2.10", "192.0.2.11"});
}

TEST_CASE("a machine without the program ip is told what it lacks, not that it has no network") {
  CHECK_FALSE(ip_is_silent({.addresses = "[{\"ifname\":\"lo\"}]"}));
  const auto lost = test::alone([] {
    // Under each of its names, whichever of them are links.
    for (std::string path = find_program("ip"); !path.empty(); path = find_program("ip"))
      if (::mount("/dev/null", path.c_str(), nullptr, MS_BIND, nullptr) != 0) return std::string();
    const auto silent = ip_is_silent(read_ip());
    return silent ? silent->what + ": " + silent->why + "; " + silent->hint : "it says something";
  });
  CHECK((lost.empty() || lost == "nobody can tell how this machine is reached: there is no program "
                                 "'ip'; run: apt install iproute2"));
}
