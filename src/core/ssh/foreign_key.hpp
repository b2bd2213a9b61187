// SPDX-License-Identifier: GPL-3.0-or-later
// What is given as authorized_keys by mistake: private keys, and public ones in the form of
// other programs. Their lines are never shown, since they may be the secret itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace latchkey {

/// The first line of a key that is no line of authorized_keys.
struct ForeignKey {
  std::string what{};  ///< after the place: `this is a private key`
  std::string why{};
  std::string hint{};
  std::string_view end{};  ///< how its last line begins; empty: it lasts to the end of the file
};

/// Takes a line without blanks at its ends; gives what begins there: keys as OpenSSH, OpenSSL,
/// PuTTY and ssh.com write them, and whatever else is between lines of dashes. Nothing for other
/// lines.
[[nodiscard]] std::optional<ForeignKey> foreign_key(std::string_view line);

/// True for a word that may stand in a message where an option or the type of a key is
/// expected: it looks like one, and so cannot be a part of a key.
[[nodiscard]] bool harmless_word(std::string_view word);

}  // namespace latchkey
