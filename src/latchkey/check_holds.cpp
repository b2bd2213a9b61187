// SPDX-License-Identifier: GPL-3.0-or-later
// Are the held units held? What systemd has loaded counts, not our files. And is what
// belongs to them installed completely?
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/packages.hpp"
#include "sys/systemd.hpp"

namespace latchkey {

Findings check_holds(const Paths& paths, const Setup& setup) {
  Findings out;
  if (!paths.root.empty() || !systemd_runs()) return out;
  Facts facts;
  probe_units(facts, setup, paths);
  for (const Service& service : setup.services) {
    const UnitFacts& fact = facts.units[service.unit];
    if (!fact.known)
      out.push_back(doubtful({Code::missing, "systemd knows no unit '" + service.unit + "'", "",
                              "correct its name in /etc/latchkey/services, or remove the line"}));
    else if (!fact.held)
      out.push_back(bad({Code::refused, "'" + service.unit + "' is not held",
                         "its conditions are not loaded: an override resets them, or systemd has "
                         "not been reloaded",
                         "look at: systemctl cat " + service.unit + "; then: latchkey hold " +
                             service.unit}));
    else
      out.push_back(good("'" + service.unit + "' is held"));
  }
  if (setup.services.empty()) return out;
  if (const auto packages = unfinished_packages(); !packages.empty())
    out.push_back(doubtful({Code::partial,
                            "not completely configured: " + printable(join(packages, ", ")), "",
                            "once the volumes are mounted: dpkg --configure -a"}));
  return out;
}

}  // namespace latchkey
