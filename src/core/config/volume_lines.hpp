// SPDX-License-Identifier: GPL-3.0-or-later
// Writing the volumes file: what parse_volumes reads, and editing by the line.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// How a new volumes file begins.
[[nodiscard]] std::string volumes_head();

/// The line for a volume, its line end included. parse_volumes gives the same
/// volume back (but for `line`): only what differs from its defaults is written,
/// and blanks and the like as octal escapes. Takes what parse_volumes could have
/// given: names and paths that it accepts.
[[nodiscard]] std::string volume_line(const Volume& volume);

/// A volume that a command was asked for, as its line is going to be read: what its mount
/// options say of ours (`x-latchkey.discard`, `x-latchkey.nofsck`) is the volume's own. Fails
/// with Code::usage for a field that no line can hold, and for options that name another
/// mapping, key file, UUID or header than the command gives it.
[[nodiscard]] Result<Volume> as_read(const Volume& asked);

/// Takes the text of a volumes file; gives it with the line of this volume's name
/// replaced where it stands, else appended. An empty text gets the head first.
/// All other lines, comments among them, stay as they are.
[[nodiscard]] std::string with_volume_line(std::string_view text, const Volume& volume);

/// The same without the line of the volume `name`.
[[nodiscard]] std::string without_volume_line(std::string_view text, std::string_view name);

}  // namespace latchkey
