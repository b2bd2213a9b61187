// SPDX-License-Identifier: GPL-3.0-or-later
// What the processor can do.
#pragma once

namespace latchkey {

/// True when /proc/cpuinfo tells of instructions for AES, and also when it tells
/// nothing of the kind that can be understood.
[[nodiscard]] bool processor_has_aes();

}  // namespace latchkey
