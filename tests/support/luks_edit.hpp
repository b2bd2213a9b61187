// SPDX-License-Identifier: GPL-3.0-or-later
// A LUKS2 header edited by hand, as who holds the disk can do it: the fields and their
// places are those of the on-disk format's specification.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace latchkey::test {

/// Takes both copies of a header (the first bytes of the device, at least twice the
/// header's size), lets `edit` change its JSON, and gives the bytes with both copies
/// changed and their digests right. Throws when it is no LUKS2 header, or when the new
/// JSON does not fit.
[[nodiscard]] std::string edited_luks2(std::string header,
                                       const std::function<void(nlohmann::json&)>& edit);

}  // namespace latchkey::test
