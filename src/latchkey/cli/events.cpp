// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/events.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "sys/base/clock.hpp"
#include "sys/hold/event_hooks.hpp"
#include "sys/hold/unit_jobs.hpp"
#include "sys/mount/mount.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/probe.hpp"
#include "sys/units/systemd.hpp"
#include "sys/unlock/ask.hpp"
#include "sys/unlock/boot_log.hpp"
#include "sys/unlock/person.hpp"
#include "sys/unlock/unlock.hpp"

namespace latchkey {
namespace {

// A process that outlives this one, for where no systemd runs.
void start_detached(const Globals& globals) {
  auto worker = Worker::fork(
      [&](Channel&) {
        ::setsid();
        for (const int number : {SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
        const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
        for (const int number : {0, 1, 2}) ::dup2(null.get(), number);
        close_other_descriptors(STDERR_FILENO);
        if (::chdir("/") != 0) return 1;
        ::execl("/proc/self/exe", "latchkey", "--root", globals.paths.root.c_str(), "hooks",
                nullptr);
        return 1;
      },
      WorkerKind::plain);
  if (!worker) return report_warning(worker.error());
  worker->forget();
}

void pass_on(const Globals& globals, const BootEntry& news) {
  const auto name = keep_news(globals.paths, news);
  if (!name) return report_warning(name.error());
  if (systemd_runs() && globals.paths.root.empty())
    start_soon("latchkey-hooks@" + *name + ".service");
  else
    start_detached(globals);
}

std::string format(const std::tm& parts, const char* form) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), form, &parts)};
}

}  // namespace

std::vector<LogItem> log_items(const std::vector<Row>& rows,
                               const std::map<std::string, std::string>& details) {
  std::vector<LogItem> items;
  for (const Row& row : rows) {
    const auto detail = details.find(row.name);
    items.push_back({row.kind, row.name, row.state, row.up, row.why, row.hint,
                     detail == details.end() ? "" : detail->second});
  }
  return items;
}

void tell_event(const Globals& globals, const Setup& setup, LogEvent event) {
  event.peer = who_types();
  event.uptime = uptime();
  BootEntry news = this_boot(globals.paths);
  news.events.push_back(event);
  Facts facts;
  for (const Volume& volume : setup.volumes) facts.volumes[volume.name];
  probe_mounts(facts, setup);
  if (log_waits_for(setup, facts) == nullptr)
    if (auto written = record(globals.paths, news); !written) report_warning(written.error());
  if (any_hook(globals.paths.etc("hooks.d"), event.kind)) pass_on(globals, news);
}

Result<Outcome> unlock_and_tell(const Globals& globals, const Setup& setup, const std::string& by,
                                TerminalReporter& reporter, const UnlockTurn& turn) {
  double begun = uptime();
  auto outcome =
      unlock_with_passphrase("latchkey " + by, [&](Secret passphrase) -> Result<Outcome> {
        const auto taken = turn.take ? turn.take(passphrase) : true;
        if (!taken) return taken.error();
        if (!*taken) return Outcome{};
        begun = uptime();  // not when somebody was asked
        const OutlivesConnection held;
        auto tried =
            unlock_here(setup, globals.paths, std::move(passphrase), reporter, turn.let_go);
        if (turn.let_go && tried && tried->passphrase_denied) turn.let_go();
        return tried;
      });
  const auto& opened = reporter.opened();
  if (std::ranges::any_of(opened, [](const VolumeReport& volume) { return volume.open; }))
    tell_event(globals, setup,
               {.kind = "unlocked", .by = by, .seconds = uptime() - begun, .opened = opened});
  return outcome;
}

void tell_boot(const Globals& globals, const LogEvent& event) {
  BootEntry news = this_boot(globals.paths);
  news.early.reset();
  news.events.push_back(event);
  news.events.back().by = "boot";
  news.events.back().uptime = uptime();
  pass_on(globals, news);
}

void tell_early(const Globals& globals) {
  const BootEntry news = this_boot(globals.paths);
  for (const std::string& line : journal_lines(news, date_text)) say(globals, line);
  // Where it fails, the release says so, which makes it too.
  if (!make_directories(globals.paths.run(), 0755)) return;
  if (first_time(globals.paths, "boot.told")) pass_on(globals, news);
}

std::string date_text(std::int64_t time, bool whole) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return "an unknown time";
  return format(parts, whole ? "%Y-%m-%d %H:%M:%S %z" : "%H:%M:%S");
}

}  // namespace latchkey
