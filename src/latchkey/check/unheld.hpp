// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey check` says of a service that uses volumes and that nobody held.
#pragma once

#include <string>
#include <vector>

#include "core/base/finding.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// True when the services file holds this unit.
[[nodiscard]] bool is_held(const Setup& setup, const std::string& unit);

/// True when something links to the unit so that the boot starts it.
[[nodiscard]] bool starts_by_itself(const Paths& paths, const std::string& unit);

/// `'/srv/www', where 'www' is mounted`; of several volumes no place is named.
[[nodiscard]] std::string where_mounted(const std::string& place,
                                        const std::vector<std::string>& volumes);

/// Adds a finding about a unit, unless there is one about it: a warning, or, where the boot wants
/// the unit before any release, so that it cannot be held, what else helps.
void add_unheld(Findings& out, const Paths& paths, const std::string& unit, const std::string& why,
                const std::vector<std::string>& volumes);

/// Adds one for each service that starts containers or virtual machines which use a volume.
void judge_guests(Findings& out, const Paths& paths, const Setup& setup);

/// Adds one for each unit of the owner's that starts a container of Podman's which uses a volume.
void judge_podman_units(Findings& out, const Paths& paths, const Setup& setup);

/// Adds one for each unit that Podman makes of a quadlet which uses a volume.
void judge_quadlets(Findings& out, const Paths& paths, const Setup& setup);

}  // namespace latchkey
