// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/unit_file.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/units/command_words.hpp"
#include "core/units/named_paths.hpp"
#include "core/units/unit_name.hpp"

namespace latchkey {
namespace {

// Each value of these is a command or a list of paths. Not ReadOnlyPaths= and its like, which
// hardened services have for places that they never look at.
constexpr std::string_view path_keys[]{"RequiresMountsFor", "WantsMountsFor", "WorkingDirectory",
                                       "RootDirectory",     "RootImage",      "ExecCondition",
                                       "ExecStartPre",      "ExecStart",      "ExecStartPost",
                                       "ExecReload",        "ExecStop",       "ExecStopPost",
                                       "EnvironmentFile",   "ReadWritePaths", "BindReadOnlyPaths",
                                       "BindPaths",         "Environment"};

// Each value of these is a path, behind `|` and `!`. A service that is started at a boot is asked
// once, and skipped before the release.
constexpr std::string_view condition_keys[]{
    "PathExists",       "PathExistsGlob",  "PathIsDirectory", "PathIsSymbolicLink",
    "PathIsMountPoint", "PathIsReadWrite", "PathIsEncrypted", "DirectoryNotEmpty",
    "FileNotEmpty",     "FileIsExecutable"};

// What a path or socket unit has systemd watch, or make.
constexpr std::string_view watched_keys[]{
    "PathExists",   "PathExistsGlob", "PathChanged", "PathModified",           "DirectoryNotEmpty",
    "ListenStream", "ListenDatagram", "ListenFIFO",  "ListenSequentialPacket", "ListenSpecial"};

// Each value of these may be a file, as `append:/srv/log`.
constexpr std::string_view stream_keys[]{"StandardInput", "StandardOutput", "StandardError"};

// Each value of these is a list of units, among which may be that of a mount.
constexpr std::string_view unit_keys[]{"Requires", "Requisite", "BindsTo",
                                       "Wants",    "After",     "PartOf"};

// systemd makes these below a directory of its own.
struct Below {
  std::string_view key;
  std::string_view directory;
};
constexpr Below kept_below[]{{"StateDirectory", "/var/lib/"},
                             {"CacheDirectory", "/var/cache/"},
                             {"LogsDirectory", "/var/log/"}};

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with(';'); }

// Without what stands before a path: `-` (it may be missing), `@`, `+` and the like.
std::string bare(std::string word) {
  std::erase_if(word, [](char c) { return c == '"' || c == '\''; });
  const std::size_t begins = word.find_first_not_of("-@:+!|~");
  if (begins != std::string::npos && begins > 0 && word[begins] == '/') word.erase(0, begins);
  return word;
}

// The file that a stream is; empty where it is none.
std::string stream_file(const std::string& value) {
  for (const std::string_view kind : {"file:", "append:", "truncate:"})
    if (value.starts_with(kind)) return value.substr(kind.size());
  return {};
}

bool names(const std::string& value, std::string_view place) {
  std::vector<std::string> words;
  for (const Field& field : split_fields(value))
    if (std::string word = bare(field.text); !is_remote(word)) words.push_back(std::move(word));
  return command_names(join(words, " "), place, {});
}

}  // namespace

std::vector<UnitSetting> unit_settings(std::string_view text) {
  std::vector<UnitSetting> out;
  std::string section;
  std::string whole;
  for (const std::string_view raw : split_lines(text)) {
    const std::string_view line = trim(raw);
    if (is_comment(line)) continue;  // also between the parts of a line
    whole += line;
    if (whole.ends_with('\\')) {
      whole.back() = ' ';
      continue;
    }
    const std::size_t equals = whole.find('=');
    if (whole.starts_with('[') && whole.ends_with(']'))
      section = whole.substr(1, whole.size() - 2);
    else if (equals != std::string::npos)
      out.push_back({section, std::string(trim(std::string_view(whole).substr(0, equals))),
                     std::string(trim(std::string_view(whole).substr(equals + 1)))});
    whole.clear();
  }
  return out;
}

std::vector<std::string> values_of(std::span<const UnitSetting> settings, std::string_view key) {
  std::vector<std::string> out;
  for (const UnitSetting& one : settings) {
    if (one.key != key) continue;
    if (one.value.empty())
      out.clear();
    else
      out.push_back(one.value);
  }
  return out;
}

std::string value_of(std::span<const UnitSetting> settings, std::string_view key) {
  const auto values = values_of(settings, key);
  return values.empty() ? std::string() : values.back();
}

bool service_uses(std::span<const UnitSetting> settings, std::string_view place) {
  const auto uses = [&](std::string_view key) {
    return std::ranges::any_of(values_of(settings, key),
                               [&](const std::string& value) { return names(value, place); });
  };
  const auto keeps = [&](const Below& below) {
    for (const std::string& value : values_of(settings, below.key))
      for (const Field& field : split_fields(value))
        if (names(std::string(below.directory) + field.text.substr(0, field.text.find(':')), place))
          return true;
    return false;
  };
  const std::string mount = mount_unit(place);
  const std::string below = mount.substr(0, mount.rfind('.')) + "-";
  const auto waits_for_mount = [&](std::string_view key) {
    return std::ranges::any_of(values_of(settings, key), [&](const std::string& value) {
      return std::ranges::any_of(split_fields(value), [&](const Field& unit) {
        return unit.text == mount ||
               (unit.text.starts_with(below) && unit.text.ends_with(".mount"));
      });
    });
  };
  const auto asks = [&](std::string_view key) {
    return uses("Condition" + std::string(key)) || uses("Assert" + std::string(key));
  };
  const auto writes = [&](std::string_view key) {
    return std::ranges::any_of(values_of(settings, key), [&](const std::string& value) {
      return names(stream_file(value), place);
    });
  };
  return std::ranges::any_of(path_keys, uses) || std::ranges::any_of(kept_below, keeps) ||
         std::ranges::any_of(unit_keys, waits_for_mount) ||
         std::ranges::any_of(condition_keys, asks) || std::ranges::any_of(stream_keys, writes);
}

bool trigger_watches(std::span<const UnitSetting> settings, std::string_view place) {
  return std::ranges::any_of(watched_keys, [&](std::string_view key) {
    return std::ranges::any_of(values_of(settings, key),
                               [&](const std::string& value) { return names(value, place); });
  });
}

bool service_asks_first(std::span<const UnitSetting> settings) {
  for (const std::string_view key : {"ConditionPathIsMountPoint", "AssertPathIsMountPoint"})
    if (!values_of(settings, key).empty()) return true;
  for (const std::string_view key : {"ExecCondition", "ExecStartPre", "ExecStart"})
    if (std::ranges::any_of(values_of(settings, key), asks_for_mounts)) return true;
  return false;
}

std::string started_by(const std::string& trigger, std::span<const UnitSetting> settings) {
  const bool socket = trigger.ends_with(".socket");
  std::string named = value_of(settings, socket ? "Service" : "Unit");
  if (!named.empty()) return named;
  return trigger.substr(0, trigger.rfind('.')) + ".service";
}

}  // namespace latchkey
