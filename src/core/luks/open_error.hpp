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
/// The two halves of an opening, key slot and kernel, share their numbers: it is asked only
/// where the number alone leaves open which one failed. Gives the error to be told.
[[nodiscard]] Error open_error(const std::string& name, int answer, const std::string& reason,
                               const std::function<bool()>& has_dm_crypt);

}  // namespace latchkey
