// SPDX-License-Identifier: GPL-3.0-or-later
// What a finished image lacks for this machine's network cards.
#pragma once

#include <vector>

#include "core/base/result.hpp"
#include "sys/image/image.hpp"
#include "sys/network/network_cards.hpp"

namespace latchkey {

/// Why an image's early boot could not use these cards: the kernel has a module for one, or
/// this machine its firmware, and the image's tree lacks it.
[[nodiscard]] std::vector<Error> card_faults(const ImageRequest& image,
                                             const std::vector<NetworkCard>& cards);

}  // namespace latchkey
