// SPDX-License-Identifier: GPL-3.0-or-later
// Block devices as they come and go, and what device-mapper has made of them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/device_ref.hpp"

namespace latchkey {

/// A device's number as /sys writes it, MAJOR:MINOR; 0 for what is none.
[[nodiscard]] dev_t device_number(const std::string& text);

/// The number of the block device behind a path (links followed), or nothing.
[[nodiscard]] std::optional<dev_t> block_device(const std::string& path);

/// True for two names of one device, as far as it is there.
[[nodiscard]] bool is_same_device(const DeviceRef& one, const DeviceRef& other);

/// True when there is a block device behind a path, and it has a size: a RAID array
/// that is not started, and a mapping without a table, have a node already.
[[nodiscard]] bool device_ready(const std::string& path);

/// The names of all block devices that are no partitions (`sda`, `dm-0`), from /sys.
[[nodiscard]] std::vector<std::string> block_devices(const std::string& root = "");

/// A device-mapper device.
struct Mapping {
  std::string name;
  std::string uuid;  ///< `CRYPT-LUKS2-…`, `LVM-…`
  dev_t number = 0;
  bool live = false;           ///< it has a table that works: its size is not 0
  std::vector<dev_t> below{};  ///< what it lies on directly
};

/// The LV that a path, UUID or label leads to, as `VG/LV`; the reference itself where it leads to
/// something else, or to nothing just now.
[[nodiscard]] DeviceRef as_lv(const DeviceRef& device);

/// True for a mapping that encrypts: those by which cryptsetup only proves what lies below are
/// `CRYPT-` as well.
[[nodiscard]] inline bool encrypts(const Mapping& mapping) {
  return mapping.uuid.starts_with("CRYPT-") && !mapping.uuid.starts_with("CRYPT-INTEGRITY-") &&
         !mapping.uuid.starts_with("CRYPT-VERITY-");
}

/// All device-mapper devices, from /sys; empty when there are none.
[[nodiscard]] std::vector<Mapping> mappings();

/// The same, and what else lies on other devices: arrays of md, bcache, and the partitions of
/// these, whose `name` and `uuid` are empty.
[[nodiscard]] std::vector<Mapping> stacked_devices(const std::string& root = "");

/// The mappings that lie directly on the block device behind a path; none when there is no
/// such device.
[[nodiscard]] std::vector<Mapping> mappings_on(const std::string& path);

/// Waits, for at most five seconds, while a mapping on the block device behind a path is one
/// that the kernel is taking away: it has lost its name and is there for a moment more.
void await_removed_mappings(const std::string& path);

/// The numbers of all that a device lies on through these, itself among them. With mappings()
/// alone an array of md is an end.
[[nodiscard]] std::set<dev_t> all_below(dev_t device, const std::vector<Mapping>& all);

/// The one with this name, or nothing.
[[nodiscard]] std::optional<Mapping> find_mapping(const std::string& name);

/// True when what is written to a device goes through dm-crypt, whichever of those below it that
/// reaches. `all` is what stacked_devices() gives.
[[nodiscard]] bool goes_through_crypt(dev_t device, const std::vector<Mapping>& all);

/// The devices of the file system that a path lies on, whose st_dev is `number`. Some (btrfs) have
/// a number of their own, and only their mount says on what they lie; none where that is unknown.
[[nodiscard]] std::vector<dev_t> devices_under(const std::string& path, dev_t number);

/// The source of the mount with this number, in the text of a mountinfo; empty where there is none.
[[nodiscard]] std::string source_of_mount(std::string_view mountinfo, std::uint64_t mount);

/// True when what is written to a block device, or to the file system that a file or
/// directory lies on, goes through dm-crypt. False too when there is no such path.
[[nodiscard]] bool lies_encrypted(const std::string& path);

/// Waits until `ready` says true, asking again whenever the kernel or udev
/// reports a change of devices (and once a second, should a report be missed).
/// Gives false when `timeout` is over first.
[[nodiscard]] bool wait_for_devices(const std::function<bool()>& ready,
                                    std::chrono::milliseconds timeout);

}  // namespace latchkey
