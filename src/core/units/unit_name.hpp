// SPDX-License-Identifier: GPL-3.0-or-later
// Names of units: our own, and those that systemd makes of paths.
#pragma once

#include <string>
#include <string_view>

namespace latchkey {

/// The unit that mounts after an early unlock; held units are ordered after it.
inline constexpr std::string_view release_unit = "latchkey-release.service";
/// Starts what the boot did not start by itself, outside the boot's transaction.
inline constexpr std::string_view start_unit_name = "latchkey-start.service";
/// The name of our drop-in: it sorts after what `systemctl edit` writes, since
/// an empty Condition…= in a later file would take our conditions away.
inline constexpr std::string_view drop_in_name = "zzzz-latchkey.conf";

/// The name that systemd gives the unit of a path, with this suffix; empty for a path that
/// gets none (with `..` in it), or one of more bytes than a unit's name may have.
[[nodiscard]] std::string path_unit(std::string_view path, std::string_view suffix);

/// That of its mount.
[[nodiscard]] std::string mount_unit(std::string_view path);

/// Gives the unit name with `.service` added when it has no unit suffix.
[[nodiscard]] std::string full_unit_name(std::string_view name);

/// True for what systemd accepts as the name of a unit (letters, digits and
/// `:-_.\@`, a known suffix, at most 255 bytes).
[[nodiscard]] bool valid_unit_name(std::string_view name);

/// True for the name of a template (`name@.service`): it stands for all its
/// instances and cannot be started itself.
[[nodiscard]] bool is_template(std::string_view unit);

/// The template that an instance is made from: `postgresql@.service` for
/// `postgresql@15-main.service`; any other unit itself.
[[nodiscard]] std::string template_of(const std::string& unit);

}  // namespace latchkey
