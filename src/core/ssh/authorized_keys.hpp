// SPDX-License-Identifier: GPL-3.0-or-later
// /etc/latchkey/authorized_keys: who may unlock. Lines as OpenSSH takes them
// come out as lines that Dropbear takes, never as lines that admit more.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

/// One key that may log in to early boot.
struct AuthorizedKey {
  std::size_t line = 0;   ///< where it stands in the file
  std::string type{};     ///< `ssh-ed25519`
  std::string blob{};     ///< the key itself, as bytes
  std::string comment{};  ///< made printable, may be empty
  bool touch = true;      ///< a security token must be touched (`no-touch-required` not given)
  bool verify = false;    ///< ... and its owner verified (`verify-required`)
};

/// What a file holds: the good lines, and an Error for each bad one.
struct AuthorizedKeys {
  std::vector<AuthorizedKey> keys{};
  std::vector<Error> errors{};
};

/// Takes the text of the file and its name for messages; gives its keys in
/// order (of two lines with one key the first, which is the one that counts)
/// and an Error (Code::config: file, line, column, reason) for each line that
/// early boot cannot honour in full. Line ends, a byte order mark, blanks and
/// options without meaning in early boot do not matter; an option that
/// restricts the key in a way early boot cannot makes its line an error. A private key, or a
/// public one in the form of another program, is one Error for all its lines; no message shows
/// anything of a key, nor of what may be part of one.
[[nodiscard]] AuthorizedKeys parse_authorized_keys(std::string_view text, std::string_view file);

/// The line for Dropbear, without its end. The number of its line in the file goes into
/// the forced command, because Dropbear does not tell who logged in.
[[nodiscard]] std::string dropbear_line(const AuthorizedKey& key);

/// The fingerprint as OpenSSH shows it, from the blob's SHA-256 digest.
[[nodiscard]] std::string fingerprint_text(std::string_view sha256);

}  // namespace latchkey
