// SPDX-License-Identifier: GPL-3.0-or-later
// What `ip -j` prints of made-up machines, and what host_network() makes of it in one line.
#pragma once

#include <string>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/network/host_network.hpp"

namespace latchkey::test {

// One line that says all of the outcome, to compare whole.
inline std::string said(const HostNetwork& host) {
  constexpr const char* names[] = {"dhcp", "static", "none"};
  const NetworkConfig& config = host.config;
  std::string out = names[static_cast<int>(config.method)];
  if (!config.interface.empty()) out += " on " + config.interface;
  if (config.vlan != 0) out += " vlan " + std::to_string(config.vlan);
  if (!config.bond.empty()) out += " bond " + join(config.bond, ",") + " " + config.bond_mode;
  if (!config.bridge.empty()) out += " bridge " + join(config.bridge, ",");
  if (!config.mac.empty()) out += " mac " + config.mac;
  for (const std::string& address : config.address) out += " " + address;
  for (const std::string& gateway : config.gateway) out += " via " + gateway;
  if (config.mtu != 0) out += " mtu " + std::to_string(config.mtu);
  if (!host.addresses.empty()) out += " reached at " + join(host.addresses, ", ");
  for (const Error& warning : host.warnings) out += " | " + sentence(warning);
  return out;
}

inline std::string card(const std::string& infos, const std::string& name = "ens3") {
  return R"([{"ifname":"lo","address":"00:00:00:00:00:00","addr_info":[{"family":"inet",)"
         R"("local":"127.0.0.1","prefixlen":8,"scope":"host"}]},{"ifname":")" +
         name + R"(","mtu":1500,"address":"52:54:00:12:34:56","addr_info":[)" + infos + "]}]";
}

inline const std::string plain_link =
    R"([{"ifname":"lo","mtu":65536,"address":"00:00:00:00:00:00"},)"
    R"({"ifname":"ens3","mtu":1500,"address":"52:54:00:12:34:56","parentbus":"virtio"}])";
inline const std::string link_local =
    R"({"family":"inet6","local":"fe80::5054:ff:fe12:3456","prefixlen":64,"scope":"link"})";

inline std::string part(const std::string& name, int number, const std::string& more = "") {
  return R"({"ifname":")" + name + R"(","address":"52:54:00:00:00:0)" + std::to_string(number) +
         "\"" + more + "}";
}

inline const std::string reached = " 192.0.2.10/24 via 192.0.2.1 reached at 192.0.2.10";

inline const std::string via_one = R"([{"dst":"default","gateway":"192.0.2.1","dev":"ens3"}])";

// `"local":…` of a lasting address, and more about it.
inline std::string lasting(const std::string& address, const std::string& prefix,
                           const std::string& more = "") {
  return R"({"local":")" + address + R"(","prefixlen":)" + prefix + R"(,"scope":"global")" + more +
         "}";
}

inline const std::string own_address = "static on 52:54:00:12:34:56" + reached;

inline const std::string public_card = "static on 52:54:00:00:00:03" + reached;

}  // namespace latchkey::test
