// SPDX-License-Identifier: GPL-3.0-or-later
// Which of several host keys early boot's Dropbear is given. It ends at once where it gets two
// of a kind, or more than four, and then nobody gets in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// As many host keys as the bundled Dropbear takes (its MAX_HOSTKEYS).
inline constexpr std::size_t most_host_keys = 4;

/// A file with a host key, and the type of that key as ssh names it, `ssh-ed25519`; empty where
/// it cannot be told.
struct HostKeyKind {
  std::string file{};
  std::string kind{};
};

/// A key that is not used: `rival` is the file with another key of the same type; empty where
/// there are too many keys.
struct LeftHostKey {
  std::string file{};
  std::string rival{};
};

/// What is used, in the order of the names, and what is not.
struct HostKeyChoice {
  std::vector<std::string> used{};
  std::vector<LeftHostKey> left{};
};

/// The short name of a type, after which Latchkey names its file: `ed25519`, `ecdsa`, `rsa`;
/// empty for another one.
[[nodiscard]] std::string host_key_name(std::string_view kind);

/// The type of the key in the first bytes of a file in Dropbear's form; empty for what is none.
[[nodiscard]] std::string dropbear_key_kind(std::string_view bytes);

/// Which kind a file in another form seems to hold, by its name, as ssh-keygen and
/// dropbear-initramfs give them: `ed25519`, `ecdsa` or `rsa`; empty where the name does not say.
[[nodiscard]] std::string named_key_kind(std::string_view file);

/// Takes one of each kind, four at most: first the file that has its kind's own name, which is
/// the one that clients know; else the first by name. Those of no known kind come last, for
/// Dropbear passes over what it cannot load.
[[nodiscard]] HostKeyChoice choose_host_keys(std::vector<HostKeyKind> keys);

}  // namespace latchkey
