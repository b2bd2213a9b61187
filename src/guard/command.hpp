// SPDX-License-Identifier: GPL-3.0-or-later
// The questions that systemd, init scripts, apt and dpkg ask.
#pragma once

#include "latchkey/cli/program.hpp"

namespace latchkey {

Run declare_generator(CLI::App& app, const Globals& globals);
Run declare_may_start(CLI::App& app, const Globals& globals);
Run declare_apt_guard(CLI::App& app, const Globals& globals);
Run declare_dpkg_guard(CLI::App& app, const Globals& globals);

}  // namespace latchkey
