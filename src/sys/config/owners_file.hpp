// SPDX-License-Identifier: GPL-3.0-or-later
// Writing files of /etc/latchkey that are their owner's: links and modes stay as he made them.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace latchkey {

/// Where such a file is written: itself, or what a link leads to. Fails with Code::refused for a
/// link that leads to nothing, to no regular file or to what others than root can change: they
/// would decide what is read here.
[[nodiscard]] Result<std::string> place_of_owners_file(const std::string& path);

/// Writes a file as write_file does, whole or not at all, but a link at `path` stays, and what
/// it leads to is written in its place; a file that is there keeps its group and its mode, and a
/// new one may be read by all. The file is root's afterwards. Fails as place_of_owners_file and
/// write_file.
[[nodiscard]] Result<> write_owners_file(const std::string& path, std::string_view content);

}  // namespace latchkey
