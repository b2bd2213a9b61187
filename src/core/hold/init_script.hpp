// SPDX-License-Identifier: GPL-3.0-or-later
// Init scripts of sysvinit, as names and texts: which script a unit is there, what
// a script's text tells about it, and the links that start it at boot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

/// The script in /etc/init.d that does what a unit does: `nginx` for
/// `nginx.service`, `postgresql` for `postgresql@15-main.service`, since one script
/// serves all instances. Empty for a unit that is no service.
[[nodiscard]] std::string script_of(std::string_view unit);

/// The unit that a script is called by, with `.sh` taken off as systemd does.
[[nodiscard]] std::string unit_of_script(std::string_view script);

/// True when a script reads /lib/lsb/init-functions, so that our guard there is asked
/// before it does anything. Only what the text itself says counts: a script that reads
/// them by way of another file is taken for one that does not, and is disabled instead.
[[nodiscard]] bool reads_init_functions(std::string_view text);

/// True when a script seems to understand `status`. Without it only the status of its
/// `start` and `stop` can be judged.
[[nodiscard]] bool tells_status(std::string_view text);

/// What the exit status of `status` means (LSB): 0 is running, 1 and 2 mean that it
/// ended without having been stopped, 3 that it does not run.
enum class ScriptState { running, died, stopped, unknown };
[[nodiscard]] ScriptState judge_status(int exit_status);

/// The directories of links, as names below /etc: rc0.d … rc6.d, rcS.d.
[[nodiscard]] const std::vector<std::string>& link_directories();

/// True for the name of a link to this script: `S03nginx`, `K01nginx`.
[[nodiscard]] bool is_link_name(std::string_view name, std::string_view script);

/// True for such a link below /etc, as it is recorded: `rc2.d/S03nginx`. Whatever is
/// made from a record passes here first.
[[nodiscard]] bool is_link_path(std::string_view path, std::string_view script);

/// True when one of these recorded links starts its script at boot.
[[nodiscard]] bool starts_at_boot(const std::vector<std::string>& links);

/// The links as they are when nothing starts the script at boot: each that did stops it
/// there instead (`rc2.d/K97nginx` for `rc2.d/S03nginx`), all others stay.
[[nodiscard]] std::vector<std::string> disabled_links(const std::vector<std::string>& links);

/// The words of the unit's line in a file of lines `unit word …`, or nothing when
/// there is no such line.
[[nodiscard]] std::optional<std::vector<std::string>> words_of_line(std::string_view text,
                                                                    const std::string& unit);

}  // namespace latchkey
