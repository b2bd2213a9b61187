// SPDX-License-Identifier: GPL-3.0-or-later
// Kernel modules: which files a name stands for, which ones this machine needs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/image/driver_lack.hpp"

namespace latchkey {

/// What a kernel has for the name of a module or of an alias.
struct ModuleFiles {
  bool built_in = false;  ///< (also) part of the kernel itself
  std::vector<std::string>
      files{};  ///< `/lib/modules/…/dm-crypt.ko`, without what compression adds
};

/// Asks modprobe. Gives nothing when the kernel has no such module or alias.
[[nodiscard]] std::optional<ModuleFiles> find_module(const std::string& root,
                                                     const std::string& kernel,
                                                     const std::string& name);

/// True when the tree (an image's) holds the module file, compressed or not.
[[nodiscard]] bool has_module_file(const std::string& tree, const std::string& file);

/// What any kernel finds a driver for this device by, as its directory in /sys says; empty
/// where that is not known, or no plain word.
[[nodiscard]] std::string alias_of(const std::string& device);

/// The directories in /sys from which the way up to the buses begins, for a device given by its
/// own: that one. A disk with several paths (NVMe's own multipath) lies below none of its
/// controllers: its subsystem links to each, and these come behind it.
[[nodiscard]] std::vector<std::string> controllers_of(const std::string& directory);

/// A device, given by its directory in /sys, and the buses it sits on, as far as they have a
/// driver or an alias.
[[nodiscard]] std::vector<DrivenDevice> driven_devices(const std::string& root,
                                                       const std::string& device);

/// The drivers of a device, given by its directory in /sys, of the buses it sits on, and of the
/// devices that these wait for, as for their power. Those that are part of the kernel itself have
/// no names.
[[nodiscard]] std::vector<std::string> drivers_of(const std::string& root,
                                                  const std::string& device);

/// The drivers of this machine's watchdogs, and of what they sit on. A firmware may start one
/// before any kernel runs, and a restart by kexec leaves it running: it resets a machine that
/// waits for its passphrase, unless the kernel has the driver, which then serves it until a
/// program does.
[[nodiscard]] std::vector<std::string> watchdog_modules(const std::string& root);

}  // namespace latchkey
