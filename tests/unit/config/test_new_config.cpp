// SPDX-License-Identifier: GPL-3.0-or-later
// The text of a first latchkey.conf means what was meant, and its examples are valid.
#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/config.hpp"
#include "core/config/new_config.hpp"
#include "core/config/volume.hpp"
#include "core/config/volume_lines.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

using Lines = std::vector<std::string>;

NewConfig first() { return {.keys_device = "vg0/encrypted-keys", .keys_uuid = "0b1e-uuid"}; }

Config parsed(const std::string& text) {
  const auto config = parse_config(text, "latchkey.conf");
  if (!config) FAIL(sentence(config.error()) << "\n" << text);
  return *config;
}

// Every key that is shown as a comment, as if its owner had taken the # away.
std::string without_hashes(const std::string& text) {
  std::string out;
  for (const std::string_view line : split_lines(text)) {
    const bool shown = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += std::string(shown ? line.substr(1) : line) + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a new latchkey.conf gives back what was meant and the defaults for the rest") {
  NewConfig config = first();
  config.network.config = {.method = NetworkConfig::Method::fixed,
                           .interface = "52:54:00:12:34:56",
                           .address = {"192.0.2.10/24", "2001:db8::2/64"},
                           .gateway = {"192.0.2.1"},
                           .client_id = "ff12",
                           .mtu = 1400};
  const Config read = parsed(new_config_text(config));
  CHECK(read.keys.device.text() == "vg0/encrypted-keys");
  CHECK(read.keys.uuid == "0b1e-uuid");
  CHECK(read.network.method == NetworkConfig::Method::fixed);
  CHECK(read.network.interface == "52:54:00:12:34:56");
  CHECK(read.network.address == config.network.config.address);
  CHECK(read.network.gateway == config.network.config.gateway);
  CHECK(read.network.client_id == "ff12");
  CHECK(read.network.mtu == 1400);
  CHECK(read.network.fallback);
  CHECK_FALSE(read.boot.wait);
  CHECK(read.ssh.port == 22);
}

TEST_CASE("case 13: a new latchkey.conf says a VLAN, a bond and a bridge") {
  NewConfig config = first();
  config.network.config.vlan = 43;
  config.network.config.bond = {"52:54:00:12:34:56", "52:54:00:12:34:57"};
  config.network.config.bond_mode = "802.3ad";
  config.network.config.bridge = {"bond0"};
  config.network.config.mac = "52:54:00:12:34:58";
  const Config read = parsed(new_config_text(config));
  CHECK(read.network.vlan == 43);
  CHECK(read.network.bond == config.network.config.bond);
  CHECK(read.network.bond_mode == "802.3ad");
  CHECK(read.network.bridge == Lines{"bond0"});
  CHECK(read.network.mac == "52:54:00:12:34:58");
}

TEST_CASE("a network that is left open is shown and not set") {
  NewConfig config = first();
  config.network.config.interface = "eth0";
  config.network.left_open = true;
  config.network.note = "the kernel's command line has ip=dhcp\nport = 1";
  const Config read = parsed(new_config_text(config));
  CHECK(read.network.method == NetworkConfig::Method::dhcp);
  CHECK(read.network.interface.empty());
  CHECK(read.ssh.port == 22);
}

TEST_CASE("every key that the parser knows is shown, and what is shown is valid and the default") {
  const std::string text = new_config_text(first());
  const Config shown = parsed(without_hashes(text));
  const Config plain = parsed(text);
  CHECK(shown.keys.mapping == plain.keys.mapping);
  CHECK(shown.boot.wait == plain.boot.wait);
  CHECK(shown.boot.then == plain.boot.then);
  CHECK(shown.boot.device_timeout == plain.boot.device_timeout);
  CHECK(shown.boot.open_timeout == plain.boot.open_timeout);
  CHECK(shown.ssh.port == plain.ssh.port);
  CHECK(shown.ssh.grant == plain.ssh.grant);
  CHECK(shown.network.method == plain.network.method);
  CHECK(shown.network.fallback == plain.network.fallback);
  CHECK(shown.release.fsck == plain.release.fsck);
  CHECK(shown.release.service_timeout == plain.release.service_timeout);
  // The parser itself says which keys there are, when it meets one that it does not
  // know and nothing is near.
  for (const char* section : {"keys", "boot", "ssh", "network", "release"}) {
    const auto wrong = parse_config(
        "[keys]\ndevice = \"a/b\"\n" +
            (std::string(section) == "keys" ? std::string() : "[" + std::string(section) + "]\n") +
            "qqqqqqqqqqqqqqqqqqqqqqqq = 1\n",
        "f");
    REQUIRE_FALSE(wrong);
    const auto parts = split(wrong.error().hint, '\'');
    REQUIRE(parts.size() > 2);
    for (std::size_t i = 1; i < parts.size(); i += 2) {
      INFO(section << " " << parts[i]);
      const bool set = text.find("\n" + parts[i] + " = ") != std::string::npos;
      const bool hinted = text.find("\n#" + parts[i] + " = ") != std::string::npos;
      CHECK((set || hinted));
    }
  }
}

TEST_CASE("new volumes and services hold nothing yet and are valid") {
  const auto volumes = parse_volumes(volumes_head(), "volumes");
  REQUIRE(volumes);
  CHECK(volumes->empty());
  const auto services = parse_services(std::string(services_head), "services", {});
  REQUIRE(services);
  CHECK(services->empty());
}
