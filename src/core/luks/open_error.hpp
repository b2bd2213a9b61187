// SPDX-License-Identifier: GPL-3.0-or-later
// What it means that a LUKS device could not be opened.
#pragma once

#include <functional>
#include <string>

#include "core/base/result.hpp"

namespace latchkey {

/// What is told of a header without any key slot: `what` failed.
[[nodiscard]] Error no_slot_error(const std::string& what);

/// What to do about a key derivation that has not memory enough.
[[nodiscard]] std::string less_memory_hint();

/// Takes the volume's name, the negative errno with which libcryptsetup answered to its
/// activation, what the library said of it, and a question whether the kernel has dm-crypt.
/// Key slots and device-mapper fail with the same errno values: the question is asked only where
/// the value leaves open which of them failed. Gives the error to be told.
[[nodiscard]] Error open_error(const std::string& name, int answer, const std::string& reason,
                               const std::function<bool()>& has_dm_crypt);

}  // namespace latchkey
