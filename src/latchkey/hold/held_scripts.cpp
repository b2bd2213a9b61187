// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/hold/held_scripts.hpp"

#include <unistd.h>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/config/own_package.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/hold/rc_links.hpp"

namespace latchkey {
namespace {

Error open_to_hands(const std::string& unit, const InitScript& script) {
  return {
      Code::partial,
      "'" + unit +
          "' is kept from starting at boot, and not from being started "
          "by hand",
      "its script " + script.path +
          " does not read /lib/lsb/init-functions, so nobody asks "
          "before it does what it is told",
      "while the volumes are closed, do not run: service " + shell_word(script.name) + " start"};
}

}  // namespace

Result<InitScript> script_to_hold(const Paths& paths, const std::string& unit) {
  if (auto script = find_script(paths, unit)) return *script;
  const auto near = nearest(script_of(unit), all_scripts(paths));
  return Error{Code::missing, "cannot hold '" + printable(unit) + "'",
               "there is no init script of that name",
               near ? "did you mean '" + *near + "'?" : "see: ls /etc/init.d"};
}

Result<std::optional<Error>> hold_script(const Paths& paths, const std::string& unit,
                                         const InitScript& script) {
  if (script.guarded) return std::optional<Error>();
  if (auto done = disable_links(paths, unit, script.name); !done) return done.error();
  return std::optional(open_to_hands(unit, script));
}

std::optional<Error> fault_of_hold(const Paths& paths, const std::string& unit) {
  const auto script = find_script(paths, unit);
  if (!script)
    return Error{Code::missing, "there is no init script of '" + unit + "'", "",
                 "correct its name in /etc/latchkey/services, or remove the line"};
  if (script->guarded) {
    if (::access(guard_file(paths).c_str(), R_OK) == 0) return {};
    return Error{Code::refused, "'" + unit + "' is not held",
                 "the guard " + guard_file(paths) + " is not there", install_again};
  }
  if (starts_at_boot(links_of(paths, script->name)))
    return Error{
        Code::refused, "'" + unit + "' is not held",
        "its script does not read /lib/lsb/init-functions, and links in /etc/rc?.d start it",
        "run: latchkey hold " + shell_word(unit)};
  return open_to_hands(unit, *script);
}

int hold_all_scripts(const Paths& paths, const Setup& setup) {
  // Not what runs: the machine may be mended from outside, by somebody else's init.
  if (::access((paths.root + "/etc/init.d/rc").c_str(), X_OK) != 0) return 0;
  int status = 0;
  for (const Service& service : setup.services) {
    const auto script = find_script(paths, service.unit);
    if (!script || !starts_at_boot(links_of(paths, script->name))) continue;
    const auto held = hold_script(paths, service.unit, *script);
    if (!held)
      status = report_error(held.error());
    else if (*held)
      report_warning(**held);
  }
  return status;
}

void restore_all_links(const Paths& paths) {
  for (const std::string& unit : recorded_units(paths))
    if (auto done = restore_links(paths, unit); !done) report_warning(done.error());
}

}  // namespace latchkey
