// SPDX-License-Identifier: GPL-3.0-or-later
// A machine that has booted without its data: four volumes closed, and a held
// service on each that is as small as can be.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/guests.hpp"

namespace latchkey::test {

/// The volumes of that machine; `serve-NAME` is the service that each is for.
inline const std::vector<std::string> closed_volumes{"a", "b", "c", "d"};

/// The plain guest, from a snapshot in that state. Services may take ten seconds to
/// start. The passphrase lies in /root/p.
[[nodiscard]] Machine& closed();

/// Writes a unit file and has systemd read it.
void add_unit(Machine& m, const std::string& name, const std::string& text);

/// Puts an edited copy of its header on a device of a guest, as who holds the disk can.
void edit_header(Machine& m, const std::string& device,
                 const std::function<void(nlohmann::json&)>& edit);

/// Checks that these volumes are mounted and their services run.
void check_up(Machine& m, const std::vector<std::string>& volumes);

}  // namespace latchkey::test
