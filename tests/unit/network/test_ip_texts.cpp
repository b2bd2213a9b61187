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

TEST_CASE("ifupdown's dhclient and Debian's dhcpcd ask by a DUID, unless they are told otherwise") {
  CHECK(dhclient_name("#send dhcp-client-identifier 1:0:a0;\nsend host-name = gethostname();") ==
        ToldName::none);
  CHECK(dhclient_name("send dhcp-client-identifier = hardware;\n") == ToldName::hardware);
  CHECK(dhclient_name("timeout 300;\nsend dhcp-client-identifier \"one\";\n") == ToldName::other);
  CHECK(dhclient_name("interface \"ens3\" {\n  send\n  dhcp-client-identifier=01:02;\n}\n") ==
        ToldName::other);
  // As dnsmasq was told it by the two, and as they had written it down.
  CHECK(
      dhclient_duid("default-duid \"\\000\\001\\000\\0012\\240h&\\232\\350\\240O\\227\\224\";\n") ==
      "0001000132a068269ae8a04f9794");
  CHECK(dhclient_duid("default-duid \"a\\\"b\\\\\";\n") == "6122625c");
  for (const char* none : {"", "default-duid", "default-duid \"", "default-duid \"a\\", "lease {}"})
    CHECK_FALSE(dhclient_duid(none));
  CHECK(rfc4361_client_id("9a:e8:a0:4f:97:94", "0001000132a068269ae8a04f9794") ==
        "ffa04f97940001000132a068269ae8a04f9794");
  CHECK_FALSE(rfc4361_client_id("9a:e8", "0001"));
  CHECK_FALSE(rfc4361_client_id("9a:e8:a0:4f:97:94", ""));
  CHECK(dhcpcd_by_duid("hostname\nduid\npersistent\n"));
  for (const char* other : {"", "#duid\n", "duid\nclientid\n", "duid\n iaid 1 # x\n"})
    CHECK_FALSE(dhcpcd_by_duid(other));
}

TEST_CASE("the client identifier is the one that dhclient or dhcpcd told the server") {
  const test::TempFolder folder;
  const std::string root = folder.path();
  const auto put = [&](const std::string& file, const std::string& text) {
    REQUIRE(make_directories(root + file.substr(0, file.rfind('/')), 0755));
    REQUIRE(write_file(root + file, text, 0644));
  };
  const std::vector<LinkFacts> links{{.index = 2, .name = "ens3", .mac = "9a:e8:a0:4f:97:94"}};
  const auto id = [&]() -> std::string {
    const auto leases = read_leases(root, links);
    return leases.empty() ? "by MAC" : leases[0].client_id;
  };
  using namespace std::string_literals;
  CHECK(id() == "by MAC");
  put("/run/dhclient.ens3.pid", "812\n");
  put("/proc/812/cmdline", "dhclient\0-4\0-v\0ens3\0"s);
  CHECK(id() == "by MAC");
  put("/proc/812/cmdline", "dhclient\0-4\0-v\0-i\0-pf\0/run/dhclient.ens3.pid\0ens3\0"s);
  CHECK(id().empty());  // with a DUID that nobody wrote down
  put("/var/lib/dhcp/dhclient6.ens3.leases", "default-duid \"\\000\\001ab\";\n");
  CHECK(id() == "ffa04f979400016162");
  put("/var/lib/dhcp/dhclient.ens3.leases", "default-duid \"\\000\\001cd\";\nlease {\n}\n");
  CHECK(id() == "ffa04f979400016364");
  put("/etc/dhcp/dhclient.conf", "send dhcp-client-identifier = hardware;\n");
  CHECK(id() == "by MAC");
  put("/etc/dhcp/dhclient.conf", "send dhcp-client-identifier 1:2;\n");
  CHECK(id().empty());
  put("/run/dhcpcd/ens3-4.pid", "1\n");
  CHECK(id().empty());
  put("/etc/dhcpcd.conf", "duid\n");
  CHECK(id().empty());
  put("/var/lib/dhcpcd/duid", "00:01:ef\n");
  CHECK(id() == "ffa04f97940001ef");
  put("/proc/net/vlan/ens3", "");
  CHECK(id().empty());
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
