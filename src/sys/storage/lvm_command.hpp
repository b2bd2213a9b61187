// SPDX-License-Identifier: GPL-3.0-or-later
// LVM's program, also while a disk hangs.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "sys/process/process.hpp"

namespace latchkey {

/// The block devices (paths in /dev) that are a disk of `silent` or lie on one. Names in `silent`
/// are the kernel's (`sda`). `root` is where a test's /sys is.
[[nodiscard]] std::vector<std::string> devices_on(const std::string& root,
                                                  const std::vector<std::string>& silent);

/// Runs a command of LVM's that changes nothing on any disk: `argv` is its name and its words,
/// `options` and what it gives are those of run(). LVM reads every disk before it does
/// anything, so one that hangs hangs the command, whatever group lies on it. When the command
/// takes long, the disks are asked; if some do not answer, it is run anew without them, where
/// lvm_without() has a way.
[[nodiscard]] Result<RunResult> run_lvm(const std::vector<std::string>& argv,
                                        RunOptions options = {.timeout = std::chrono::seconds(60)});

}  // namespace latchkey
