// SPDX-License-Identifier: GPL-3.0-or-later
// The network's links and addresses as the kernel has them now, and word of
// their changes. Changing them is the business of `ip`.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/network/network.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

/// The links of /sys/class/net below `root` (a prefix for tests), by index.
/// Those that udevd knows of but has not finished with are left out: it may be
/// about to rename them, which older kernels refuse once a link is up. `early`
/// is set when there are such. `patient` false takes them all the same. Never
/// fails: what cannot be read is not there.
[[nodiscard]] std::vector<LinkFacts> read_links(const std::string& root, bool patient, bool& early);

/// An address on a link.
struct LinkAddress {
  std::string link;
  Subnet subnet;

  bool operator==(const LinkAddress&) const = default;
};

/// All addresses of this network namespace, loopback's left out.
[[nodiscard]] std::vector<LinkAddress> read_addresses();

/// The MTU of a link; 0 when it is gone.
[[nodiscard]] unsigned read_mtu(const std::string& root, const std::string& link);

/// Tells when links or addresses change, or when udevd has finished with a link.
class LinkEvents {
 public:
  /// Fails with Code::io or Code::kernel.
  [[nodiscard]] static Result<LinkEvents> open(const std::string& root);

  /// Descriptors to poll for reading; the second may be -1.
  [[nodiscard]] int links() const noexcept { return netlink_.get(); }
  [[nodiscard]] int udev() const noexcept { return udev_.get(); }
  /// Takes all that is waiting. What exactly changed is not kept: whoever asks
  /// reads the present state, which cannot be overtaken by a lost event.
  void drain() noexcept;

 private:
  LinkEvents(Fd netlink, Fd udev) : netlink_(std::move(netlink)), udev_(std::move(udev)) {}
  Fd netlink_;
  Fd udev_;
};

}  // namespace latchkey
