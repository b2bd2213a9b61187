// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/network_text.hpp"

#include "core/base/text.hpp"
#include "core/base/toml_line.hpp"

namespace latchkey {
namespace {

std::string list(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return toml_string(texts[0]);
  std::vector<std::string> each;
  for (const std::string& text : texts) each.push_back(toml_string(text));
  return "[" + join(each, ", ") + "]";
}

std::string_view method_text(NetworkConfig::Method method) {
  if (method == NetworkConfig::Method::fixed) return "static";
  return method == NetworkConfig::Method::none ? "none" : "dhcp";
}

}  // namespace

std::string new_network_text(const NewNetwork& written) {
  const NetworkConfig& network = written.config;
  const bool set = !written.left_open;
  std::string out =
      "\n[network]\n"
      "# How early boot reaches the network. An ip= on the kernel's command line wins.\n";
  if (!written.note.empty()) out += "# " + printable(written.note, 500) + "\n";
  out += "# \"dhcp\", \"static\" (then with address and gateway) or \"none\".\n";
  out +=
      toml_line(set, "method", toml_string(std::string(method_text(network.method))), "\"dhcp\"");
  out += "# A name or, better since it stays, a MAC address; without it every wired interface.\n";
  out += toml_line(set && !network.interface.empty(), "interface", toml_string(network.interface),
                   "\"52:54:00:12:34:56\"");
  out +=
      "# When it is reached over a VLAN, a bond or a bridge: the number, the members, as\n"
      "# [\"eth0\", \"eth1\"], and the mode, the ports (members and ports in place of interface).\n"
      "# They are made as vlanN, bond0, br0.\n";
  out += toml_line(set && network.vlan != 0, "vlan", std::to_string(network.vlan), "43");
  out += toml_line(set && !network.bond.empty(), "bond", list(network.bond), "[]");
  out += toml_line(set && !network.bond.empty() && network.bond_mode != NetworkConfig{}.bond_mode,
                   "bond_mode", toml_string(network.bond_mode), "\"active-backup\"");
  out += toml_line(set && !network.bridge.empty(), "bridge", list(network.bridge), "[]");
  out += "# The MAC address of the bridge or bond; without it that of its first member.\n";
  out += toml_line(set && !network.mac.empty(), "mac", toml_string(network.mac), "\"\"");
  out += "# One or a list, IPv4 and IPv6. A gateway may lie outside of the subnet.\n";
  out += toml_line(set && !network.address.empty(), "address", list(network.address),
                   "[\"192.0.2.10/24\", \"2001:db8::2/64\"]");
  out += toml_line(set && !network.gateway.empty(), "gateway", list(network.gateway),
                   "[\"192.0.2.1\", \"2001:db8::1\"]");
  out += "# Told to the DHCP server.\n";
  out += toml_line(set && !network.hostname.empty(), "hostname", toml_string(network.hostname),
                   "\"server\"");
  out += "# By which that server knows this machine, in hexadecimal; without it the MAC address.\n";
  out += toml_line(set && !network.client_id.empty(), "client_id", toml_string(network.client_id),
                   "\"01:52:54:00:12:34:56\"");
  out += "# Without it that of the link or of the DHCP server.\n";
  out += toml_line(set && network.mtu != 0, "mtu", std::to_string(network.mtu), "1500");
  out += "# Use every wired interface when the named one has not appeared for a minute.\n";
  out += toml_line(set && !network.fallback, "fallback", "false", "true");
  return out;
}

std::vector<std::string> network_lines(const NetworkConfig& network) {
  std::vector<std::string> out;
  const std::string text = new_network_text({.config = network});
  for (const std::string_view line : split_lines(text))
    if (!line.empty() && !line.starts_with('#') && !line.starts_with('[')) out.emplace_back(line);
  return out;
}

}  // namespace latchkey
