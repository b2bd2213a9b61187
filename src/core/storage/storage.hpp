// SPDX-License-Identifier: GPL-3.0-or-later
// What the layers that a volume lies on need in the image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// A program that brings a layer up, and the package that has it.
struct StorageTool {
  std::string program;  ///< absolute path, the same in the image
  std::string package;

  bool operator==(const StorageTool&) const = default;
};

/// The layers below a device, each kind once.
struct StorageLayers {
  std::vector<std::string> targets{};    ///< device-mapper's words: `linear`, `thin`, `raid`
  std::vector<std::string> md_levels{};  ///< as in /sys: `raid1`, `raid5`
  std::vector<std::string> late{};       ///< what late_kind() calls them: `iscsi`, `drbd`
};

/// A layer that only the scripts of another package bring up in early boot, or nothing does.
struct LateLayer {
  std::string kind;
  std::string words;                    ///< `a LUN over iSCSI`
  std::vector<std::string> programs{};  ///< in the image one of them does it; none: nothing
  std::string package{};                ///< brings them; none: a script of the owner's has to
  std::string settings{};               ///< the file in the image that says how, if it takes one
  /// What the kernel's command line has in place of that file, one of them; or alone.
  std::vector<std::string> options{};
  bool also_without = false;  ///< the disks below can most often be used as they are
  bool served = false;        ///< by another machine, over the network
};

/// The kernel modules of these layers, for modprobe. A target's own name stands for
/// one that is not known.
[[nodiscard]] std::vector<std::string> storage_modules(const StorageLayers& layers);

/// The programs that bring these layers up, apart from lvm.
[[nodiscard]] std::vector<StorageTool> storage_tools(const StorageLayers& layers);

/// The SCSI host of an iSCSI session (`host3`), from the directory in /sys of the session or of
/// what lies below it; empty for a directory that is none of these.
[[nodiscard]] std::string session_host(std::string_view directory);

/// Which late layer a block device is, by its kernel name and its directory in /sys, or that of
/// its controller; empty for a disk that is there by itself.
[[nodiscard]] std::string late_kind(std::string_view name, std::string_view directory);

/// Those of these layers that another package has to bring up.
[[nodiscard]] std::vector<LateLayer> late_layers(const StorageLayers& layers);

/// What is taken for a device that is not there to be looked at: RAID, thin, snapshot
/// and mirror volumes.
[[nodiscard]] std::vector<std::string> default_storage_modules();

}  // namespace latchkey
