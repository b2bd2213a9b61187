// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the disk under a volume still answers. The kernel keeps what was read once, so
// a file system whose disk is gone looks well for a long time.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"

namespace latchkey {

/// Reads the first block of a device from the disk, past what the kernel has kept of it.
/// Fails with Code::io and the kernel's reason. A file, or a device that allows no such
/// read, passes: nothing is known against it. May wait as long as the disk does.
[[nodiscard]] Result<> read_from_disk(const std::string& path);

/// The same for each of `paths`, all at once, each in a process of its own, given up after
/// `patience` in all; that is then the reason (Code::timeout). The answers are in the
/// order of `paths`.
[[nodiscard]] std::vector<Result<>> disks_answer(
    const std::vector<std::string>& paths,
    std::chrono::milliseconds patience = std::chrono::seconds(10));

/// The same for what its caller is going to read itself: nothing could end that. One that gave
/// no answer is not asked again by this process, which would wait as long once more, but has
/// that answer at once.
[[nodiscard]] std::vector<Result<>> ask_disks(
    const std::vector<std::string>& paths,
    std::chrono::milliseconds patience = std::chrono::seconds(10));

/// ask_disks() for one.
[[nodiscard]] Result<> ask_disk(const std::string& path,
                                std::chrono::milliseconds patience = std::chrono::seconds(10));

/// The names of the open ones among `volumes` whose disk gives no answer (see ask_disks): whoever
/// reads a file that lies on one may never come back.
[[nodiscard]] std::vector<std::string> silent_volumes(std::span<const Volume> volumes);

/// Sets `failing` of open volumes: when the disk does not answer, and when a mounted file
/// system that is to be written to has become read-only.
void probe_disks(Facts& facts, const Setup& setup);

/// An LV that was active when its disk went away does not find it again when the disk
/// returns, perhaps by another name. Has LVM look anew, where the LV cannot be read;
/// gives true when it can be now.
[[nodiscard]] bool refresh_stale_lv(const DeviceRef& device);

}  // namespace latchkey
