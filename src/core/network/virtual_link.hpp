// SPDX-License-Identifier: GPL-3.0-or-later
// The links that early boot has to make before its network is reached: VLANs,
// bonds and bridges, as the kernel's command line and `[network]` ask for them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/ip_option.hpp"
#include "core/network/network_config.hpp"

namespace latchkey {

/// One file below /sys/class/net/NAME/bonding, and what is written to it.
struct BondSetting {
  std::string name;
  std::string value;

  bool operator==(const BondSetting&) const = default;
};

struct VirtualLink {
  enum class Kind { vlan, bond, bridge };
  Kind kind = Kind::vlan;
  std::string name{};
  std::vector<LinkMatch> members{};     ///< what it lies on; a VLAN: one link
  unsigned vlan_id = 0;                 ///< 1 to 4094 for a VLAN
  std::vector<BondSetting> settings{};  ///< of a bond; the mode is the first
  std::optional<unsigned> mtu{};        ///< of a bond

  std::string mac{};  ///< of a bond or bridge; empty: its first member's

  bool operator==(const VirtualLink&) const = default;
};

/// What it is called in messages, and in `ip link add … type`: `vlan`, `bond`, `bridge`.
[[nodiscard]] std::string_view kind_text(VirtualLink::Kind kind);

/// The kind that a word of the command line (`vlan`, `bond`, `bridge`) asks for.
[[nodiscard]] std::optional<VirtualLink::Kind> parse_kind(std::string_view word);

/// Takes what stands behind `vlan=`, `bond=` or `bridge=`. These forms are read:
///   vlan=NAME:PARENT                         the name ends with the VLAN's number
///   bond=NAME:MEMBER,…[:OPTION=VALUE,…[:MTU]]
///   bridge=NAME:PORT,…
/// A bond without a mode gets balance-rr, as the kernel would give it; one without
/// link monitoring is looked at each 100 ms, or it would not see a cable pulled.
/// Options that no bond has are told in `problems` and left out. Fails with
/// Code::config when nothing can be made of it.
[[nodiscard]] Result<VirtualLink> parse_made_link(VirtualLink::Kind kind, std::string_view text,
                                               std::vector<Error>& problems);

/// True for a bond's mode as it is written (`active-backup`), not as a number.
[[nodiscard]] bool valid_bond_mode(std::string_view text);
[[nodiscard]] const std::vector<std::string>& bond_modes();

/// Gives a bond this mode when it has none, and link monitoring; the mode comes first,
/// since it decides which of the other settings the kernel takes.
void complete_bond(VirtualLink& bond, std::string_view mode);

/// What `[network]` asks for: `bond0` over the members of `bond`, `br0` over the
/// ports of `bridge`, and the VLAN N as `vlanN`: a port of the bridge when `bridge`
/// names it, else on top of all. Fails when the keys contradict each other; the
/// Error's `what` is the key, its `why` the reason.
[[nodiscard]] Result<std::vector<VirtualLink>> configured_links(const NetworkConfig& config);

/// Puts each after those it lies on. What is named twice, lies on itself or has no
/// member of its own is told in `problems` and left out.
[[nodiscard]] std::vector<VirtualLink> arrange(std::vector<VirtualLink> made,
                                            std::vector<Error>& problems);

}  // namespace latchkey
