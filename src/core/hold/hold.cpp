// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/hold.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "core/base/line_edit.hpp"
#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "core/units/way_in.hpp"

namespace latchkey {
namespace {

constexpr std::string_view run_directory = "/run/latchkey/";

// In a unit file % begins a specifier, and a backslash at the end of a line
// joins the next one; a slash behind it changes nothing of a path.
std::string condition_path(const std::string& path) {
  std::string out;
  for (const char c : path) out.append(c == '%' ? 2 : 1, c);
  if (out.ends_with('\\') || out.ends_with(' ')) out += '/';
  return out;
}

std::string conditions(const HeldUnit& held) {
  std::string out;
  for (const std::string& path : held.mount_points)
    out += "ConditionPathIsMountPoint=" + condition_path(path) + "\n";
  for (const std::string& device : held.devices)
    out += "ConditionPathExists=" + condition_path(device) + "\n";
  return out + "ConditionPathExists=" + std::string(run_directory) + marker_of(held.unit) + "\n";
}

std::string head() {
  return "# Written by latchkey-generator from /etc/latchkey/services, anew at each\n"
         "# daemon-reload. What waits, and for what: latchkey status\n"
         "[Unit]\n"
         "Documentation=man:latchkey(8)\n";
}

bool is_mount(const std::string& unit) { return unit.ends_with(".mount"); }

// A held mount, with what it is ordered after: of a daemon that serves what is mounted.
struct HeldMount {
  std::string unit;
  std::optional<FstabLine> line;
};

std::vector<HeldMount> held_mounts(std::span<const HeldUnit> units, std::string_view fstab) {
  std::vector<HeldMount> out;
  for (const HeldUnit& held : units)
    if (is_mount(held.unit)) out.push_back({held.unit, {}});
  if (out.empty()) return out;
  for (const std::string_view text : split_lines(fstab))
    if (const auto line = parse_fstab_line(text))
      for (HeldMount& mount : out)
        if (mount_unit(line->place) == mount.unit) mount.line = line;
  return out;
}

std::string unit_text(const HeldUnit& held, std::span<const HeldMount> mounts) {
  std::string out = head() + "After=" + std::string(release_unit) + "\n";
  // A unit without default dependencies is not stopped at shutdown, and what is ordered
  // behind a mount stops before it, but only when it is stopped at all: its volume would
  // be unmounted under it. Not RequiresMountsFor=: where fstab has a line for the place it
  // starts that mount before any condition is looked at, and a boot without the volume
  // would wait for its device.
  out += "Conflicts=umount.target\nBefore=umount.target\n";
  for (const std::string& path : held.mount_points)
    if (const std::string mount = mount_unit(path); !mount.empty()) out += "After=" + mount + "\n";
  // What fstab mounts out of a volume is there before the services that may use it, and
  // goes after them.
  if (!is_mount(held.unit))
    for (const HeldMount& mount : mounts)
      if (!mount.line || !mount.line->after(held.unit)) out += "After=" + mount.unit + "\n";
  return out + conditions(held);
}

bool is_comment(const std::vector<Field>& fields) {
  return fields.empty() || fields[0].text.starts_with('#');
}

MeantLine line_of(const std::string& unit) {
  return
      [unit](const std::vector<Field>& fields) { return full_unit_name(fields[0].text) == unit; };
}

std::map<std::string, std::vector<std::string>> read_triggers(std::string_view text) {
  std::map<std::string, std::vector<std::string>> out;
  for (const std::string_view line : split_lines(text)) {
    const std::vector<Field> fields = split_fields(line);
    if (is_comment(fields)) continue;
    std::vector<std::string>& names = out[full_unit_name(fields[0].text)];
    for (std::size_t i = 1; i < fields.size(); ++i)
      if (valid_unit_name(fields[i].text)) names.push_back(fields[i].text);
  }
  return out;
}

void need(HeldUnit& held, const Volume& volume) {
  if (volume.mount_point.empty())
    held.devices.push_back(mapping_path(volume));
  else
    held.mount_points.push_back(volume.mount_point);
}

}  // namespace

std::vector<DropIn> patience(std::span<const Volume> open) {
  std::vector<DropIn> out{{"lvm2-monitor.service",
                           "# Written by latchkey-generator: a disk that hangs must not keep sshd "
                           "from its start.\n[Unit]\nJobRunningTimeoutSec=90s\n"}};
  for (const Volume& volume : open)
    if (const std::string unit = path_unit(mapping_path(volume), ".device");
        mounted_by_system(volume) && !unit.empty())
      out.push_back({unit,
                     "# Written by latchkey-generator: early boot has opened this device.\n"
                     "[Unit]\nJobRunningTimeoutSec=300s\n"});
  return out;
}

std::string marker_of(const std::string& unit) { return "released/" + unit; }

Holds read_holds(std::string_view services, std::string_view triggers,
                 const std::vector<Volume>& volumes) {
  Holds out;
  const auto started_by = read_triggers(triggers);
  std::size_t number = 0;
  for (const std::string_view line : split_lines(services)) {
    ++number;
    const std::vector<Field> fields = split_fields(line);
    if (is_comment(fields)) continue;
    const auto problem = [&](const std::string& text, const Field& field) {
      out.problems.push_back(position("/etc/latchkey/services", number, field.column) + ": " +
                             text + " '" + printable(field.text) + "'");
    };
    HeldUnit held{.unit = full_unit_name(fields[0].text)};
    if (!valid_unit_name(held.unit)) {
      problem("nothing is held for", fields[0]);
      continue;
    }
    if (is_way_in(held.unit)) {
      problem("never held, nobody would get in:", fields[0]);
      continue;
    }
    for (std::size_t i = 1; i < fields.size(); ++i) {
      const auto volume = std::ranges::find(volumes, fields[i].text, &Volume::name);
      if (volume == volumes.end())
        problem("held by its marker alone, unknown volume", fields[i]);
      else
        need(held, *volume);
    }
    if (fields.size() == 1)
      for (const Volume& volume : volumes)
        if (!volume.mount_point.empty()) need(held, volume);
    if (const auto found = started_by.find(held.unit); found != started_by.end())
      held.triggers = found->second;
    out.units.push_back(std::move(held));
  }
  return out;
}

std::vector<std::string> named_units(std::string_view services) {
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(services)) {
    const std::vector<Field> fields = split_fields(line);
    if (!is_comment(fields)) out.push_back(full_unit_name(fields[0].text));
  }
  return out;
}

std::vector<DropIn> drop_ins(std::span<const HeldUnit> units, std::string_view fstab) {
  const std::vector<HeldMount> mounts = held_mounts(units, fstab);
  std::vector<DropIn> out;
  const auto text_of = [&](const std::string& unit) -> std::string& {
    const auto found = std::ranges::find(out, unit, &DropIn::unit);
    return found == out.end() ? out.emplace_back(DropIn{unit, std::string()}).text : found->text;
  };
  for (const HeldUnit& held : units) {
    std::string& text = text_of(held.unit);
    if (text.empty()) text = unit_text(held, mounts);
  }
  for (const HeldUnit& held : units)
    for (const std::string& trigger : held.triggers) {
      std::string& text = text_of(trigger);
      if (text.empty()) text = head();
      // No After= here: sockets come before basic.target, and the release unit
      // need not; a cycle would make systemd drop one of them.
      text += conditions(held);
    }
  return out;
}

std::vector<std::string> recorded_triggers(std::span<const HeldUnit> units,
                                           const std::vector<std::string>& released) {
  std::vector<std::string> out;
  for (const HeldUnit& held : units)
    if (std::ranges::find(released, held.unit) != released.end()) add_once(out, held.triggers);
  return out;
}

bool still_held(std::span<const std::string> files, const std::string& unit) {
  const std::string marker = std::string(run_directory) + marker_of(unit);
  bool held = false;
  for (const std::string& file : files)
    for (const std::string_view raw : split_lines(file)) {
      const std::string_view line = trim(raw);
      const std::size_t equals = line.find('=');
      if (!line.starts_with("Condition") || equals == std::string_view::npos) continue;
      const std::string_view key = trim(line.substr(0, equals));
      const std::string_view value = trim(line.substr(equals + 1));
      if (value.empty())
        held = false;
      else if (key == "ConditionPathExists" && value == marker)
        held = true;
    }
  return held;
}

std::string with_line(std::string_view text, const std::string& unit,
                      std::span<const std::string> words) {
  std::string wanted = unit;
  for (const std::string& word : words) wanted += " " + word;
  return replace_line(text, line_of(unit), wanted + "\n");
}

std::string without_line(std::string_view text, const std::string& unit) {
  return remove_line(text, line_of(unit));
}

bool is_left_to_owner(const UnitState& unit, std::span<const Service> services) {
  return unit.active == "inactive" && !unit.job && !is_wanted(unit) && unit.triggered_by.empty() &&
         std::ranges::any_of(unit.part_of, [&](const std::string& whole) {
           return std::ranges::find(services, whole, &Service::unit) != services.end();
         });
}

}  // namespace latchkey
