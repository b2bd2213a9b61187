// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/new_config.hpp"

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Only texts that were checked come here (addresses, names, UUIDs); this keeps them
// one TOML string whatever they are.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text, 1000)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string list(const std::vector<std::string>& texts) {
  if (texts.size() == 1) return quoted(texts[0]);
  std::vector<std::string> each;
  for (const std::string& text : texts) each.push_back(quoted(text));
  return "[" + join(each, ", ") + "]";
}

std::string_view method_text(NetworkConfig::Method method) {
  if (method == NetworkConfig::Method::fixed) return "static";
  return method == NetworkConfig::Method::none ? "none" : "dhcp";
}

// `key = value` when it is set, else the comment that shows how.
std::string line(bool set, const std::string& key, const std::string& value,
                 const std::string& shown) {
  return set ? key + " = " + value + "\n" : "#" + key + " = " + shown + "\n";
}

}  // namespace

std::string new_network_text(const NewConfig& config) {
  const NetworkConfig& network = config.network;
  const bool set = !config.network_left_open;
  std::string out =
      "\n[network]\n"
      "# How early boot reaches the network. An ip= on the kernel's command line wins.\n";
  if (!config.network_note.empty()) out += "# " + printable(config.network_note, 500) + "\n";
  out += "# \"dhcp\", \"static\" (then with address and gateway) or \"none\".\n";
  out += line(set, "method", quoted(std::string(method_text(network.method))), "\"dhcp\"");
  out += "# A name or, better since it stays, a MAC address; without it every wired interface.\n";
  out += line(set && !network.interface.empty(), "interface", quoted(network.interface),
              "\"52:54:00:12:34:56\"");
  out +=
      "# When it is reached over a VLAN, a bond or a bridge: the number, the members, as\n"
      "# [\"eth0\", \"eth1\"], and the mode, the ports (members and ports in place of interface).\n"
      "# They are made as vlanN, bond0, br0.\n";
  out += line(set && network.vlan != 0, "vlan", std::to_string(network.vlan), "43");
  out += line(set && !network.bond.empty(), "bond", list(network.bond), "[]");
  out += line(set && !network.bond.empty() && network.bond_mode != NetworkConfig{}.bond_mode,
              "bond_mode", quoted(network.bond_mode), "\"active-backup\"");
  out += line(set && !network.bridge.empty(), "bridge", list(network.bridge), "[]");
  out += "# The MAC address of the bridge or bond; without it that of its first member.\n";
  out += line(set && !network.mac.empty(), "mac", quoted(network.mac), "\"\"");
  out += "# One or a list, IPv4 and IPv6. A gateway may lie outside of the subnet.\n";
  out += line(set && !network.address.empty(), "address", list(network.address),
              "[\"192.0.2.10/24\", \"2001:db8::2/64\"]");
  out += line(set && !network.gateway.empty(), "gateway", list(network.gateway),
              "[\"192.0.2.1\", \"2001:db8::1\"]");
  out += "# Told to the DHCP server.\n";
  out += line(set && !network.hostname.empty(), "hostname", quoted(network.hostname), "\"server\"");
  out += "# By which that server knows this machine, in hexadecimal; without it the MAC address.\n";
  out += line(set && !network.client_id.empty(), "client_id", quoted(network.client_id),
              "\"01:52:54:00:12:34:56\"");
  out += "# Without it that of the link or of the DHCP server.\n";
  out += line(set && network.mtu != 0, "mtu", std::to_string(network.mtu), "1500");
  out += "# Use every wired interface when the named one has not appeared for a minute.\n";
  out += line(set && !network.fallback, "fallback", "false", "true");
  return out;
}

std::vector<std::string> network_lines(const NetworkConfig& network) {
  std::vector<std::string> out;
  const std::string text = new_network_text({.network = network});
  for (const std::string_view line : split_lines(text))
    if (!line.empty() && !line.starts_with('#') && !line.starts_with('[')) out.emplace_back(line);
  return out;
}

const std::string_view services_head = "# unit  [volume ...]    see latchkey.conf(5)\n";

std::string new_config_text(const NewConfig& config) {
  std::string out =
      "# How this machine is unlocked; see latchkey.conf(5). Keys behind a # show their\n"
      "# defaults or an example. After a change run: update-initramfs -u -k all\n"
      "\n[keys]\n"
      "# The small volume that your passphrase opens; it holds the keys of all others.\n";
  out += "device = " + quoted(config.keys_device) + "\n";
  out += "# Its LUKS header must have this UUID, so that no other one gets your passphrase.\n";
  out += line(!config.keys_uuid.empty(), "uuid", quoted(config.keys_uuid), "\"\"");
  out +=
      "# Its device-mapper name while it is open.\n"
      "#mapping = \"cleartext-keys\"\n"
      "\n[boot]\n"
      "# How long early boot waits for the passphrase, as \"10min\", and what it does then:\n"
      "# \"continue\" (boot without the data), \"poweroff\" or \"reboot\".\n"
      "#wait = \"forever\"\n"
      "#then = \"continue\"\n"
      "# How long a device may take to appear, and one volume to open.\n"
      "#device_timeout = \"30s\"\n"
      "#open_timeout = \"60s\"\n"
      "\n[ssh]\n"
      "# Where ssh listens in early boot. Who may come stands in authorized_keys.\n"
      "#port = 22\n"
      "# What each of them may do beyond unlock, status, log and continue:\n"
      "# \"reboot\", \"poweroff\", \"shell\". Then the same for single keys, by the key's\n"
      "# comment or fingerprint.\n"
      "#grant = []\n"
      "#grants = { \"alice@laptop\" = [\"reboot\"] }\n";
  out += new_network_text(config);
  out +=
      "\n[release]\n"
      "# Check the file systems before they are mounted.\n"
      "#fsck = true\n"
      "# How long a service may take to start before it is told as a failure.\n"
      "#service_timeout = \"90s\"\n";
  return out;
}

}  // namespace latchkey
