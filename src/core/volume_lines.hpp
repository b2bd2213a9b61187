// SPDX-License-Identifier: GPL-3.0-or-later
// Writing the volumes file: what parse_volumes reads, and editing by the line.
#pragma once

#include <string>
#include <string_view>

#include "core/volume.hpp"

namespace latchkey {

/// How a new volumes file begins.
[[nodiscard]] std::string volumes_head();

/// The line for a volume, its line end included. parse_volumes gives the same
/// volume back (but for `line`): only what differs from its defaults is written,
/// and blanks and the like as octal escapes. Takes what parse_volumes could have
/// given: names and paths that it accepts.
[[nodiscard]] std::string volume_line(const Volume& volume);

/// Takes the text of a volumes file; gives it with the line of this volume's name
/// replaced where it stands, else appended. An empty text gets the head first.
/// All other lines, comments among them, stay as they are.
[[nodiscard]] std::string with_volume_line(std::string_view text, const Volume& volume);

/// The same without the line of the volume `name`.
[[nodiscard]] std::string without_volume_line(std::string_view text, std::string_view name);

}  // namespace latchkey
