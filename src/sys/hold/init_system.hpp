// SPDX-License-Identifier: GPL-3.0-or-later
// The one place that knows which init system runs the services of this machine, and
// has it do what is wanted of a unit.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/base/result.hpp"
#include "core/plan/facts.hpp"
#include "core/plan/plan.hpp"
#include "sys/config/setup.hpp"
#include "sys/hold/turn.hpp"

namespace latchkey {

/// `none`: in a chroot, or under another init system. Services are marked there as
/// released, and neither started nor stopped.
enum class InitSystem { systemd, sysvinit, none };

/// Looks which one runs.
[[nodiscard]] InitSystem init_system();

/// Starts a released unit of sysvinit in its `turn`: start_script, with its failures. With
/// systemd StarterProcess does; that and none at all give an empty word here.
[[nodiscard]] Result<std::string> start_service(const Paths& paths, const std::string& unit,
                                                std::chrono::seconds timeout, const Turn& turn);

/// Stops a unit: stop_unit or stop_script, with their failures.
[[nodiscard]] Result<> stop_service(const Paths& paths, const std::string& unit,
                                    std::chrono::seconds timeout);

/// Sets the facts of every configured unit; with no init system, only `released`.
void probe_services(Facts& facts, const Setup& setup, const Paths& paths);

/// What a person types to do something (`start`, `stop`) to a unit: for systemctl or
/// for service.
[[nodiscard]] std::string service_command(const std::string& word, const std::string& unit);

/// What tells a person why a unit does not run.
[[nodiscard]] std::string log_command(const std::string& unit);

/// The name of the init system, at the beginning of `… knows no such service`.
[[nodiscard]] std::string init_name();

}  // namespace latchkey
