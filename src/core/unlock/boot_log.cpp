// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/boot_log.hpp"

#include <algorithm>

#include "core/base/json_field.hpp"
#include "core/base/read_json.hpp"

namespace latchkey {
namespace {

using nlohmann::json;
constexpr std::size_t long_text = 1000;

// A damaged number must not become a date that overflows.
double bounded(double seconds) { return seconds >= 0 && seconds < 1e10 ? seconds : 0; }

json item_json(const LogItem& item) {
  return {{"kind", item.kind}, {"name", item.name}, {"state", item.state},  {"up", item.up},
          {"why", item.why},   {"hint", item.hint}, {"detail", item.detail}};
}

LogItem parse_item(const json& in) {
  return {text_field(in, "kind"),           text_field(in, "name"),
          text_field(in, "state"),          field<bool>(in, "up"),
          text_field(in, "why", long_text), text_field(in, "hint", long_text),
          text_field(in, "detail")};
}

VolumeReport parse_opened(const json& in) {
  VolumeReport volume = parse_volume(in);
  volume.seconds = bounded(volume.seconds);
  return volume;
}

json event_json(const LogEvent& event) {
  json opened = json::array();
  for (const VolumeReport& volume : event.opened) opened.push_back(volume_json(volume));
  json items = json::array();
  for (const LogItem& item : event.items) items.push_back(item_json(item));
  return {{"event", event.kind},           {"by", event.by},         {"user", event.peer.comment},
          {"address", event.peer.address}, {"uptime", event.uptime}, {"seconds", event.seconds},
          {"problem", event.problem},      {"opened", opened},       {"items", items}};
}

LogEvent parse_event(const json& in) {
  LogEvent event;
  event.kind = text_field(in, "event");
  event.by = text_field(in, "by");
  event.peer.comment = text_field(in, "user");
  event.peer.address = text_field(in, "address");
  if (!event.peer.comment.empty()) event.peer.kind = "user";
  event.uptime = bounded(field<double>(in, "uptime"));
  event.seconds = bounded(field<double>(in, "seconds"));
  event.problem = text_field(in, "problem", long_text);
  event.opened = list_field(in, "opened", parse_opened);
  event.items = list_field(in, "items", parse_item);
  return event;
}

std::optional<BootEntry> parse_entry(std::string_view line) {
  const json in = read_json(line);
  if (!in.is_object()) return {};
  BootEntry entry;
  entry.boot = text_field(in, "boot");
  if (entry.boot.empty()) return {};
  entry.started = std::clamp<std::int64_t>(field<std::int64_t>(in, "started"), 0, 99'999'999'999);
  if (const auto early = in.find("early"); early != in.end() && early->is_object())
    if (const auto report =
            parse_report(early->dump(-1, ' ', false, json::error_handler_t::replace)))
      entry.early = *report;
  entry.events = list_field(in, "events", parse_event);
  return entry;
}

std::string line_of(const BootEntry& entry) {
  return entry_json(entry).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::int64_t early_time(const BootEntry& entry) {
  if (!entry.early) return entry.started;
  // An image of an older version says only what its clock said.
  if (entry.early->uptime <= 0) return entry.early->time;
  return entry.started + static_cast<std::int64_t>(bounded(entry.early->uptime));
}

json entry_json(const BootEntry& entry) {
  json early;
  if (entry.early) {
    early = read_json(to_json(*entry.early));
    early["date"] = early_time(entry);
  }
  json events = json::array();
  for (const LogEvent& event : entry.events) {
    events.push_back(event_json(event));
    events.back()["time"] = entry.started + static_cast<std::int64_t>(event.uptime);
  }
  return {{"boot", entry.boot}, {"started", entry.started}, {"early", early}, {"events", events}};
}

BootLog parse_log(std::string_view text) {
  BootLog log;
  for (const std::string_view line : split_lines(text)) {
    if (trim(line).empty()) continue;
    if (auto entry = parse_entry(line))
      log.boots.push_back(std::move(*entry));
    else
      ++log.damaged;
  }
  return log;
}

std::string encode(const BootLog& log) {
  const std::size_t begin = log.boots.size() - std::min(log.boots.size(), most_boots);
  std::string out;
  for (std::size_t i = log.boots.size(); i > begin; --i) {
    const std::string line = line_of(log.boots[i - 1]);
    if (out.size() + line.size() > most_log_bytes) break;
    out.insert(0, line);
  }
  return out;
}

void add_to_log(BootLog& log, const BootEntry& news) {
  const auto same = [&](const BootEntry& entry) { return entry.boot == news.boot; };
  auto entry = std::ranges::find_if(log.boots, same);
  if (entry == log.boots.end()) {
    log.boots.push_back({.boot = news.boot});
    entry = log.boots.end() - 1;
  }
  entry->started = news.started;
  if (news.early) entry->early = news.early;
  for (const LogEvent& event : news.events) {
    // The same news told twice: no two runs end within a millisecond.
    std::erase_if(entry->events, [&](const LogEvent& old) {
      return old.by == event.by && old.uptime > event.uptime - 0.001 &&
             old.uptime < event.uptime + 0.001;
    });
    entry->events.push_back(event);
  }
  while (entry->events.size() > most_events) entry->events.erase(entry->events.begin() + 1);
}

}  // namespace latchkey
