// SPDX-License-Identifier: GPL-3.0-or-later
// Public ssh keys as OpenSSH writes them: which types early boot's Dropbear
// takes, and whether a blob is what its type says.
#pragma once

#include <string>
#include <string_view>

namespace latchkey {

/// True for a key type that the bundled Dropbear takes for a login.
[[nodiscard]] bool supported_key_type(std::string_view type);

/// True for any word that OpenSSH uses as the type of a key, of today or of the past.
[[nodiscard]] bool known_key_type(std::string_view type);

/// Says why a word cannot be the type of a key in early boot; empty: it can.
[[nodiscard]] std::string key_type_problem(std::string_view type);

/// Says what is wrong with a key's blob of a supported type: another type
/// inside, missing or surplus bytes, an RSA key that is too short or too long
/// (2048 to 8192 bits); empty: nothing.
[[nodiscard]] std::string key_blob_problem(std::string_view type, std::string_view blob);

}  // namespace latchkey
