// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/legacy.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/new_volume.hpp"

namespace latchkey {
namespace {

using Fields = std::vector<Field>;

struct Line {
  std::string_view file;
  std::size_t number;

  [[nodiscard]] std::string at(std::size_t column) const { return position(file, number, column); }
  [[nodiscard]] Error bad(const Field& field, const std::string& what, std::string hint) const {
    return {Code::config, at(field.column) + ": " + what + " '" + printable(field.text) + "'", "",
            std::move(hint)};
  }
};

// The fields before a comment. The first `safe` ones may begin with #.
Fields without_comment(Fields fields, std::size_t safe) {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].text.starts_with('#') && (i == 0 || i >= safe)) {
      fields.resize(i);
      break;
    }
  return fields;
}

struct OldOption {
  std::string_view name;
  std::string_view stands_for;  // what mount(8) makes of it and is kept
  std::string_view why;
};

constexpr std::string_view by_us = "Latchkey mounts every volume once it is open";
constexpr std::string_view only_root = "only root mounts volumes";
constexpr std::string_view no_wait = "a volume that fails never stops the boot";
constexpr std::array<OldOption, 11> old_options{{{"noauto", "", by_us},
                                                 {"auto", "", by_us},
                                                 {"user", "noexec,nosuid,nodev", only_root},
                                                 {"users", "noexec,nosuid,nodev", only_root},
                                                 {"owner", "nosuid,nodev", only_root},
                                                 {"group", "nosuid,nodev", only_root},
                                                 {"nouser", "", only_root},
                                                 {"nousers", "", only_root},
                                                 {"noowner", "", only_root},
                                                 {"nogroup", "", only_root},
                                                 {"nofail", "", no_wait}}};

// What becomes of one option; a note when it is not kept as it is.
std::string taken_over(const std::string& option, const std::string& where,
                       std::vector<std::string>& notes) {
  const std::string quoted = where + ": '" + printable(option) + "' ";
  if (option.starts_with("x-systemd.") || option.starts_with("comment=systemd.")) {
    notes.push_back(quoted + "is left out: systemd mounts none of these volumes");
    return {};
  }
  if (option == "discard")
    notes.push_back(quoted +
                    "reaches the disk only with x-latchkey.discard, which shows what is unused");
  const auto old = std::ranges::find(old_options, option, &OldOption::name);
  if (old == old_options.end()) return option;
  std::string kept(old->stands_for);
  notes.push_back(quoted + (kept.empty() ? "is left out" : "becomes '" + kept + "'") + ": " +
                  std::string(old->why));
  return kept;
}

Field taken_over(const Field& options, const Line& line, std::vector<std::string>& notes) {
  std::vector<std::string> out;
  std::size_t column = options.column;
  for (const std::string& option : split(options.text, ',')) {
    std::string kept = taken_over(option, line.at(column), notes);
    if (option.empty() || !kept.empty()) out.push_back(std::move(kept));
    column += option.size() + 1;
  }
  return {out.empty() ? "defaults" : join(out, ","), options.column};
}

// fstab's two numbers at the end: for dump, and for the order of checks.
std::optional<Error> drop_numbers(Fields& fields, const Line& line,
                                  std::vector<std::string>& notes) {
  if (fields.size() <= 5) return {};
  for (std::size_t i = 5; i < fields.size(); ++i)
    if (i > 6 || !parse_number(fields[i].text, 9))
      return line.bad(fields[i], "unexpected field",
                      "write: name  vg  mount-point  fstype  options");
  if (fields.size() == 7 && fields[6].text == "0")
    notes.push_back(line.at(fields[6].column) +
                    ": the 0 is left out: file systems are checked before they are mounted, but "
                    "for those with x-latchkey.nofsck");
  fields.resize(5);
  return {};
}

std::optional<Error> take_volume(Fields fields, const Line& line, LegacyLayout& out) {
  if (fields.size() < 4)
    return Error{Code::config,
                 line.at(fields[0].column) + ": " + std::to_string(fields.size()) +
                     " fields where 4 or 5 are expected",
                 "", "write: name  vg  mount-point  fstype  options"};
  if (auto error = drop_numbers(fields, line, out.notes)) return error;
  const std::string& name = fields[0].text;
  if (name == "keys")
    return line.bad(fields[0], "a data volume cannot have the keys volume's name",
                    "take the line out; the keys volume is found by itself");
  const std::string group = fields[1].text;
  if (!valid_lvm_name(group))
    return line.bad(fields[1], "not the name of a volume group",
                    "LVM names have letters, digits and + _ . - only");
  // A bad name is told as such, not as a bad device.
  const bool good_name = valid_lvm_name("encrypted-" + name);
  fields[1].text = group + "/encrypted-" + (good_name ? name : "x");
  if (!good_name && valid_lvm_name(name))
    return line.bad(fields[0], "too long a volume's name", "LVM names have at most 127 bytes");
  if (fields.size() == 5) fields[4] = taken_over(fields[4], line, out.notes);
  const auto added = add_volume(out.volumes, fields, line.file, line.number);
  if (!added) return added.error();
  if (std::ranges::find(out.groups, group) == out.groups.end()) out.groups.push_back(group);
  return {};
}

std::optional<Error> take_unit(const Fields& fields, const Line& line, LegacyLayout& out) {
  if (fields.size() > 1) return line.bad(fields[1], "second word", "write one service a line");
  const std::string unit = full_unit_name(fields[0].text);
  if (!valid_unit_name(unit))
    return line.bad(fields[0], "not a service's name", "write it as systemctl shows it");
  if (std::ranges::find(out.units, unit) != out.units.end())
    return line.bad(fields[0], "second line for service", "take one of them out");
  out.units.push_back(unit);
  return {};
}

template <class Take>
std::optional<Error> each_line(const NamedText& in, std::size_t safe, const Take& take) {
  std::size_t number = 0;
  for (const std::string_view text : split_lines(in.text)) {
    ++number;
    const Fields fields = without_comment(split_fields(text), safe);
    if (fields.empty()) continue;
    if (auto error = take(fields, Line{in.file, number})) return error;
  }
  return {};
}

}  // namespace

Result<LegacyLayout> parse_legacy(const NamedText& fstab, const NamedText& services) {
  LegacyLayout out;
  const auto volume = [&](const Fields& fields, const Line& line) {
    return take_volume(fields, line, out);
  };
  const auto unit = [&](const Fields& fields, const Line& line) {
    return take_unit(fields, line, out);
  };
  if (auto error = each_line(fstab, 4, volume)) return *error;
  if (auto error = each_line(services, 1, unit)) return *error;
  if (out.volumes.empty())
    return Error{Code::config, "'" + std::string(fstab.file) + "' names no volume", "",
                 "write lines: name  vg  mount-point  fstype  options"};
  return out;
}

std::vector<std::string> free_reserved_names(std::vector<Volume>& volumes,
                                             const std::vector<Volume>& before) {
  const auto taken = [&](const std::string& name) {
    return std::ranges::find(volumes, name, &Volume::name) != volumes.end() ||
           std::ranges::find(before, name, &Volume::name) != before.end();
  };
  std::vector<std::string> notes;
  for (Volume& volume : volumes) {
    const std::string old = volume.name;
    const std::string why = why_reserved(old);
    if (why.empty()) continue;
    const auto same = std::ranges::find(before, volume.device, &Volume::device);
    if (same != before.end()) {
      volume.name = same->name;
      continue;
    }
    std::string free = old + "-data";
    for (int i = 2; taken(free); ++i) free = old + "-data" + std::to_string(i);
    volume.name = std::move(free);
    notes.push_back("the volume '" + old + "' is called '" + volume.name + "' from here on (" +
                    why + "); " + volume.device.text() + ", its mapping '" + volume.mapping +
                    "' and its key file keep their names");
  }
  return notes;
}

}  // namespace latchkey
