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
  unsigned mtu = 0;                    ///< 0: that of the link, or of the DHCP server
  /// Use every wired interface when the named one has not appeared for a minute.
  bool fallback = true;
};

}  // namespace latchkey
