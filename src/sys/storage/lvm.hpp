// SPDX-License-Identifier: GPL-3.0-or-later
// Logical volumes, by LVM's own program.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/device_ref.hpp"

namespace latchkey {

/// Has LVM activate logical volumes (`VG/LV`, or their paths): with `degraded` also
/// those that have lost a disk and can do without it. Its exit status tells of any of
/// them, so whoever needs one looks for its node. Fails with Code::missing when
/// lvm is not installed, else with what lvm said last.
[[nodiscard]] Result<> activate_lvs(const std::vector<std::string>& names, bool degraded = true);

/// Has LVM give an active logical volume's mapping to the kernel anew, with the disks as
/// they are called now. False when it cannot: a disk is not there.
[[nodiscard]] bool refresh_lv(const DeviceRef& lv);

/// Volume groups of one name on two disks (one of another machine, say): LVM refuses to
/// choose by name, and which disk was there first has the node. Activates one logical volume
/// of that name after the other, each instead of the one before, until `ours` says that the
/// node is the right one. False when none is, or for another kind of device.
[[nodiscard]] bool choose_twin(const DeviceRef& lv, const std::function<bool()>& ours);

/// What LVM says is wrong with the parts of a logical volume: `partial` when it lacks a
/// disk; empty when nothing is, or nothing is known.
[[nodiscard]] std::string lv_health(const std::string& lv);

/// Has LVM deactivate a logical volume that nothing lies on. One that is not
/// active is fine. Fails with Code::busy when it is in use, else as above.
[[nodiscard]] Result<> deactivate_lv(const DeviceRef& lv);

/// Waits until systemd's own activation of a group, which udev starts at boot, is over (at
/// most a minute): it would activate again what is deactivated before.
void await_activation_at_boot(const std::string& vg);

/// True when LVM knows the logical volume, active or not.
[[nodiscard]] bool lv_exists(const DeviceRef& lv);

/// What LVM calls this machine, if it knows machines at all (lvmsystemid(7)); empty when it
/// does not, or is not installed.
[[nodiscard]] std::string lvm_system_id();

/// A logical volume that is active while this lives: one that was not is
/// activated, and deactivated at the end. Any other device is left alone.
class WokenLv {
 public:
  explicit WokenLv(const DeviceRef& device);
  WokenLv(const WokenLv&) = delete;
  WokenLv& operator=(const WokenLv&) = delete;
  ~WokenLv();

 private:
  DeviceRef device_;
  bool woken_ = false;
};

/// The same for who looks below `root`, a prefix for tests: only without one there is an LVM.
[[nodiscard]] std::optional<WokenLv> awake(const std::string& root, const DeviceRef& device);

}  // namespace latchkey
