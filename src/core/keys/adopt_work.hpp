// SPDX-License-Identifier: GPL-3.0-or-later
// What an adoption that was interrupted has to do again.
#pragma once

#include <string>

#include "core/config/unfinished.hpp"

namespace latchkey {

/// True when its key has been proved for good: nobody need be asked for a passphrase. Until the
/// volume was mounted the key file may have come from an older keys volume since, or the device
/// be another one.
[[nodiscard]] bool key_is_settled(const Unfinished& work);

/// Takes note that its key, if it had one, opens nothing: another one is drawn, gets a slot of its
/// own and is in no backup. `line_fits`: the line in `volumes` is as it should be, or none of its.
void draw_key_anew(Unfinished& work, bool line_fits);

}  // namespace latchkey
