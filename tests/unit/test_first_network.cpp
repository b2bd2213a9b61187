// SPDX-License-Identifier: GPL-3.0-or-later
// What `init` writes into [network], and tells, beside a command line.
#include "core/first_network.hpp"
#include "core/message.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

HostNetwork static_host() {
  HostNetwork out;
  out.link = "ens3";
  out.config.method = NetworkConfig::Method::fixed;
  out.config.interface = "52:54:00:12:34:56";
  out.config.address = {"192.0.2.10/24"};
  out.config.gateway = {"192.0.2.1"};
  return out;
}

}  // namespace

TEST_CASE("[network] is written from the running system, with and without an ip=") {
  for (const char* cmdline : {"quiet", "quiet ip=192.0.2.10::192.0.2.1:24::ens3:none"}) {
    NewConfig config;
    const FirstNetwork said = set_network(config, static_host(), cmdline);
    CHECK(config.network.interface == "52:54:00:12:34:56");
    CHECK_FALSE(config.network_left_open);
    CHECK(config.network_note == "As 'ens3' was set up when this file was written.");
    CHECK(said.ip_option == (std::string(cmdline) != "quiet"));
    CHECK(said.warnings.empty());
  }
}

TEST_CASE("what is wrong in an ip=, or turns the network off, is told at once") {
  NewConfig config;
  const FirstNetwork wrong = set_network(config, static_host(), "ip=192.0.2.10::::::manual");
  REQUIRE(wrong.warnings.size() == 1);
  CHECK(wrong.warnings[0].what ==
        "kernel command line: ip=192.0.2.10::::::manual: method 'manual' (column 17)");
  const FirstNetwork off = set_network(config, static_host(), "ip=off");
  REQUIRE(off.warnings.size() == 1);
  CHECK(sentence(off.warnings[0]) ==
        "early boot will have no network: only its console can unlock: the ip= of the kernel's "
        "command line turns it off");
}

TEST_CASE("[network] is left open where nobody could say how") {
  NewConfig config;
  CHECK(set_network(config, {}, "").warnings.empty());
  CHECK(config.network_left_open);
}
