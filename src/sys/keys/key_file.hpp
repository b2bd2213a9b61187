// SPDX-License-Identifier: GPL-3.0-or-later
// One key file in the directory of an open keys volume.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// The largest key file that is read, in bytes.
inline constexpr std::size_t key_limit = 1024UL * 1024;

/// Reads `file` byte by byte as it is. Takes the descriptor of its directory. Fails with
/// Code::missing (no such file), Code::refused (a link, outside of the directory, no
/// regular file, empty, larger than key_limit), Code::io.
[[nodiscard]] Result<Secret> read_key_file(int directory, const std::string& file);

/// Writes `temporary`, which is to be renamed to `file`: 0400, on the disk before it
/// returns, and read back from there. Fails with Code::usage when `file` has a slash or
/// begins with a dot, Code::io.
[[nodiscard]] Result<> write_key_file(int directory, const std::string& file,
                                      const std::string& temporary, const Secret& content);

/// What a name on the keys volume means to who copies it to another one.
enum class KeysEntry {
  plain,     ///< a file like any other
  leftover,  ///< what an interrupted OpenKeys::write left: `.NAME.new`
  hidden,    ///< another name with a dot before it, which write_key_file does not take
};
/// Takes the name of an entry of the keys volume's directory.
[[nodiscard]] KeysEntry kind_of_keys_entry(std::string_view name);

}  // namespace latchkey
