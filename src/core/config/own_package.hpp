// SPDX-License-Identifier: GPL-3.0-or-later
// Our own package, which comes as a file: no archive has it, so that apt finds nothing under
// its name alone, and may end with 0 all the same.
#pragma once

namespace latchkey {

inline constexpr const char* install_again =
    "install the package again, from its file: apt install --reinstall ./latchkey_*.deb";

}  // namespace latchkey
