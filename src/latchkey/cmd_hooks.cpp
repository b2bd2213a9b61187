// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey hooks`: what latchkey-hooks@.service runs. Takes every kept news, oldest
// first, writes it to the log, and tells the owner's hooks. Whatever goes wrong here
// is a line in the journal and nothing more.
#include <poll.h>
#include <syslog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/message.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/cli/events.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/lock_file.hpp"
#include "sys/hold/event_hooks.hpp"
#include "sys/mount/mount.hpp"
#include "sys/units/systemd.hpp"
#include "sys/unlock/boot_log.hpp"

namespace latchkey {
namespace {

using std::chrono::steady_clock;

// Where no systemd keeps our stderr, the system's log does.
void tell(const Globals& globals, const std::string& text) {
  if (systemd_runs())
    say(globals, text);
  else
    ::syslog(LOG_DAEMON | LOG_INFO, "%s", text.c_str());
}

void warn(const Error& error) {
  if (systemd_runs())
    report_warning(error);
  else
    ::syslog(LOG_DAEMON | LOG_WARNING, "%s", sentence(error).c_str());
}

// A unit that is on its way is neither up nor a failure.
bool unsettled(const Setup& setup, const Facts& facts) {
  return std::ranges::any_of(setup.services, [&](const Service& service) {
    const auto fact = facts.units.find(service.unit);
    return fact != facts.units.end() && fact->second.released &&
           (fact->second.queued || fact->second.state.starts_with("activating") ||
            fact->second.state.starts_with("reloading"));
  });
}

Facts settled_facts(const Setup& setup, const Paths& paths) {
  const auto bound = setup.config.release.service_timeout + std::chrono::seconds(30);
  const auto deadline = steady_clock::now() + bound;
  Facts facts = probe_all(setup, paths);
  while (unsettled(setup, facts) && steady_clock::now() < deadline) {
    ::poll(nullptr, 0, 500);
    facts = probe_all(setup, paths);
  }
  return facts;
}

// Gives the boot's release its result, which was not known when it ended.
void judge(LogEvent& event, const Setup& setup, const Paths& paths) {
  const Facts facts = systemd_runs() ? settled_facts(setup, paths) : probe_all(setup, paths);
  Reasons reasons;
  std::map<std::string, std::string> details;
  for (const LogItem& item : event.items) {
    if (!item.up) reasons[item.name] = {Code::partial, item.why, "", item.hint};
    details.emplace(item.name, item.detail);
  }
  event.items = log_items(make_rows(setup, facts, reasons), details);
  const bool up = std::ranges::all_of(event.items, [](const LogItem& item) { return item.up; });
  event.kind = up ? "released" : "failed";
}

std::string document(const BootEntry& entry, const std::string& event) {
  nlohmann::json json = entry_json(entry);
  char host[256] = {};
  (void)::gethostname(host, sizeof host - 1);
  json["event"] = event;
  json["host"] = host;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// The entry of this boot as it is in the log by now, or the news alone.
BootEntry whole_entry(const Paths& paths, const BootEntry& news) {
  BootLog log;
  if (auto loaded = load_log(paths)) log = std::move(*loaded);
  add_to_log(log, news);
  return *std::ranges::find_if(log.boots,
                               [&](const BootEntry& entry) { return entry.boot == news.boot; });
}

void tell_hooks(const Globals& globals, const BootEntry& news, const std::string& event) {
  run_hooks({.directory = globals.paths.etc("hooks.d"),
             .event = event,
             .document = document(news, event),
             .tell = [&](const std::string& line) { tell(globals, "hook " + line); },
             .warn = [&](const Error& error) { warn(error); }});
}

void handle(const Globals& globals, BootEntry news) {
  const auto setup = load_setup(globals.paths);
  std::string event;
  if (!news.events.empty()) {
    LogEvent& last = news.events.back();
    if (setup && last.kind.empty()) judge(last, *setup, globals.paths);
    event = last.kind;
  } else if (news.early && news.early->result == "unlocked") {
    event = "unlocked";
  }
  const BootEntry whole = whole_entry(globals.paths, news);
  if (setup) {
    if (const Volume* volume = log_waits_for(*setup, probe_all(*setup, globals.paths)))
      tell(globals, "this boot is not in the log, which lies on '" + volume->name + "'");
    else if (const auto written = record(globals.paths, news); !written)
      warn(written.error());
  }
  if (!event.empty() && event != "closed") tell_hooks(globals, whole, event);
}

int tell_all_news(const Globals& globals) {
  // One at a time keeps the events in their order.
  const auto turn = LockFile::take(globals.paths.run("hooks.lock"), "the telling of another event",
                                   std::chrono::hours(1));
  if (!turn) warn(turn.error());
  while (auto news = take_news(globals.paths)) handle(globals, std::move(*news));
  return 0;
}

}  // namespace

Run declare_hooks(CLI::App&, const Globals& globals) {
  return [&globals] { return tell_all_news(globals); };
}

}  // namespace latchkey
