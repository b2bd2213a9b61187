// SPDX-License-Identifier: GPL-3.0-or-later
// What systemd-gpt-auto-generator will find on this machine. `root` is a prefix for tests.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/mount/gpt_auto.hpp"

namespace latchkey {

/// True when systemd has this generator, and nobody has masked it or turned it off for the
/// kernel's command line.
[[nodiscard]] bool gpt_auto_runs(const std::string& root);

/// The partition that a block device is, as udev knows it; nothing for any other.
[[nodiscard]] std::optional<GptPartition> gpt_partition(const std::string& root, dev_t device);

/// The disk, as MAJOR:MINOR, that the root file system lies on; empty when it lies on several or
/// on none, where the generator does nothing.
[[nodiscard]] std::string disk_of_root(const std::string& root);

/// The path below /dev of a device by its MAJOR:MINOR; empty when the kernel knows none.
[[nodiscard]] std::string device_of_number(const std::string& root, const std::string& number);

/// True for a directory that is empty, or not there, at boot: what is mounted on it comes later.
[[nodiscard]] bool empty_at_boot(const std::string& path);

}  // namespace latchkey
