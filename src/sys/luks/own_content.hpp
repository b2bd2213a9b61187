// SPDX-License-Identifier: GPL-3.0-or-later
// Whether a device holds nothing but what is ours, before it is written to or removed.
#pragma once

#include <string>

#include "core/base/result.hpp"
#include "core/config/device_ref.hpp"

namespace latchkey {

/// Fails with Code::refused when the device holds anything but a LUKS header with
/// this UUID, and with Code::io or Code::timeout when nobody can read what it holds; nothing at
/// all is fine.
[[nodiscard]] Result<> look_for_signature(const DeviceRef& device, const std::string& uuid);

/// True for the last two.
[[nodiscard]] bool is_unread(const Error& error);

/// The same of a logical volume that is to be removed: one that cannot be read is told with the way
/// to go on without it.
[[nodiscard]] Result<> look_before_removal(const DeviceRef& lv, const std::string& uuid);

}  // namespace latchkey
