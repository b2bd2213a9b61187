// SPDX-License-Identifier: GPL-3.0-or-later
// What was found on the machine: the input of every plan. Filled by sys: devices and mounts by
// storage/probe, units by hold/systemd or hold/init_scripts, disks by storage/disk_health.
#pragma once

#include <map>
#include <set>
#include <string>

namespace latchkey {

/// What is so of one encrypted volume.
struct VolumeFacts {
  bool device = false;   ///< its block device is there
  bool open = false;     ///< its mapping exists and lies on its device
  bool mounted = false;  ///< its mapping is mounted on its mount point
  /// Its mapping exists, by its name and its LUKS UUID, and its device is not there or is
  /// another one: a disk that went away, a renamed logical volume. Never so when `open` is.
  bool astray = false;
  /// Other volumes whose mappings its own lies on, through volume groups or directly.
  /// Known where probe_layers was asked.
  std::set<std::string> on{};
  /// Why its mapping's name or mount point cannot be used, when something else
  /// has taken it; empty otherwise.
  std::string taken{};
  /// Where else its file system is mounted, as words, though that is in nobody's way.
  std::string elsewhere{};
  /// Why it should not be relied on though it is open; empty otherwise. Known where
  /// probe_disks was asked.
  std::string failing{};
};

/// True for one that the kernel has the key of, wherever its device is.
[[nodiscard]] inline bool is_live(const VolumeFacts& fact) { return fact.open || fact.astray; }

/// What is so of one held unit.
struct UnitFacts {
  bool known = false;   ///< the init system knows it
  bool active = false;  ///< it runs, or is started when it is needed (see is_up)
  bool failed = false;
  bool released = false;  ///< its release marker exists
  bool held = false;      ///< our conditions are loaded
  bool queued = false;    ///< a job for it waits in the init system
  bool masked = false;    ///< an administrator has forbidden every start
  std::string state{};    ///< the init system's own word for it
  bool runs = false;      ///< it, or an instance of it, is at work now
};

struct Facts {
  VolumeFacts keys{};
  std::map<std::string, VolumeFacts> volumes{};
  std::map<std::string, UnitFacts> units{};
  bool release_failed = false;  ///< systemd has the boot's own release as failed
};

}  // namespace latchkey
