// SPDX-License-Identifier: GPL-3.0-or-later
// Whether `check` sees that early boot would not find its card.
#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/network/early_card.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// A card that the running system gave another MAC address, and one with a radio.
const std::vector<LinkFacts> links{
    {.index = 2,
     .name = "ens3",
     .mac = "02:00:00:00:00:01",
     .permanent_mac = "52:54:00:12:34:56",
     .other_names = {"enp0s3"},
     .wired = true},
    {.index = 3, .name = "wlan0", .wireless = true},
    {.index = 4, .name = "vmbr0", .mac = "52:54:00:12:34:56", .no_card = true},
    {.index = 5,
     .name = "lan0",
     .mac = "52:54:00:00:00:05",
     .other_names = {"lan0", "enp0s5"},
     .wired = true,
     .late_name = true},
    {.index = 6, .name = "bond0", .mac = "02:00:00:00:00:01", .no_card = true},
    {.index = 7, .name = "team0", .mac = "02:00:00:00:00:07", .no_card = true},
    {.index = 8, .name = "end0", .mac = "02:00:00:00:00:08", .wired = true, .drawn_mac = true}};

std::string told(const NetworkConfig& config, const std::string& cmdline = "") {
  std::vector<std::string> out;
  for (const Finding& finding : missing_cards(network_plan(cmdline, config), links))
    out.push_back((finding.level == Finding::Level::error ? "error: " : "warning: ") +
                  sentence(finding.text) + " | " + finding.text.hint);
  return join(out, "\n");
}

std::string named(const std::string& interface, bool fallback = true) {
  NetworkConfig config;
  config.interface = interface;
  config.fallback = fallback;
  return told(config);
}

}  // namespace

TEST_CASE("a card that is there under one of its names or its own MAC address is no finding") {
  for (const char* name : {"", "ens3", "enp0s3", "52:54:00:12:34:56"}) CHECK(named(name).empty());
  CHECK(told({}, "ip=:::::ens3:dhcp").empty());
  CHECK(told({}, "vlan=vlan43:ens3 ip=:::::vlan43:dhcp").empty());
  CHECK(told({}, "ip=:::::eth9:off").empty());
  CHECK(missing_cards(network_plan("ip=eth9:dhcp", {}), {}).empty());  // nothing is known
}

TEST_CASE("a card that no link is gives a warning, and an error without a fallback") {
  CHECK(
      named("eth9").starts_with("warning: early boot is to use the link 'eth9': this machine has "
                                "no such link; after a minute it tries every wired one"));
  CHECK(named("eth9", false)
            .starts_with("error: early boot is to use the link 'eth9': this machine has no such "
                         "link; it waits for it for ever"));
  NetworkConfig bond;
  bond.bond = {"ens3", "eth9"};
  bond.fallback = false;
  CHECK(told(bond).starts_with("warning: early boot is to use the link 'eth9'"));
}

TEST_CASE("a MAC address that the running system gave is not what early boot finds") {
  const std::string hint =
      " | write 52:54:00:12:34:56 in its place, with which the card was made, and run: "
      "update-initramfs -u -k all";
  const std::string why =
      "early boot is to use the link '02:00:00:00:00:01': 'ens3' has this MAC address in the "
      "running "
      "system only; ";
  CHECK(named("02:00:00:00:00:01") ==
        "warning: " + why + "after a minute it tries every wired one" + hint);
  CHECK(named("02:00:00:00:00:01", false) == "error: " + why + "it waits for it for ever" + hint);
}

TEST_CASE("case 6: what the running system makes of its cards is no card of early boot") {
  const std::string vmbr =
      "early boot is to use the link 'vmbr0': 'vmbr0' is no card, and the running system makes "
      "it; ";
  CHECK(named("vmbr0").starts_with("warning: " + vmbr + "after a minute it tries every wired one"));
  CHECK(named("vmbr0", false).starts_with("error: " + vmbr + "it waits for it for ever"));
  CHECK(named("vmbr0").find("name its card, or say in [network]") != std::string::npos);
  CHECK(told({}, "ip=:::::vmbr0:dhcp").starts_with("warning: " + vmbr));
  CHECK(named("02:00:00:00:00:07")
            .starts_with("warning: early boot is to use the link '02:00:00:00:00:07': 'team0' is "
                         "no card"));
  // The same name made by early boot too, and a card whose MAC address a bridge took.
  CHECK(told({}, "bond=bond0:ens3 ip=:::::bond0:dhcp").empty());
  CHECK(named("52:54:00:12:34:56").empty());
}

TEST_CASE("case 6: a name that a file below /run gives is told, with the MAC address to write") {
  CHECK(named("lan0").starts_with(
      "warning: early boot is to use the link 'lan0': a file below /run or "
      "/usr/local gives it this name, which "
      "no image has"));
  CHECK(named("lan0").find("write its MAC address 52:54:00:00:00:05 in place of the name") !=
        std::string::npos);
  CHECK(named("lan0", false).starts_with("warning: "));
  CHECK(named("52:54:00:00:00:05").empty());
}

TEST_CASE("case 6: a card without a MAC address of its own is found by its name alone") {
  CHECK(named("end0").empty());
  CHECK(named("02:00:00:00:00:08") ==
        "warning: early boot is to use the link '02:00:00:00:00:08': 'end0' has this MAC address "
        "in the running system only; after a minute it tries every wired one | it has none of its "
        "own: write the name 'end0' in its place, and run: update-initramfs -u -k all");
}

TEST_CASE("a wireless card is an error") {
  CHECK(named("wlan0").starts_with(
      "error: early boot is to use the link 'wlan0': it is a wireless card, and early boot has no "
      "WLAN; after a minute it tries every wired one"));
}
