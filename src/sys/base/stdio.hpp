// SPDX-License-Identifier: GPL-3.0-or-later
// The descriptors that every program expects to have.
#pragma once

namespace latchkey {

/// Opens /dev/null for those of stdin, stdout and stderr that the caller closed. Otherwise the
/// next file that is opened takes the place of one: what is printed would be written into a lock,
/// or a lock be read as the passphrase. The first thing that a program does.
void open_missing_stdio() noexcept;

/// True when whatever is written to a descriptor is lost: it is /dev/null, or not there.
[[nodiscard]] bool goes_nowhere(int fd) noexcept;

}  // namespace latchkey
