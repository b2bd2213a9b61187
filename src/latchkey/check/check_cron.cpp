// SPDX-License-Identifier: GPL-3.0-or-later
// What cron runs while a volume is closed finds an empty directory in its place.
#include <unistd.h>

#include <utility>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/hold/cron_lines.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/untrusted_file.hpp"
#include "sys/mount/volume_links.hpp"

namespace latchkey {
namespace {

// `hint` says what is to be done with the question whether the volume is mounted, which is put
// between it and `behind`.
Finding unguarded(const std::string& file, std::size_t line, const PlacedVolume& on,
                  const std::string& place, const std::string& hint, const std::string& behind) {
  return doubtful({Code::config,
                   "line " + std::to_string(line) + " of '" + printable(file) + "' uses '" +
                       printable(place) + "' also while '" + on.volume->name + "' is not mounted",
                   "what makes a copy of it then copies an empty directory",
                   hint + "mountpoint -q " + printable(on.volume->mount_point) + behind});
}

Finding too_early(const std::string& file, std::size_t line, const PlacedVolume& on,
                  const std::string& place) {
  return doubtful(
      {Code::config,
       "line " + std::to_string(line) + " of '" + printable(file) + "' uses '" + printable(place) +
           "' when cron starts, which may be before '" + on.volume->name + "' is mounted",
       "@reboot is run once in a boot, and not again when the volume has come",
       "make it a service, and hold that (latchkey hold), or " + by_hooks() + " start it"});
}

class CronSearch {
 public:
  explicit CronSearch(std::vector<PlacedVolume> volumes) : volumes_(std::move(volumes)) {}

  void table(const std::string& directory, const std::string& name,
             const std::vector<std::string>& homes, std::size_t times = 5) {
    const auto text = read_foreign_file(directory, name);
    if (!text) return;
    const std::string file = directory + "/" + name;
    each([&](const PlacedVolume& on, const std::string& place) {
      for (const CronLine& line :
           unguarded_cron_lines(*text, place, homes, times, on.is_mounted_on(place)))
        found.push_back(line.at_boot ? too_early(file, line.number, on, place)
                                     : unguarded(file, line.number, on, place,
                                                 "let its command begin with: ", " &&"));
    });
  }

  // As run-parts: only what is executable, by names without a dot.
  void scripts(const std::string& directory) {
    for (const std::string& name : names_in(directory))
      if (name.find('.') == std::string::npos &&
          ::access((directory + "/" + name).c_str(), X_OK) == 0)
        if (const auto text = read_foreign_file(directory, name))
          script(directory, name, *text, "let it begin with: ", " || exit 0");
  }

  // The copies of before go with each run of it. What its owner has it run first, is not known.
  void rsnapshot(const std::string& directory) {
    const std::string name = "rsnapshot.conf";
    auto text = read_foreign_file(directory, name);
    if (!text) return;
    std::string lines;
    for (const std::string_view line : split_lines(*text)) {
      if (trim(line).starts_with("cmd_preexec")) return;
      if (!trim(line).starts_with("exclude")) lines += line;
      lines += '\n';
    }
    script(directory, name, lines, "have its cmd_preexec fail without this: /usr/bin/", "");
  }

  Findings found{};

 private:
  void script(const std::string& directory, const std::string& name, const std::string& text,
              const std::string& hint, const std::string& behind) {
    each([&](const PlacedVolume& on, const std::string& place) {
      if (const auto line = unguarded_script_line(text, place, on.is_mounted_on(place)))
        found.push_back(unguarded(directory + "/" + name, *line, on, place, hint, behind));
    });
  }

  template <class Take>
  void each(const Take& take) const {
    for (const PlacedVolume& on : volumes_)
      for (const std::string& place : on.places) take(on, place);
  }

  std::vector<PlacedVolume> volumes_;
};

}  // namespace

Findings check_cron(const Paths& paths, const EarlyInputs& inputs) {
  if (!inputs.volumes) return {};
  CronSearch search(placed_volumes(paths.root, *inputs.volumes));
  const std::string etc = paths.root + "/etc";
  search.table(etc, "crontab", {});
  search.table(etc, "anacrontab", {}, anacron_times);
  // As cron itself: what has a dot in its name is left by dpkg, or by an editor.
  for (const std::string& name : names_in(etc + "/cron.d"))
    if (name.find('.') == std::string::npos) search.table(etc + "/cron.d", name, {});
  for (const char* often : {"hourly", "daily", "weekly", "monthly"})
    search.scripts(etc + "/cron." + often);
  const std::string tables = paths.root + "/var/spool/cron/crontabs";
  for (const std::string& name : names_in(tables))
    search.table(tables, name, {home_of_crontab(name)});
  search.rsnapshot(etc);
  return std::move(search.found);
}

}  // namespace latchkey
