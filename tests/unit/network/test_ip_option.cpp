// SPDX-License-Identifier: GPL-3.0-or-later
// The texts of `ip=`, each form of the kernel's documentation and of others.
#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/network/ip_option.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// One line that says all of an option, to compare whole.
std::string said(const std::string& text) {
  std::vector<Error> problems;
  const auto option = parse_ip_option(text, problems);
  if (!option) return sentence(option.error()) + " | " + option.error().hint;
  constexpr const char* names[] = {"off", "dhcp", "fixed", "announced"};
  std::string out = names[static_cast<int>(option->method)];
  if (!option->link.any()) out += " dev " + option->link.text();
  if (option->address) out += " " + option->address->text();
  if (option->gateway) out += " via " + option->gateway->text();
  if (!option->hostname.empty()) out += " host " + option->hostname;
  if (option->mtu) out += " mtu " + std::to_string(*option->mtu);
  if (!option->client_id.empty()) out += " client " + option->client_id;
  // Without their beginning, which is that of all.
  for (const Error& problem : problems)
    out += " | " +
           sentence(problem).substr(std::string("kernel command line: ip=: ").size() + text.size());
  return out;
}

}  // namespace

TEST_CASE("every form of the kernel's ip= is read") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"dhcp", "dhcp"},
      {"on", "dhcp"},
      {"any", "dhcp"},
      {"both", "dhcp"},
      {"bootp", "dhcp"},
      {"rarp", "dhcp"},
      {"ibft", "dhcp"},
      {"single-dhcp", "dhcp"},
      {"eth0:single-dhcp", "dhcp dev eth0"},
      {"off", "off"},
      {"none", "off"},
      {"", "dhcp"},
      {":::::", "dhcp"},
      {"::::::dhcp", "dhcp"},
      {"::::::none", "off"},
      {"dhcp,1,01:02", "dhcp client 0130313a3032"},
      {"dhcp,0,x", "dhcp client 0078"},
      {"dhcp,0", "dhcp"},
      {":::::eth0:dhcp,0,44454647", "dhcp dev eth0 client 003434343534363437"},
      {"eth0:dhcp,0,44454647:1400", "dhcp dev eth0 mtu 1400 client 003434343534363437"},
      {"192.0.2.5::192.0.2.1:24::eth0:dhcp,0,x",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 client 0078"},
      {"dhcp,999,x",
       "dhcp | client identifier 'dhcp,999,x' (column 1): its type is to be a number from 0 to "
       "255; the server is asked without it"},
      {":::::eth0:dhcp", "dhcp dev eth0"},
      {":::::eth0:", "dhcp dev eth0"},
      {":::::eth0", "dhcp dev eth0"},
      {":::::eth1:off", "off dev eth1"},
      {"::::web1::dhcp", "dhcp host web1"},
      {"192.0.2.5", "fixed 192.0.2.5/24"},
      {"10.1.2.3", "fixed 10.1.2.3/8"},
      {"172.16.0.9:::::eth0:off", "fixed dev eth0 172.16.0.9/16"},
      {"192.0.2.5::192.0.2.1:255.255.255.128:web1:eth0:off",
       "fixed dev eth0 192.0.2.5/25 via 192.0.2.1 host web1"},
      {"192.0.2.5:192.0.2.9:192.0.2.1:255.255.255.0:web1:eth0:none:192.0.2.53:192.0.2.54:192.0.2.3",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 host web1"},
      {"192.0.2.5::192.0.2.1:255.255.255.0:web1.example.net:eth0:none:::",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 host web1.example.net"},
      {"192.0.2.5::192.0.2.1:24::eth0:dhcp", "fixed dev eth0 192.0.2.5/24 via 192.0.2.1"},
      {"192.0.2.5/32::198.51.100.1:::eth0:none", "fixed dev eth0 192.0.2.5/32 via 198.51.100.1"},
      {"192.0.2.5::192.0.2.1:255.255.255.0::eth0:none:1400:52:54:00:12:34:56",
       "fixed dev eth0 192.0.2.5/24 via 192.0.2.1 mtu 1400"},
  }));
  CHECK(said(text) == meaning);
}

TEST_CASE("ip= takes IPv6 in brackets, and the forms of other builders") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"[2001:db8::2]::[2001:db8::1]:64::eth0:none",
       "fixed dev eth0 2001:db8::2/64 via 2001:db8::1"},
      {"[2001:db8::2]:[2001:db8::9]:[fe80::1]:48:web1:eth0:none:[2001:db8::53]",
       "fixed dev eth0 2001:db8::2/48 via fe80::1 host web1"},
      {"[2001:db8::2/56]:::::eth0:none", "fixed dev eth0 2001:db8::2/56"},
      {"[2001:db8::2]/56:::::eth0:none", "fixed dev eth0 2001:db8::2/56"},
      {"[2001:db8::2]", "fixed 2001:db8::2/64"},
      {"eth0:dhcp", "dhcp dev eth0"},
      {"eth0:dhcp:1400", "dhcp dev eth0 mtu 1400"},
      {"eth0:auto6", "announced dev eth0"},
      {"eth0.5:dhcp", "dhcp dev eth0.5"},
      {"auto6", "announced"},
      {"either6", "announced"},
      {"link6", "announced"},
      {"link-local", "announced"},
      {"dhcp6",
       "announced | method 'dhcp6' (column 1): early boot asks no DHCPv6 server; it has the "
       "addresses that routers announce, and no other"},
      {"eth0:dhcp6",
       "announced dev eth0 | method 'dhcp6' (column 6): early boot asks no DHCPv6 server; it has "
       "the addresses that routers announce, and no other"},
      {"[2001:db8::2]:::::eth0:dhcp6", "fixed dev eth0 2001:db8::2/64"},
      {"enp0s3", "dhcp dev enp0s3"},
      {"eth0:off", "off dev eth0"},
  }));
  CHECK(said(text) == meaning);
}

TEST_CASE("a wrong ip= is told with its field, its column and a hint") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"dchp",
       "kernel command line: ip=dchp: method 'dchp' (column 1): there is no such method | "
       "did you mean 'dhcp'?"},
      {"192.0.2.300::192.0.2.1",
       "kernel command line: ip=192.0.2.300::192.0.2.1: client '192.0.2.300' (column 1): "
       "it is not the address of a host | "},
      {"2001:db8::2",
       "kernel command line: ip=2001:db8::2: address '2001:db8::2' (column 1): an IPv6 address "
       "is to stand in brackets | write ip=[2001:db8::2]"},
      {"[2001:db8::2",
       "kernel command line: ip=[2001:db8::2: address '2001:db8::2' (column 1): its bracket is "
       "not closed | add the ']'"},
      {":::::eth0:dhpc",
       "kernel command line: ip=:::::eth0:dhpc: method 'dhpc' (column 11): there is no such "
       "method | did you mean 'dhcp'?"},
      {":::::e/th0:dhcp",
       "kernel command line: ip=:::::e/th0:dhcp: device 'e/th0' (column 6): no link can have "
       "this name | "},
  }));
  CHECK(said(text) == message);
}

TEST_CASE("with an address, whatever else is wrong in ip= costs only itself") {
  const std::string whole = "fixed dev eth0 192.0.2.5/24 via 192.0.2.1";
  const auto [text, meaning] = GENERATE_COPY(table<std::string, std::string>({
      {"192.0.2.5::192.0.2.1:255.255.255.0::eth0:static", whole},
      {"192.0.2.5::192.0.2.1:255.255.255.0::eth0:DHCP", whole},
      {"192.0.2.5:0.0.0.0:192.0.2.1:255.255.255.0::eth0:None", whole},
      {"192.0.2.5:none:none:none::eth0:none", "fixed dev eth0 192.0.2.5/24"},
      {"192.0.2.5::0.0.0.0:0.0.0.0::eth0:none", "fixed dev eth0 192.0.2.5/24"},
      {"[2001:db8::2]::[::]:64::eth0:none", "fixed dev eth0 2001:db8::2/64"},
      {"192.0.2.5::192.0.2.1:24::eth0:none:::::::::", whole},
      {"192.0.2.5::192.0.2.1:24::eth0:manual",
       whole + " | method 'manual' (column 31): there is no such method; the address is used all "
               "the same"},
      {"192.0.2.5::192.0.2.300:24::eth0:none",
       "fixed dev eth0 192.0.2.5/24 | gateway '192.0.2.300' (column 12): it is not the address of "
       "a host; it is left out"},
      {"192.0.2.5::[2001:db8::1]:24::eth0:off",
       "fixed dev eth0 192.0.2.5/24 | gateway '2001:db8::1' (column 12): it is of another family "
       "than the client's address; it is left out"},
      {"192.0.2.5::192.0.2.1:255.0.255.0::eth0:off",
       whole + " | netmask '255.0.255.0' (column 22): it is neither a netmask nor the length of a "
               "prefix; /24 is taken"},
      {"192.0.2.5/99::192.0.2.1:::eth0:off",
       whole + " | client '192.0.2.5/99' (column 1): its prefix is wrong; /24 is taken"},
      {"192.0.2.5::192.0.2.1:0::eth0:off",
       whole + " | netmask '0' (column 22): it covers every address; /24 is taken"},
      {"192.0.2.5::192.0.2.1:24::e/th0:off",
       "fixed 192.0.2.5/24 via 192.0.2.1 | device 'e/th0' (column 26): no link can have this "
       "name; every wired link is used"},
      {"192.0.2.5::192.0.2.1:24:$(id):eth0:off",
       whole + " | host name '$(id)' (column 25): it is to be letters, digits, '-', '_' and '.'; "
               "it is left out"},
      {"192.0.2.5::192.0.2.1:24::eth0:off:9",
       whole + " | MTU '9' (column 35): it is to be from 576 to 65535; it is left out"},
      {"192.0.2.5::192.0.2.1:24::eth0:off::::x",
       whole + " | field 'x' (column 38): there are more fields than ip= has; it is not looked "
               "at"},
  }));
  CHECK(said(text) == meaning);
}

TEST_CASE("without an address, ip= still says by which link and that it is DHCP") {
  const auto [text, meaning] = GENERATE(table<std::string, std::string>({
      {"DHCP", "dhcp"},
      {"Off", "off"},
      {"static", "off"},
      {"eth0:Dhcp", "dhcp dev eth0"},
      {"0.0.0.0::::web1:eth0:dhcp", "dhcp dev eth0 host web1"},
      {"none:none:none:none::eth0:dhcp", "dhcp dev eth0"},
      {"::::$(id):eth0:dhcp",
       "dhcp dev eth0 | host name '$(id)' (column 5): it is to be letters, digits, '-', '_' and "
       "'.'; it is left out"},
      {"eth0:dhcp:9",
       "dhcp dev eth0 | MTU '9' (column 11): it is to be from 576 to 65535; it is left out"},
  }));
  CHECK(said(text) == meaning);
}
