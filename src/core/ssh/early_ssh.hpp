// SPDX-License-Identifier: GPL-3.0-or-later
// What a person is told at the end of the set-up: how to reach early boot, and how
// ssh keeps its host key apart from that of the running system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/network/network.hpp"

namespace latchkey {

struct EarlyHostKey {
  std::string public_line{};  ///< `ssh-ed25519 AAAA…`
  std::string fingerprint{};  ///< `SHA256:…`
};

struct EarlySsh {
  std::string host_name{};               ///< of the machine; may be empty
  std::vector<std::string> addresses{};  ///< the first is the one to use; may be none
  std::uint16_t port = 22;
  std::vector<EarlyHostKey> keys{};
};

/// The alias under which ssh keeps early boot's host key: `server-early`.
[[nodiscard]] std::string early_alias(const EarlySsh& ssh);

/// Fingerprints, the ssh command, a stanza for ~/.ssh/config and lines for
/// ~/.ssh/known_hosts, as lines to print.
[[nodiscard]] std::string early_ssh_text(const EarlySsh& ssh);

/// Under which addresses early boot is reached, IPv4 first: those that it is given, and, where it
/// asks a DHCP server or has none of its own, those that the running system has now. Who is logged
/// in over another card, or chose others for early boot, is not to be sent to these alone.
[[nodiscard]] std::vector<std::string> early_addresses(const NetworkPlan& plan,
                                                       const std::vector<std::string>& now);

}  // namespace latchkey
