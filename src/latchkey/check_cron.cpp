// SPDX-License-Identifier: GPL-3.0-or-later
// What cron runs while a volume is closed finds an empty directory in its place.
#include <unistd.h>

#include "core/cron_lines.hpp"
#include "core/message.hpp"
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/fd.hpp"
#include "sys/foreign_file.hpp"

namespace latchkey {
namespace {

Finding unguarded(const std::string& file, std::size_t line, const Volume& volume,
                  const std::string& hint, const std::string& else_hint) {
  const std::string place = printable(volume.mount_point);
  return doubtful({Code::config,
                   "line " + std::to_string(line) + " of '" + printable(file) + "' uses '" + place +
                       "' also while '" + volume.name + "' is not mounted",
                   "what makes a copy of it then copies an empty directory",
                   hint + "mountpoint -q " + place + else_hint});
}

Finding too_early(const std::string& file, std::size_t line, const Volume& volume) {
  return doubtful(
      {Code::config,
       "line " + std::to_string(line) + " of '" + printable(file) + "' uses '" +
           printable(volume.mount_point) + "' when cron starts, which may be before '" +
           volume.name + "' is mounted",
       "@reboot is run once in a boot, and not again when the volume has come",
       "make it a service, and hold that (latchkey hold), or " + by_hooks() + " start it"});
}

void look(Findings& out, const EarlyInputs& inputs, const std::string& directory,
          const std::string& name, const std::vector<std::string>& homes, std::size_t times = 5) {
  const auto text = read_foreign_file(directory, name);
  if (!text) return;
  for (const Volume& volume : *inputs.volumes) {
    if (volume.mount_point.empty() || mounted_by_system(volume)) continue;
    const std::string file = directory + "/" + name;
    for (const CronLine& line : unguarded_cron_lines(*text, volume.mount_point, homes, times))
      out.push_back(line.at_boot ? too_early(file, line.number, volume)
                                 : unguarded(file, line.number, volume,
                                             "let its command begin with: ", " &&"));
  }
}

// As run-parts: only what is executable, by names without a dot.
void look_at_scripts(Findings& out, const EarlyInputs& inputs, const std::string& directory) {
  for (const std::string& name : names_in(directory)) {
    const std::string file = directory + "/" + name;
    if (name.find('.') != std::string::npos || ::access(file.c_str(), X_OK) != 0) continue;
    const auto text = read_foreign_file(directory, name);
    if (!text) continue;
    for (const Volume& volume : *inputs.volumes) {
      if (volume.mount_point.empty() || mounted_by_system(volume)) continue;
      if (const auto line = unguarded_script_line(*text, volume.mount_point))
        out.push_back(unguarded(file, *line, volume, "let it begin with: ", " || exit 0"));
    }
  }
}

}  // namespace

Findings check_cron(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (!inputs.volumes) return out;
  look(out, inputs, paths.root + "/etc", "crontab", {});
  look(out, inputs, paths.root + "/etc", "anacrontab", {}, anacron_times);
  // As cron itself: what has a dot in its name is left by dpkg, or by an editor.
  for (const std::string& name : names_in(paths.root + "/etc/cron.d"))
    if (name.find('.') == std::string::npos)
      look(out, inputs, paths.root + "/etc/cron.d", name, {});
  for (const char* often : {"hourly", "daily", "weekly", "monthly"})
    look_at_scripts(out, inputs, paths.root + "/etc/cron." + often);
  const std::string tables = paths.root + "/var/spool/cron/crontabs";
  for (const std::string& name : names_in(tables))
    look(out, inputs, tables, name, {home_of_crontab(name)});
  return out;
}

}  // namespace latchkey
