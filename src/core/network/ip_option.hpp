// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel's `ip=`, in the forms of its documentation and the few that
// initramfs builders added to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/address.hpp"

namespace latchkey {

/// Which link is meant. Both empty: every wired one.
struct LinkMatch {
  std::string name{};
  std::string mac{};

  bool operator==(const LinkMatch&) const = default;
  [[nodiscard]] bool any() const noexcept { return name.empty() && mac.empty(); }
  /// For messages: the name or the MAC address.
  [[nodiscard]] const std::string& text() const noexcept { return name.empty() ? mac : name; }
};

/// What one `ip=` says.
struct IpOption {
  /// `announced`: IPv6 as the routers announce it, and no DHCP for IPv4.
  enum class Method { off, dhcp, fixed, announced };
  Method method = Method::dhcp;
  LinkMatch link{};
  std::optional<Subnet> address{};
  std::optional<Address> gateway{};
  std::string hostname{};
  std::optional<unsigned> mtu{};
  std::string client_id{};  ///< for DHCP, as core/network/client_id.hpp has it; may be empty

  bool operator==(const IpOption&) const = default;
};

/// Takes what stands behind `ip=`. These forms are read:
///   METHOD                                        dhcp on any off none static both …
///   DEVICE, DEVICE:METHOD, DEVICE:METHOD:MTU
///   CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:METHOD:DNS:DNS:NTP
/// Every field of the last may be empty, and those at the end left out; `none` and an
/// address of zeros are empty too. IPv6 stands in brackets; the netmask may be a prefix
/// length, or stand behind the client as `/24`. The method may be `dhcp,TYPE,VALUE`, which
/// also says by which identifier to ask. Server, DNS and NTP mean nothing to early
/// boot and are not looked at.
/// A client's address means that it is used, whatever the method, as in the kernel: then
/// any other field that is wrong costs only itself, and is one of `problems`. Fails with
/// Code::config, naming the column, where nothing is left to do as it says. `source` is
/// how messages begin.
[[nodiscard]] Result<IpOption> parse_ip_option(
    std::string_view text, std::vector<Error>& problems,
    std::string_view source = "kernel command line: ip=");

}  // namespace latchkey
