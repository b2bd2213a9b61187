// SPDX-License-Identifier: GPL-3.0-or-later
// What cron runs while a volume is closed finds an empty directory in its place.
#include "core/cron_lines.hpp"
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/fd.hpp"
#include "sys/foreign_file.hpp"

namespace latchkey {
namespace {

Finding unguarded(const std::string& file, std::size_t line, const Volume& volume) {
  const std::string place = printable(volume.mount_point);
  return doubtful({Code::config,
                   "line " + std::to_string(line) + " of '" + printable(file) + "' uses '" + place +
                       "' also while '" + volume.name + "' is not mounted",
                   "what makes a copy of it then copies an empty directory",
                   "let its command begin with: mountpoint -q " + place + " &&"});
}

void look(Findings& out, const EarlyInputs& inputs, const std::string& directory,
          const std::string& name, const std::vector<std::string>& homes) {
  const auto text = read_foreign_file(directory, name);
  if (!text) return;
  for (const Volume& volume : *inputs.volumes) {
    if (volume.mount_point.empty() || mounted_by_system(volume)) continue;
    for (const std::size_t line : unguarded_cron_lines(*text, volume.mount_point, homes))
      out.push_back(unguarded(directory + "/" + name, line, volume));
  }
}

}  // namespace

Findings check_cron(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  if (!inputs.volumes) return out;
  look(out, inputs, paths.root + "/etc", "crontab", {});
  // As cron itself: what has a dot in its name is left by dpkg, or by an editor.
  for (const std::string& name : names_in(paths.root + "/etc/cron.d"))
    if (name.find('.') == std::string::npos)
      look(out, inputs, paths.root + "/etc/cron.d", name, {});
  const std::string tables = paths.root + "/var/spool/cron/crontabs";
  for (const std::string& name : names_in(tables))
    look(out, inputs, tables, name, {home_of_crontab(name)});
  return out;
}

}  // namespace latchkey
