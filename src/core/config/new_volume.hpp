// SPDX-License-Identifier: GPL-3.0-or-later
// What `create-volume` was asked for, as it goes into its unfinished work and
// comes back from there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/config/unfinished.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

struct NewVolume {
  std::string vg{};
  std::string name{};
  std::string size{};  ///< `10G`, `50%FREE`, or `existing`
  std::string mount_point{};
  std::string fs_type{};
  std::string options{};             ///< for mount(8)
  std::vector<std::string> holds{};  ///< units that wait for it
  std::vector<std::string> mkfs{};   ///< arguments for mkfs.TYPE
  bool discard = false;
  std::string cipher{};           ///< empty: the usual one
  std::uint32_t key_bits = 0;     ///< 0: the usual one
  std::uint32_t sector_size = 0;  ///< 0: what fits the device

  bool operator==(const NewVolume&) const = default;
};

/// Why no new volume can have this name, which says whose other unfinished work is; empty
/// for any other name.
[[nodiscard]] std::string why_reserved(const std::string& name);

/// The LV that it is made on, `VG/encrypted-NAME`.
[[nodiscard]] DeviceRef lv_of(const NewVolume& asked);

/// The volume as the volumes file is to have it and is read from there (see as_read), with the
/// UUID its header gets.
[[nodiscard]] Volume volume_of(const NewVolume& asked, const std::string& uuid);

/// The tag that says whose a half-made LV is.
[[nodiscard]] std::string tag_of(const std::string& uuid);

/// The command line that asks for it, for people to type again.
[[nodiscard]] std::string command_line(const NewVolume& asked);

/// Work that has not begun: what was asked, the UUID, how to go on and to undo.
[[nodiscard]] Unfinished begin_work(const NewVolume& asked, const std::string& uuid);

/// What was asked for, back from the work. Fails with Code::damaged.
[[nodiscard]] Result<NewVolume> asked_in(const Unfinished& work);

/// Looks at what can be judged without the machine: names, size, paths, type.
/// Fails with Code::usage.
[[nodiscard]] Result<> judge(const NewVolume& asked);

}  // namespace latchkey
