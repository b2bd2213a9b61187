// SPDX-License-Identifier: GPL-3.0-or-later
// The log of boots as people read it.
#include <algorithm>
#include <cstdlib>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/unlock/boot_log.hpp"

namespace latchkey {
namespace {

const std::string indent(10, ' ');

// Beyond this, people would look at the wrong place of another log.
constexpr std::int64_t tolerable = 60;

// How far early boot's own clock was off, when that is known and matters.
std::string clock_note(const BootEntry& entry) {
  if (!entry.early || entry.early->uptime <= 0) return {};
  const std::int64_t ahead = entry.early->time - early_time(entry);
  if (std::abs(ahead) <= tolerable) return {};
  const auto off = static_cast<double>(std::min<std::int64_t>(std::abs(ahead), 1'000'000'000));
  return "its clock was " + duration_text(off) + (ahead > 0 ? " fast" : " slow");
}

std::string event_head(const LogEvent& event) {
  const bool boot = event.by == "boot";
  std::string out = boot ? "release at boot: " : event.by + ": ";
  if (event.kind == "unlocked")
    out += "unlocked";
  else if (event.kind == "released")
    out += "everything is up";
  else if (event.kind == "closed")
    out += "the volumes stayed closed, and the held services down";
  else if (!event.problem.empty())
    out += event.problem;
  else
    out += "not everything is up";
  if (!boot && event.peer.kind == "user") out += ", typed by " + event.peer.text();
  if (event.kind != "closed" && event.seconds > 0) out += ", in " + duration_text(event.seconds);
  return out;
}

std::string opened_line(const VolumeReport& volume) {
  return "'" + volume.name + "' " +
         (volume.open ? "open in " + duration_text(volume.seconds) : "not open: " + volume.problem);
}

// Volumes all; units only when something is wrong with them.
std::vector<std::string> item_lines(const LogEvent& event) {
  std::vector<std::string> lines;
  std::size_t units = 0;
  for (const LogItem& item : event.items) {
    if (item.kind == "unit" && item.up) {
      ++units;
      continue;
    }
    std::string line = (item.kind == "unit" ? item.name : "'" + item.name + "'") + " " + item.state;
    if (!item.detail.empty()) line += " (" + item.detail + ")";
    if (!item.up && !item.why.empty()) line += ": " + item.why;
    lines.push_back(line);
  }
  if (units > 0)
    lines.push_back(std::to_string(units) + (units == 1 ? " service is up" : " services are up"));
  return lines;
}

}  // namespace

std::string entry_text(const BootEntry& entry, std::string_view current, const DateText& date) {
  std::string out = "boot of " + date(entry.started, true) +
                    (entry.boot == current ? " (the one that runs)" : "") + "\n";
  const auto add = [&](std::int64_t time, const std::vector<std::string>& lines) {
    std::string head = date(time, false);
    head.resize(std::max(head.size() + 2, indent.size()), ' ');
    for (const std::string& line : lines)
      out += (&line == &lines.front() ? head : indent) + printable(line, 1000) + "\n";
  };
  if (entry.early) {
    std::vector<std::string> lines = report_lines(*entry.early);
    constexpr std::string_view head = "early boot: ";
    for (std::string& line : lines)
      if (&line != &lines.front() && line.starts_with(head)) line.erase(0, head.size());
    if (const std::string note = clock_note(entry); !note.empty()) lines.push_back(note);
    add(early_time(entry), lines);
  }
  for (const LogEvent& event : entry.events) {
    std::vector<std::string> lines{event_head(event)};
    for (const VolumeReport& volume : event.opened) lines.push_back(opened_line(volume));
    std::ranges::move(item_lines(event), std::back_inserter(lines));
    add(entry.started + static_cast<std::int64_t>(event.uptime), lines);
  }
  if (!entry.early && entry.events.empty()) out += indent + "nothing is known of it\n";
  return out;
}

std::vector<std::string> journal_lines(const BootEntry& entry, const DateText& date) {
  if (!entry.early) return {};
  std::vector<std::string> lines = report_lines(*entry.early);
  if (lines.empty()) return lines;
  lines.front() += ", at " + date(early_time(entry), true);
  if (const std::string note = clock_note(entry); !note.empty()) lines.front() += "; " + note;
  return lines;
}

}  // namespace latchkey
