// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/init_system.hpp"

#include <unistd.h>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/units/judge_start.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/init_scripts.hpp"
#include "sys/hold/unit_stopper.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

// /etc/init.d is everywhere; that PID 1 is called so and sysv-rc's program is there
// tells a running sysvinit from a container and from other users of these scripts.
bool sysvinit_runs() {
  const auto name = read_file("/proc/1/comm");
  return name && trim(*name) == "init" && ::access("/etc/init.d/rc", X_OK) == 0;
}

Error no_script(const std::string& what, const std::string& unit) {
  return {Code::missing, what + " '" + unit + "'", "there is no init script of that name",
          "correct its name in /etc/latchkey/services"};
}

}  // namespace

InitSystem init_system() {
  if (systemd_runs()) return InitSystem::systemd;
  return sysvinit_runs() ? InitSystem::sysvinit : InitSystem::none;
}

Result<std::string> start_service(const Paths& paths, const std::string& unit,
                                  std::chrono::seconds timeout, const Turn& turn) {
  const InitSystem running = init_system();
  if (running != InitSystem::sysvinit) return std::string();
  const auto script = find_script(paths, unit);
  if (!script) return no_script("cannot start", unit);
  return start_script(*script, timeout, turn);
}

Result<> stop_service(const Paths& paths, const std::string& unit, std::chrono::seconds timeout) {
  const InitSystem running = init_system();
  if (running == InitSystem::systemd) return stop_unit(unit, timeout);
  if (running == InitSystem::none) return Ok{};
  // What has no script cannot run by one.
  const auto script = find_script(paths, unit);
  return script ? stop_script(*script, timeout) : Result<>(Ok{});
}

void probe_services(Facts& facts, const Setup& setup, const Paths& paths) {
  probe_units(facts, setup, paths);
  if (init_system() == InitSystem::sysvinit) probe_scripts(facts, setup, paths);
}

std::string service_command(const std::string& word, const std::string& unit) {
  if (init_system() != InitSystem::sysvinit) return "systemctl " + word + " " + shell_word(unit);
  return "service " + shell_word(script_of(unit)) + " " + word;
}

std::string log_command(const std::string& unit) {
  if (init_system() != InitSystem::sysvinit) return journal_of(unit);
  return "service " + shell_word(script_of(unit)) + " start";
}

std::string init_name() { return init_system() == InitSystem::sysvinit ? "sysvinit" : "systemd"; }

}  // namespace latchkey
