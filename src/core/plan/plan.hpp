// SPDX-License-Identifier: GPL-3.0-or-later
// What is to be done, decided from the configuration and the facts.
#pragma once

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/config/setup.hpp"
#include "core/plan/facts.hpp"

namespace latchkey {

/// Activate what udev has not: LVs, and the arrays below any of these devices. Whether that
/// succeeded is told by the search for each device.
struct ActivateLvs {
  std::vector<std::string> names;  ///< as in the configuration: `VG/LV`, `UUID=…`
};
/// Wait until the device of a volume is there (empty name: the keys volume).
struct FindDevice {
  std::string volume;
};
/// Open the keys volume, read every needed key, close it.
struct ReadKeys {};
/// Open a data volume with its key.
struct OpenVolume {
  std::string volume;
};
struct CheckFs {
  std::string volume;
};
struct MountFs {
  std::string volume;
};
/// Mark a unit released and have it started.
struct ReleaseUnit {
  std::string unit;
};
/// Take the mark away and stop the unit.
struct StopUnit {
  std::string unit;
};
struct UnmountFs {
  std::string volume;
};
struct CloseVolume {
  std::string volume;
};
/// What the facts forbid: fails without touching anything.
struct Refuse {
  Error error;
};

using Action = std::variant<ActivateLvs, FindDevice, ReadKeys, OpenVolume, CheckFs, MountFs,
                            ReleaseUnit, StopUnit, UnmountFs, CloseVolume, Refuse>;

/// One thing to do: possible once all of `needs` is so; makes `makes` so.
struct Step {
  Action action;
  std::vector<std::string> needs{};
  std::string makes{};   ///< may be empty: others do not wait for it
  std::string volume{};  ///< whose step it is, for reports; empty: no volume's
};

/// Steps in the order in which they are begun when several are possible.
struct Plan {
  std::set<std::string> have{};  ///< what the facts say is so already
  std::vector<Step> steps{};
};

/// The volume on which the mount point of this one lies, when it is not mounted; nullptr when
/// there is none.
[[nodiscard]] const Volume* unmounted_parent(const Setup& setup, const Facts& facts,
                                             const Volume& volume);

/// True when there is a volume to open: whoever would ask for the passphrase
/// looks here first.
[[nodiscard]] bool unlock_needed(const Setup& setup, const Facts& facts);

/// Gives the plan that opens every volume of `setup` that is not open. Empty
/// when all are: running twice does nothing twice.
[[nodiscard]] Plan plan_unlock(const Setup& setup, const Facts& facts);

/// Adds to a plan what checks, mounts and releases. Volumes that are neither open
/// nor opened by the plan make what needs them be skipped.
void plan_release(Plan& plan, const Setup& setup, const Facts& facts);

/// Gives the plan that stops the services, unmounts and closes every volume,
/// each in the reverse of the order that brings it up.
[[nodiscard]] Plan plan_lock(const Setup& setup, const Facts& facts);

/// True for a volume that the system runs from, and for one that such a volume lies on: a lock
/// leaves it open.
[[nodiscard]] bool kept_by_system(const Setup& setup, const Facts& facts, const Volume& volume);

/// True when a volume is as a release leaves it: mounted, or open when it has no
/// mount point.
[[nodiscard]] bool volume_up(const Volume& volume, const VolumeFacts& fact);

/// The volumes that a service needs and that are not up.
[[nodiscard]] std::vector<const Volume*> lacking_volumes(const Service& service, const Setup& setup,
                                                         const Facts& facts);

/// What an action does, as words: `open 'mysql'`, `start 'nginx.service'`.
[[nodiscard]] std::string describe(const Action& action);

}  // namespace latchkey
