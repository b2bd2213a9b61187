// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey log`: the last boots.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "latchkey/cli/command.hpp"
#include "latchkey/cli/events.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/unlock/boot_log.hpp"

namespace latchkey {
namespace {

struct Flags {
  unsigned count = 5;
  bool json = false;
};

// What the log cannot know: a boot whose entry could not be written, and the clock
// of now for the boot that runs.
void add_what_is_known_now(BootLog& log, const BootEntry& now) {
  const bool known = std::ranges::any_of(
      log.boots, [&](const BootEntry& entry) { return entry.boot == now.boot; });
  if (known || now.early) add_to_log(log, now);
}

int show_log(const Flags& flags, const Globals& globals) {
  auto log = load_log(globals.paths);
  if (!log) return report_error(log.error());
  const BootEntry now = this_boot(globals.paths);
  add_what_is_known_now(*log, now);
  if (log->damaged > 0)
    report_warning({Code::damaged,
                    std::to_string(log->damaged) + (log->damaged == 1 ? " line" : " lines") +
                        " of '" + log_file(globals.paths) + "' cannot be read",
                    "left out here, and at the next boot", ""});
  const std::size_t shown = std::min<std::size_t>(flags.count, log->boots.size());
  const auto end = log->boots.rbegin() + static_cast<std::ptrdiff_t>(shown);
  if (flags.json) {
    nlohmann::json boots = nlohmann::json::array();
    for (auto entry = log->boots.rbegin(); entry != end; ++entry)
      boots.push_back(entry_json(*entry));
    print(dump({{"boots", boots}, {"current", now.boot}, {"damaged", log->damaged}}));
    return 0;
  }
  std::string text;
  for (auto entry = log->boots.rbegin(); entry != end; ++entry)
    text += (text.empty() ? "" : "\n") + entry_text(*entry, now.boot, date_text);
  print(text.empty() ? "no boot is recorded yet\n" : text);
  return 0;
}

}  // namespace

Run declare_log(CLI::App& app, const Globals& globals) {
  const auto flags = std::make_shared<Flags>();
  app.add_option("-n,--boots", flags->count, "how many boots, the newest first (5)")
      ->type_name("N")
      ->check(CLI::Range(1U, static_cast<unsigned>(most_boots)));
  app.add_flag("--json", flags->json, "as JSON");
  return [flags, &globals] { return show_log(*flags, globals); };
}

}  // namespace latchkey
