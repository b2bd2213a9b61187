// SPDX-License-Identifier: GPL-3.0-or-later
// `[network]` as it is written. What it means is decided in network.hpp.
#pragma once

#include <string>
#include <vector>

namespace latchkey {

/// How early boot brings up its network when the kernel's `ip=` does not say.
struct NetworkConfig {
  enum class Method { dhcp, fixed, none };
  Method method = Method::dhcp;
  /// An interface's name or MAC address; empty: every wired interface.
  std::string interface {};
  std::vector<std::string> address{};  ///< `192.0.2.10/24`, `2001:db8::2/64`
  std::vector<std::string> gateway{};  ///< on-link is fine, also outside the subnet
  std::string hostname{};              ///< told to the DHCP server
  std::string client_id{};             ///< by which DHCP is asked, in hexadecimal
  unsigned mtu = 0;                    ///< 0: that of the link, or of the DHCP server
  unsigned vlan = 0;                   ///< the number of a VLAN on top; 0: none
  std::vector<std::string> bond{};     ///< the members of `bond0`: names or MAC addresses
  std::string bond_mode = "active-backup";
  std::string mac{};  ///< of the topmost bond or bridge; empty: that of its first member
  std::vector<std::string> bridge{};  ///< the ports of `br0`, `bond0` or `vlanN` among them
  /// Use every wired interface when the named one has not appeared for a minute, or is wireless.
  bool fallback = true;
  bool method_said = false;  ///< its owner wrote `method`: DHCP is then no mere default

  /// True when a VLAN, bond or bridge is to be made.
  [[nodiscard]] bool layered() const noexcept {
    return vlan != 0 || !bond.empty() || !bridge.empty();
  }
};

}  // namespace latchkey
