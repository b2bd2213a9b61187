// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fstab.hpp"

#include <algorithm>
#include <optional>

#include "core/text.hpp"

namespace latchkey {
namespace {

constexpr std::string_view mapper = "/dev/mapper/";
constexpr std::string_view by_uuid = "/dev/disk/by-uuid/";

// `system/encrypted-www` out of `system-encrypted--www`: a single hyphen ends the group.
std::string lv_path(std::string_view dm_name) {
  std::string out = "/dev/";
  bool group = true;
  for (std::size_t i = 0; i < dm_name.size(); ++i) {
    const bool twice = dm_name[i] == '-' && dm_name.substr(i + 1).starts_with('-');
    if (dm_name[i] == '-' && !twice) {
      if (!group) return {};
      group = false;
      out += '/';
      continue;
    }
    out += dm_name[i];
    if (twice) ++i;
  }
  return group ? std::string() : out;
}

// A path under the one name by which it is compared: that of device-mapper for an
// LV, small letters for a UUID.
std::string plain(std::string path) {
  if (path.starts_with(by_uuid)) {
    for (char& c : path)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return path;
  }
  if (path.starts_with(mapper)) {
    const std::string lv = lv_path(std::string_view(path).substr(mapper.size()));
    return lv.empty() ? path : lv;
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
  template <class Has>
  const Claim* with(const Has& has) const {
    const auto found = std::ranges::find_if(claims_, has);
    return found == claims_.end() ? nullptr : &*found;
  }

 private:
  std::span<const Claim> claims_;
  const Resolve& resolve_;
};

bool has_option(const std::vector<Field>& fields, const std::string& option) {
  if (fields.size() < 4) return false;
  const auto options = split(fields[3].text, ',');
  return std::ranges::find(options, option) != options.end();
}

// Calls `judge` with the fields of each line that takes effect at boot.
template <class Judge>
Findings each_line(std::string_view text, std::size_t least, const Judge& judge) {
  Findings out;
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() < least || fields[0].text.starts_with('#') || has_option(fields, "noauto"))
      continue;
    if (auto found = judge(fields, number)) out.push_back(doubtful(std::move(*found)));
  }
  return out;
}

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// The mount is still in time for all services, and its absence stops nothing.
constexpr const char* may_fail =
    "nofail,x-systemd.before=local-fs.target,x-systemd.device-timeout=5s";

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
  out.by_system = mounted_by_system(volume);
  return out;
}

Findings fstab_conflicts(std::string_view text, const std::string& file,
                         std::span<const Claim> claims, const Resolve& resolve) {
  const Table table(claims, resolve);
  return each_line(
      text, 2, [&](const std::vector<Field>& fields, std::size_t number) -> std::optional<Error> {
        const std::string line = "line " + std::to_string(number) + " of '" + file + "'";
        const std::string source = device_path(fields[0].text);
        const std::string target = without_slashes(fields[1].text);
        const std::string hint =
            "delete that line, or add noauto to its options; then: systemctl daemon-reload";
        const auto found = [&](const Field& field, const std::string& why) {
          return Error{Code::busy, line + " mounts '" + printable(field.text) + "' at boot", why,
                       hint};
        };
        if (const Claim* one = table.with(
                [&](const Claim& c) { return !c.mount_point.empty() && c.mount_point == target; })) {
          if (!one->by_system)
            return found(fields[1],
                         "it is the mount point of " + one->name + ", which Latchkey mounts");
          if (target != "/var" || has_option(fields, "nofail")) return {};
          Error error = found(fields[1], "booted on without it, the machine would wait and give up");
          error.hint = std::string("add ") + may_fail + " to its options";
          return error;
        }
        if (target == "/") return {};
        if (const Claim* one = table.owner_of_mapping(source)) {
          if (one->only_opened && has_option(fields, "nofail")) return {};
          Error error =
              found(fields[0], "it is " + one->name +
                                   ", which Latchkey opens: until then the boot waits for it");
          if (one->only_opened)
            error.hint = "add nofail to its options; then: systemctl daemon-reload";
          return error;
        }
        if (const Claim* one = table.owner_of_source(source))
          return found(fields[0], "it is the encrypted device of " + one->name);
        return {};
      });
}

Findings fstab_lacks(std::string_view text, const std::string& file,
                     std::span<const Claim> claims) {
  Findings out;
  for (const Claim& one : claims) {
    if (!one.by_system || one.mount_point == "/") continue;
    const bool there = std::ranges::any_of(split_lines(text), [&](std::string_view line) {
      const std::vector<Field> fields = split_fields(line);
      return fields.size() > 1 && !fields[0].text.starts_with('#') &&
             without_slashes(fields[1].text) == one.mount_point;
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
                            std::span<const Claim> claims, const Resolve& resolve) {
  const Table table(claims, resolve);
  return each_line(
      text, 2, [&](const std::vector<Field>& fields, std::size_t number) -> std::optional<Error> {
        const std::string line = "line " + std::to_string(number) + " of '" + file + "'";
        const std::string what = line + " opens '" + printable(fields[0].text) + "' at boot";
        const std::string hint = "delete that line; then: update-initramfs -u -k all";
        if (const Claim* one =
                table.with([&](const Claim& c) { return c.mapping == fields[0].text; }))
          return Error{Code::busy, what,
                       "it is the mapping of " + one->name + ", which Latchkey opens", hint};
        if (const Claim* one = table.owner_of_source(device_path(fields[1].text)))
          return Error{Code::busy, what,
                       "its device '" + printable(fields[1].text) + "' is that of " + one->name +
                           ", which Latchkey opens",
                       hint};
        return {};
      });
}

}  // namespace latchkey
