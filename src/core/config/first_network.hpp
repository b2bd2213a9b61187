// SPDX-License-Identifier: GPL-3.0-or-later
// What a new configuration says about the network, and what its owner is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/host_network.hpp"
#include "core/network/network.hpp"
#include "core/network/network_text.hpp"

namespace latchkey {

struct FirstNetwork {
  std::string ip_source{};  ///< where an ip= stands that decides instead; empty: nowhere
  std::vector<Error> warnings{};
  /// Why nobody would reach early boot as it is written.
  std::optional<Error> out_of_reach{};
};

/// An `IP=` in initramfs-tools' own configuration.
struct InitramfsIp {
  std::string file{};
  std::string value{};  ///< empty: there is none
  std::string device{};  ///< its DEVICE=; empty: there is none
};

/// Fills `[network]` of a new configuration with what the running system does, also
/// where an `ip=` on the command line, or of initramfs-tools, comes before it: that may go
/// one day. Tells what early boot would not understand of it. Never fails.
[[nodiscard]] FirstNetwork set_network(NewNetwork& network, const HostNetwork& host,
                                       std::string_view cmdline, const InitramfsIp& ip);

/// What to tell where an `ip=` turns early boot's network off.
[[nodiscard]] Error no_early_network(const std::string& source);

/// What to tell where the plan of this `[network]` touches no link, as its owner wrote it
/// (`method = "none"`); nothing where it does, or an `ip=` decided it.
[[nodiscard]] std::optional<Error> no_network_meant(const NetworkPlan& plan,
                                                    const NetworkConfig& config);

}  // namespace latchkey
