// SPDX-License-Identifier: GPL-3.0-or-later
// What `latchkey log` tells: one line of JSON for each boot, with what early boot
// left and what became of the volumes and services since.
//
// An entry counts from the kernel's start, as the clock that nobody sets does. Dates
// are made of that when they are shown, with the newest knowledge of when the kernel
// started: early boot's clock may have been off, and be right an hour later.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/unlock/report.hpp"

namespace latchkey {

/// How one volume or unit was at the end of an event.
struct LogItem {
  std::string kind{};  ///< `volume` or `unit`
  std::string name{};
  std::string state{};  ///< as `latchkey status` calls it
  bool up = false;
  std::string why{};  ///< for what is not up
  std::string hint{};
  std::string detail{};  ///< what the check of its file system found

  bool operator==(const LogItem&) const = default;
};

/// Something that was done on the running system.
struct LogEvent {
  std::string kind{};     ///< `unlocked`, `released`, `failed`, `closed` (all stayed closed)
  std::string by{};       ///< `boot`, or the command that a person typed
  Peer peer{};            ///< that person
  double uptime = 0;      ///< when it ended, seconds since the kernel's start
  double seconds = 0;     ///< how long it took
  std::string problem{};  ///< why nothing could be done at all
  std::vector<VolumeReport> opened{};
  std::vector<LogItem> items{};

  bool operator==(const LogEvent&) const = default;
};

/// One boot.
struct BootEntry {
  std::string boot{};        ///< the kernel's id of it
  std::int64_t started = 0;  ///< when the kernel started, seconds since 1970
  std::optional<BootReport> early{};
  std::vector<LogEvent> events{};  ///< oldest first

  bool operator==(const BootEntry&) const = default;
};

/// The file: oldest boot first.
struct BootLog {
  std::vector<BootEntry> boots{};
  unsigned damaged = 0;  ///< lines that could not be read
};

inline constexpr std::size_t most_boots = 50;
inline constexpr std::size_t most_events = 20;  ///< of one boot: the first and the newest stay
inline constexpr std::size_t most_log_bytes = 1 << 20;

/// Reads the file; a line that is cut off or no entry is counted and left out. All
/// texts are printable afterwards. Never fails.
[[nodiscard]] BootLog parse_log(std::string_view text);

/// The file's text, within the bounds above: the oldest boots go first.
[[nodiscard]] std::string encode(const BootLog& log);

/// Adds what happened in a boot: `started` and `early` (when there is one) replace
/// what was known, and so does the event of the same moment, when one is given.
void add_to_log(BootLog& log, const BootEntry& news);

/// When early boot's waiting ended, by the best clock there is.
[[nodiscard]] std::int64_t early_time(const BootEntry& entry);

/// An entry as latchkey(8) describes it, with dates.
[[nodiscard]] nlohmann::json entry_json(const BootEntry& entry);

/// Gives a date for people: the whole, or only the time of the day.
using DateText = std::function<std::string(std::int64_t time, bool whole)>;

/// An entry as lines for people; `current` is the id of the boot that runs.
[[nodiscard]] std::string entry_text(const BootEntry& entry, std::string_view current,
                                     const DateText& date);

/// The early report's line for the journal of who ended the waiting, and when.
[[nodiscard]] std::vector<std::string> journal_lines(const BootEntry& entry, const DateText& date);

}  // namespace latchkey
