// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/fstab.hpp"

#include <algorithm>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "core/mount/mount_units.hpp"
#include "core/units/unit_name.hpp"

namespace latchkey {
namespace {

constexpr std::string_view mapper = "/dev/mapper/";
constexpr std::string_view by_uuid = "/dev/disk/by-uuid/";

// A path under the one name by which it is compared: that of device-mapper for an
// LV, small letters for a UUID.
std::string plain(std::string path) {
  if (path.starts_with(by_uuid)) {
    for (char& c : path)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return path;
  }
  if (path.starts_with(mapper)) {
    const auto lv = lv_of_dm_name(std::string_view(path).substr(mapper.size()));
    return lv ? "/dev/" + lv->text() : path;
  }
  return path;
}

// The path of what a table's field names; empty when that is no device.
std::string device_path(const std::string& spec) {
  // /dev/VG/LV is taken as the path that it is; other words are no devices.
  if (!spec.starts_with('/') && spec.find('=') == std::string::npos) return {};
  const auto device = parse_device_ref(spec);
  return device ? device->path() : std::string();
}

class Table {
 public:
  Table(std::span<const Claim> claims, const Resolve& resolve)
      : claims_(claims), resolve_(resolve) {}

  // The claim on a path for which `paths_of` gives what is claimed.
  template <class PathsOf>
  const Claim* owner(const std::string& path, const PathsOf& paths_of) const {
    if (path.empty()) return nullptr;
    const std::vector<std::string> wanted{plain(path), plain(resolve_(path))};
    for (const Claim& one : claims_)
      for (const std::string& mine : paths_of(one))
        for (const std::string& same : {plain(mine), plain(resolve_(mine))})
          if (std::ranges::find(wanted, same) != wanted.end()) return &one;
    return nullptr;
  }
  [[nodiscard]] const Claim* owner_of_source(const std::string& path) const {
    return owner(path, [](const Claim& one) { return one.devices; });
  }
  [[nodiscard]] const Claim* owner_of_mapping(const std::string& path) const {
    return owner(path, [](const Claim& one) {
      return std::vector<std::string>{std::string(mapper) + one.mapping};
    });
  }
  [[nodiscard]] const Claim* carrier_of(const std::string& path) const {
    return owner(path, [](const Claim& one) { return one.above; });
  }
  template <class Has>
  const Claim* with(const Has& has) const {
    const auto found = std::ranges::find_if(claims_, has);
    return found == claims_.end() ? nullptr : &*found;
  }

 private:
  std::span<const Claim> claims_;
  const Resolve& resolve_;
};

bool has_option(const std::vector<Field>& fields, std::string_view option) {
  if (fields.size() < 4) return false;
  const auto options = split(fields[3].text, ',');
  return std::ranges::find(options, option) != options.end();
}

// crypttab(5): somebody is asked where the key is no file, or one that is not there.
bool boot_waits(const std::vector<Field>& fields, const Claim& one, const IsThere& is_there) {
  // Without these two nothing of the system gets to read this table.
  if (one.by_system && one.mount_point != "/var") return false;
  if (has_option(fields, "nofail")) return false;
  return fields.size() < 3 || !fields[2].text.starts_with('/') || !is_there(fields[2].text);
}

std::string number_of(std::size_t number, const std::string& file) {
  return "line " + std::to_string(number) + " of '" + file + "'";
}

// The mount is still in time for all services, and its absence stops nothing.
constexpr const char* may_fail =
    "nofail,x-systemd.before=local-fs.target,x-systemd.device-timeout=5s";

constexpr const char* reload = "; then: systemctl daemon-reload";
constexpr const char* no_door = "the boot would end in emergency mode, without sshd";

// What a line does at boot, as a message begins.
std::string deed(const FstabLine& line, const Field& field) {
  return line.swap() ? " uses the swap area '" + printable(line.source.text) + "' at boot"
                     : " mounts '" + printable(field.text) + "' at boot";
}

// Where it stands, and how its owner changes it.
struct Origin {
  std::string where{};   ///< as a message begins
  std::string remove{};  ///< a hint
  bool unit = false;     ///< a unit's file, not a line of fstab

  [[nodiscard]] std::string add(std::vector<std::string> options) const {
    if (!unit) return "add " + join(options, ",") + " to its options";
    for (std::string& option : options)
      option = option == "nofail" ? "Options=nofail" : "After=" + std::string(release_unit);
    return "add " + join(options, " and ") + " to it";
  }
};

class FstabJudge {
 public:
  FstabJudge(std::span<const Claim> claims, const Resolve& resolve,
             std::span<const std::string> held)
      : claims_(claims), resolve_(resolve), held_(held), table_(claims, resolve) {}

  [[nodiscard]] std::optional<Finding> judge(const FstabLine& line, const Origin& where) const {
    const auto mine = std::ranges::find_if(claims_, [&](const Claim& one) {
      return !one.mount_point.empty() && one.mount_point == line.place;
    });
    const std::string device = device_path(line.source.text);
    if (!line.at_boot()) {
      if (line.swap() || line.may_fail() || line.place == "/") return {};
      const Claim* one = mine != claims_.end() ? &*mine : table_.owner_of_mapping(device);
      return one == nullptr || one->by_system ? std::nullopt : of_asked(line, where);
    }
    if (mine != claims_.end()) return of_place(line, where, *mine);
    if (line.place == "/") return {};
    if (const Claim* one = table_.owner_of_mapping(device))
      return of_mapping(line, where, *one, "it is ");
    if (const Claim* one = table_.carrier_of(device))
      return of_mapping(line, where, *one, "it lies on ");
    if (const Claim* one = table_.owner_of_source(device))
      return graded(
          line, {Code::busy, where.where + deed(line, line.source),
                 "it is the encrypted device of " + one->name, where.remove + reload_after(where)});
    return of_need(line, where);
  }

 private:
  // What is disabled counts at once.
  static std::string reload_after(const Origin& where) { return where.unit ? "" : reload; }

  static Finding graded(const FstabLine& line, Error text) {
    if (line.may_fail()) return doubtful(std::move(text));
    if (!line.swap() && !line.automount()) text.why += std::string(": ") + no_door;
    return bad(std::move(text));
  }

  static std::optional<Finding> of_place(const FstabLine& line, const Origin& where,
                                         const Claim& one) {
    if (!one.by_system)
      return graded(line, {Code::busy, where.where + deed(line, line.target),
                           "it is the mount point of " + one.name + ", which Latchkey mounts",
                           where.remove + reload_after(where)});
    if (where.unit || one.mount_point != "/var" || line.may_fail()) return {};
    return bad({Code::busy, where.where + deed(line, line.target),
                "booted on without it, the machine would wait and give up",
                std::string("add ") + may_fail + " to its options"});
  }

  // A service of the distribution may well ask for the place, as PostgreSQL's does.
  static std::optional<Finding> of_asked(const FstabLine& line, const Origin& where) {
    return doubtful(
        {Code::busy,
         where.where + " mounts '" + printable(line.target.text) + "' for units that ask for it",
         "with RequiresMountsFor= or StateDirectory=, one of them makes a boot without "
         "the volume wait for its device, sshd included",
         where.remove + ", or " + where.add({"nofail"}) + reload});
  }

  [[nodiscard]] std::optional<Finding> of_mapping(const FstabLine& line, const Origin& where,
                                                  const Claim& one, const char* how) const {
    // The mount of another part of it, such as a second subvolume.
    const bool part = !one.only_opened && !line.swap() && !one.mount_point.empty();
    const std::string release(release_unit);
    if (line.may_fail() && (one.only_opened || (part && line.after(release))))
      return of_company(line, where, one);
    std::string hint = where.remove + reload_after(where);
    if (one.only_opened)
      hint = where.add({"nofail"}) + reload;
    else if (part && !one.by_system && line.type == "btrfs")
      hint += "; or, for another part of it than the one that Latchkey mounts, " +
              where.add({"nofail", "x-systemd.after=" + release}) + reload;
    return graded(
        line, {Code::busy, where.where + deed(line, line.source),
               how + one.name + ", which Latchkey opens: until then the boot waits for it", hint});
  }

  // The volume that a path lies on: of several the one mounted deepest. On `/` and
  // `/usr` everything lies, and without them nothing boots.
  [[nodiscard]] const Claim* below(const std::string& path) const {
    const Claim* best = nullptr;
    for (const Claim& one : claims_) {
      if (one.mount_point.empty() || one.mount_point == "/" || one.mount_point == "/usr") continue;
      if (!lies_on(path, one.mount_point) && !lies_on(resolve_(path), one.mount_point) &&
          !pattern_leads_to(path, one.mount_point))
        continue;
      if (best == nullptr || one.mount_point.size() > best->mount_point.size()) best = &one;
    }
    return best;
  }

  [[nodiscard]] std::optional<Finding> of_need(const FstabLine& line, const Origin& where) const {
    if (const Claim* one = line.swap() ? nullptr : below(line.place))
      return too_early(line, where, *one, line.target.text, true);
    for (const std::string& path : line.contents())
      if (const Claim* one = below(path)) return too_early(line, where, *one, path, false);
    return {};
  }

  // systemd itself orders what lies on a volume that it mounts. All else has to wait for
  // the release, and nothing may wait for it: local-fs.target comes before the release.
  [[nodiscard]] std::optional<Finding> too_early(const FstabLine& line, const Origin& where,
                                                 const Claim& one, const std::string& path,
                                                 bool is_place) const {
    Error text{Code::busy, where.where + deed(line, line.target),
               "'" + printable(path) + "' is on " + one.name + ", which is mounted later", ""};
    const bool waits = one.by_system || line.after(release_unit);
    const bool harmless = line.may_fail() && (waits || (line.automount() && !is_place));
    if (line.swap()) {
      text.hint = (where.unit ? where.remove : "add noauto to its options") + ", and " +
                  by_hooks() + " call swapon";
      return graded(line, std::move(text));
    }
    if (harmless && !(line.automount() && is_place && !one.by_system))
      return of_company(line, where, one);
    std::vector<std::string> missing;
    // A unit that nothing requires is only as good as nofail until it waits for the release.
    if (!line.has("nofail") || (where.unit && !waits)) missing.emplace_back("nofail");
    if (!waits) missing.push_back("x-systemd.after=" + std::string(release_unit));
    if (!missing.empty()) text.hint = where.add(missing);
    if (line.automount() && is_place && where.unit)
      text.hint += (missing.empty() ? "" : ", and ") + where.remove;
    else if (line.automount() && is_place)
      text.hint +=
          std::string(missing.empty() ? "take" : ", and take") + " x-systemd.automount out of them";
    text.hint += reload;
    if (const std::string command = hold_command(line, one); !command.empty())
      text.hint += ", and: " + command;
    return graded(line, std::move(text));
  }

  // What mounts a line that leans on a volume comes and goes with it when it is held.
  [[nodiscard]] std::string hold_command(const FstabLine& line, const Claim& one) const {
    const std::string unit = line.swap() ? "" : mount_unit(line.place);
    if (one.by_system || one.volume.empty() || unit.empty()) return {};
    if (std::ranges::find(held_, unit) != held_.end()) return {};
    return "latchkey hold " + shell_word(unit) + " --needs " + one.volume;
  }

  [[nodiscard]] std::optional<Finding> of_company(const FstabLine& line, const Origin& where,
                                                  const Claim& one) const {
    const std::string command = hold_command(line, one);
    if (command.empty()) return {};
    return doubtful({Code::partial, where.where + deed(line, line.target),
                     "nothing unmounts it before a lock closes " + one.name +
                         ", and nothing mounts it after a late unlock",
                     "run: " + command});
  }

  std::span<const Claim> claims_;
  const Resolve& resolve_;
  std::span<const std::string> held_;
  Table table_;
};

}  // namespace

Claim claim(const std::string& name, const DeviceRef& device, const std::string& mapping,
            const std::string& uuid, const std::string& mount_point) {
  Claim out{name, mapping, mount_point, {device.path()}};
  if (!uuid.empty()) out.devices.push_back(std::string(by_uuid) + uuid);
  return out;
}

Claim claim(const Volume& volume) {
  Claim out = claim("the volume '" + volume.name + "'", volume.device, volume.mapping, volume.uuid,
                    volume.mount_point);
  out.only_opened = volume.mount_point.empty();
  out.volume = volume.name;
  out.by_system = mounted_by_system(volume);
  return out;
}

Findings fstab_conflicts(std::string_view text, const std::string& file,
                         std::span<const Claim> claims, const Resolve& resolve,
                         std::span<const std::string> held) {
  const FstabJudge judge(claims, resolve, held);
  Findings out;
  std::size_t number = 0;
  for (const std::string_view raw : split_lines(text)) {
    ++number;
    const auto line = parse_fstab_line(raw);
    if (!line) continue;
    if (auto found = judge.judge(*line, {number_of(number, file), "delete that line"}))
      out.push_back(std::move(*found));
  }
  return out;
}

Findings mount_unit_conflicts(std::span<const HandMount> units, std::span<const Claim> claims,
                              const Resolve& resolve, std::span<const std::string> held) {
  const FstabJudge judge(claims, resolve, held);
  Findings out;
  for (const HandMount& one : units) {
    const std::string file = printable(one.file);
    const std::string remove = one.enabled
                                   ? "run: systemctl disable " + shell_word(printable(one.unit))
                                   : "remove '" + file + "'";
    if (auto found = judge.judge(one.line, {"'" + file + "'", remove, true}))
      out.push_back(std::move(*found));
  }
  return out;
}

Findings fstab_lacks(std::string_view text, const std::string& file,
                     std::span<const Claim> claims) {
  Findings out;
  for (const Claim& one : claims) {
    if (!one.by_system || one.mount_point.empty() || one.mount_point == "/") continue;
    const bool there = std::ranges::any_of(split_lines(text), [&](std::string_view line) {
      const auto read = parse_fstab_line(line);
      return read && read->place == one.mount_point;
    });
    if (there) continue;
    const std::string options = one.mount_point == "/var" ? may_fail : "defaults";
    out.push_back(bad({Code::config, "'" + file + "' has no line for '" + one.mount_point + "'",
                       "only the system itself can mount " + one.name + " early enough",
                       "add: " + std::string(mapper) + one.mapping + " " + one.mount_point +
                           " auto " + options + " 0 2"}));
  }
  return out;
}

Findings crypttab_conflicts(std::string_view text, const std::string& file,
                            std::span<const Claim> claims, const Resolve& resolve,
                            const IsThere& is_there) {
  const Table table(claims, resolve);
  Findings out;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() < 2 || fields[0].text.starts_with('#') || has_option(fields, "noauto"))
      continue;
    const auto found = [&](const Claim& one, std::string why) {
      const bool waits = boot_waits(fields, one, is_there);
      if (waits) why += ": a boot without the unlock would ask for its passphrase before sshd";
      Error conflict{Code::busy,
                     number_of(number, file) + " opens '" + printable(fields[0].text) + "' at boot",
                     std::move(why),
                     std::string("delete that line") +
                         (waits ? ", or add nofail to its options" : "") +
                         "; then: update-initramfs -u -k all"};
      out.push_back((waits ? bad : doubtful)(std::move(conflict)));
    };
    if (const Claim* one = table.with([&](const Claim& c) { return c.mapping == fields[0].text; }))
      found(*one, "it is the mapping of " + one->name + ", which Latchkey opens");
    else if (const Claim* owner = table.owner_of_source(device_path(fields[1].text)))
      found(*owner, "its device '" + printable(fields[1].text) + "' is that of " + owner->name +
                        ", which Latchkey opens");
  }
  return out;
}

}  // namespace latchkey
