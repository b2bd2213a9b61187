// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/volume.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/units/way_in.hpp"

namespace latchkey {
namespace {

constexpr std::string_view option_head = "x-latchkey.";
const std::array<std::string, 8> option_names{"mapping", "key",     "uuid",   "cipher",
                                              "header",  "discard", "nofsck", "boot"};

// What a message about one field of one line needs.
struct Place {
  std::string_view file;
  std::size_t line;

  [[nodiscard]] Error bad(const Field& field, const std::string& what, std::string hint) const {
    return Error{
        Code::config,
        position(file, line, field.column) + ": " + what + " '" + printable(field.text) + "'", "",
        std::move(hint)};
  }
};

bool valid_key_file(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name.front() != '.' && name.front() != '-' &&
         name.find('/') == std::string_view::npos && printable(name, 255) == name;
}

bool plain_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() < 2 || path.size() > 4000) return false;
  if (printable(path, 4096) != path) return false;
  return std::ranges::none_of(split(path.substr(1), '/'), [](const std::string& part) {
    return part.empty() || part == "." || part == "..";
  });
}

std::optional<Error> take_option(const std::string& option, const Field& field, const Place& place,
                                 Volume& volume) {
  const std::string rest = option.substr(option_head.size());
  const std::size_t equals = rest.find('=');
  const std::string name = rest.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : rest.substr(equals + 1);
  const Field at{option, field.column};
  const bool wants_value = name != "discard" && name != "nofsck" && name != "boot";
  if (std::ranges::find(option_names, name) == option_names.end()) {
    const auto near = nearest(name, option_names);
    return place.bad(at, "unknown option",
                     near ? "did you mean '" + std::string(option_head) + *near + "'?"
                          : "see latchkey.conf(5) for the options");
  }
  if (wants_value != (equals != std::string::npos))
    return place.bad(at, wants_value ? "option without its value" : "option takes no value in",
                     "see latchkey.conf(5) for the options");
  if (name == "mapping") {
    if (!valid_mapping_name(value))
      return place.bad(at, "not a device-mapper name in", "use letters, digits and + _ . -");
    volume.mapping = value;
  } else if (name == "key") {
    if (!valid_key_file(value))
      return place.bad(at, "not a plain file name in",
                       "key files lie in the root of the keys volume");
    volume.key_file = value;
  } else if (name == "uuid") {
    volume.uuid = value;
  } else if (name == "cipher") {
    if (value.empty())
      return place.bad(at, "no cipher in", "write it as the header does: aes-xts-plain64");
    volume.cipher = value;
  } else if (name == "header") {
    if (!valid_header_path(value))
      return place.bad(at, "not the path of a header in",
                       "write the absolute path of a device or file, without . or ..");
    volume.header = value;
  } else if (name == "discard") {
    volume.discard = true;
  } else if (name == "boot") {
    volume.boot = true;
  } else {
    volume.fsck = false;
  }
  return {};
}

std::optional<Error> take_options(const Field& field, const Place& place, Volume& volume) {
  std::vector<std::string> rest;
  for (const std::string& option : split(field.text, ',')) {
    if (option.empty() || printable(option, 4096) != option)
      return place.bad(field, "bad option list", "separate the options by single commas");
    if (!option.starts_with(option_head)) {
      if (option != "defaults") rest.push_back(option);
    } else if (auto error = take_option(option, field, place, volume)) {
      return error;
    }
  }
  volume.mount_options = join(rest, ",");
  return {};
}

bool boot_mounts(std::string_view mount_point) {
  return mount_point == "/" || mount_point == "/usr";
}

bool valid_fs_type(std::string_view type) {
  return !type.empty() && type.size() < 32 && std::ranges::all_of(type, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  }) && type.front() != '-';
}

Result<Volume> parse_line(const std::vector<Field>& fields, const Place& place) {
  if (fields.size() < 4 || fields.size() > 5)
    return Error{Code::config,
                 position(place.file, place.line, fields[0].column) + ": " +
                     std::to_string(fields.size()) + " fields where 4 or 5 are expected",
                 "", "write: name  device  mount-point  type  options"};
  Volume volume;
  volume.line = place.line;
  volume.name = fields[0].text;
  if (!valid_lvm_name(volume.name) || volume.name.front() == '.')
    return place.bad(fields[0], "not a volume's name", "use letters, digits and + _ . -");
  auto device = parse_device_ref(fields[1].text);
  if (!device)
    return Error{Code::config,
                 position(place.file, place.line, fields[1].column) + ": " + device.error().what,
                 device.error().why, device.error().hint};
  volume.device = *device;
  if (fields[2].text != "none") {
    volume.mount_point = fields[2].text;
    while (volume.mount_point.size() > 1 && volume.mount_point.ends_with('/'))
      volume.mount_point.pop_back();
    if (volume.mount_point != "/" && !plain_path(volume.mount_point))
      return place.bad(fields[2], "not a mount point",
                       "write an absolute path without . or .., or none");
  }
  volume.fs_type = fields[3].text;
  if (!valid_fs_type(volume.fs_type))
    return place.bad(fields[3], "not a file system type", "write ext4, xfs, btrfs, …, or auto");
  volume.mapping = "cleartext-" + volume.name;
  volume.key_file = (volume.device.vg.empty() ? "" : volume.device.vg + "-") + volume.name + ".key";
  if (fields.size() == 5)
    if (auto error = take_options(fields[4], place, volume)) return *error;
  if (volume.boot && !volume.mount_point.empty() && !boot_mounts(volume.mount_point))
    return place.bad(fields[4], "x-latchkey.boot beside a mount point in",
                     "it is for what / or /usr lies on; take it out");
  // A name that an LV may have can be too long behind "cleartext-".
  if (!valid_mapping_name(volume.mapping))
    return place.bad(fields[0], "too long a name",
                     "shorten it, or name its mapping: x-latchkey.mapping=NAME");
  return volume;
}

std::optional<Error> clash(const std::vector<Volume>& volumes, const Volume& volume,
                           const std::vector<Field>& fields, const Place& place) {
  const auto before = [&](std::size_t line) {
    return "line " + std::to_string(line) + " has it already";
  };
  for (const Volume& other : volumes) {
    if (other.name == volume.name) return place.bad(fields[0], "second volume", before(other.line));
    if (other.device == volume.device)
      return place.bad(fields[1], "second volume on device", before(other.line));
    if (other.mapping == volume.mapping)
      return place.bad({volume.mapping, fields[0].column}, "second volume with mapping",
                       before(other.line));
    if (!volume.mount_point.empty() && other.mount_point == volume.mount_point)
      return place.bad(fields[2], "second volume on mount point", before(other.line));
  }
  return {};
}

// Calls `take` with the fields of each line that is neither empty nor a comment.
template <class Take>
std::optional<Error> each_line(std::string_view text, std::string_view file, const Take& take) {
  std::size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    ++number;
    const std::vector<Field> fields = split_fields(line);
    if (fields.empty() || fields[0].text.starts_with('#')) continue;
    if (auto error = take(fields, Place{file, number})) return error;
  }
  return {};
}

}  // namespace

bool needed_by_boot(const Volume& volume) { return boot_mounts(volume.mount_point) || volume.boot; }

std::string needed_volume_text(const Volume& volume) {
  return volume.mount_point.empty() ? "the volume '" + volume.name + "' under the system"
                                    : "the volume of '" + volume.mount_point + "'";
}

bool mounted_by_system(const Volume& volume) {
  return needed_by_boot(volume) || volume.mount_point == "/var";
}

bool is_released(const Volume& volume) {
  return !volume.mount_point.empty() && !mounted_by_system(volume);
}

std::string option_cipher(const std::string& cipher) {
  if (printable(cipher, 100) != cipher) return {};
  return replace_all(cipher, ",", "+");
}

bool valid_header_path(std::string_view path) {
  return plain_path(path) && path.find(',') == std::string_view::npos;
}

Result<> add_volume(std::vector<Volume>& volumes, const std::vector<Field>& fields,
                    std::string_view file, std::size_t line) {
  const Place place{file, line};
  auto volume = parse_line(fields, place);
  if (!volume) return volume.error();
  if (auto twice = clash(volumes, *volume, fields, place)) return *twice;
  volumes.push_back(std::move(*volume));
  return Ok{};
}

Result<std::vector<Volume>> parse_volumes(std::string_view text, std::string_view file) {
  std::vector<Volume> volumes;
  const auto error =
      each_line(text, file,
                [&](const std::vector<Field>& fields, const Place& place) -> std::optional<Error> {
                  const auto added = add_volume(volumes, fields, file, place.line);
                  if (!added) return added.error();
                  return {};
                });
  if (error) return *error;
  return volumes;
}

Result<std::vector<Service>> parse_services(std::string_view text, std::string_view file,
                                            const std::vector<Volume>& volumes) {
  std::vector<std::string> names;
  for (const Volume& volume : volumes) names.push_back(volume.name);
  std::vector<Service> services;
  const auto error = each_line(
      text, file,
      [&](const std::vector<Field>& fields, const Place& place) -> std::optional<Error> {
        Service service{.unit = full_unit_name(fields[0].text), .line = place.line};
        if (!valid_unit_name(service.unit))
          return place.bad(fields[0], "not a unit's name", "write it as systemctl shows it");
        if (is_way_in(service.unit)) return {};
        for (const Service& other : services)
          if (other.unit == service.unit)
            return place.bad(fields[0], "second line for unit",
                             "line " + std::to_string(other.line) + " has it already");
        for (std::size_t i = 1; i < fields.size(); ++i) {
          if (std::ranges::find(names, fields[i].text) == names.end()) {
            const auto near = nearest(fields[i].text, names);
            return place.bad(
                fields[i], "unknown volume",
                near ? "did you mean '" + *near + "'?" : "add it to the volumes file first");
          }
          service.volumes.push_back(fields[i].text);
        }
        services.push_back(std::move(service));
        return {};
      });
  if (error) return *error;
  return services;
}

std::vector<const Volume*> needed_volumes(const Service& service,
                                          const std::vector<Volume>& volumes) {
  std::vector<const Volume*> needed;
  for (const Volume& volume : volumes) {
    const bool named = std::ranges::find(service.volumes, volume.name) != service.volumes.end();
    if (named || (service.volumes.empty() && !volume.mount_point.empty()))
      needed.push_back(&volume);
  }
  return needed;
}

const Volume* shares_key_file(const std::vector<Volume>& volumes, const Volume& volume) {
  const auto other = std::ranges::find_if(volumes, [&](const Volume& one) {
    return one.name != volume.name && one.key_file == volume.key_file;
  });
  return other == volumes.end() ? nullptr : &*other;
}

}  // namespace latchkey
