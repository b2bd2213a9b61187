// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/volume_lines.hpp"

#include <array>
#include <optional>
#include <vector>

#include "core/base/line_edit.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Room for the columns, so that lines of common lengths stand one below the other.
constexpr std::array<std::size_t, 4> widths{10, 28, 18, 5};

std::string row(const std::array<std::string, 5>& fields) {
  std::string out;
  for (std::size_t i = 0; i < fields.size() && !fields.at(i).empty(); ++i) {
    if (i > 0) {
      const std::size_t width = fields.at(i - 1).size();
      if (width < widths.at(i - 1)) out.append(widths.at(i - 1) - width, ' ');
      out += "  ";
    }
    out += fields.at(i);
  }
  return out + "\n";
}

// Whatever ends a field or begins an escape, written as fstab(5) wants it.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f && c != '\\') {
      out += c;
      continue;
    }
    out += '\\';
    for (const unsigned shift : {6U, 3U, 0U})
      out += static_cast<char>('0' + ((byte >> shift) & 7U));
  }
  return out;
}

// parse_device_ref takes one pair of quotes off, so a label in quotes needs two.
std::string device_text(const DeviceRef& device) {
  const std::string& value = device.value;
  const bool quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
  std::string text = device.text();
  if (!quoted || device.kind == DeviceRef::Kind::path) return text;
  return text.substr(0, text.size() - value.size()) + '"' + value + '"';
}

std::string options_of(const Volume& volume) {
  std::vector<std::string> out;
  if (!volume.mount_options.empty()) out.push_back(volume.mount_options);
  const std::string key =
      (volume.device.vg.empty() ? "" : volume.device.vg + "-") + volume.name + ".key";
  const auto add = [&](const char* name, const std::string& value, const std::string& usual) {
    if (!value.empty() && value != usual)
      out.push_back("x-latchkey." + std::string(name) + "=" + value);
  };
  add("mapping", volume.mapping, "cleartext-" + volume.name);
  add("key", volume.key_file, key);
  add("uuid", volume.uuid, "");
  add("cipher", volume.cipher, "");
  add("header", volume.header, "");
  if (volume.discard) out.emplace_back("x-latchkey.discard");
  if (!volume.fsck) out.emplace_back("x-latchkey.nofsck");
  if (volume.boot) out.emplace_back("x-latchkey.boot");
  return join(out, ",");
}

// Options that would make the line another volume's than the one that the command makes: its
// key would lie in one file, and boots would look for another.
std::optional<Error> against_command(const Volume& asked) {
  struct Own {
    std::string head;
    const std::string& value;
    const char* noun;
  };
  const std::array<Own, 5> all{Own{"x-latchkey.mapping=", asked.mapping, "mapping"},
                               Own{"x-latchkey.key=", asked.key_file, "key file"},
                               Own{"x-latchkey.uuid=", asked.uuid, "UUID"},
                               Own{"x-latchkey.cipher=", asked.cipher, "cipher"},
                               Own{"x-latchkey.header=", asked.header, "header"}};
  for (const std::string& option : split(asked.mount_options, ','))
    for (const Own& own : all)
      if (option.starts_with(own.head) && option.substr(own.head.size()) != own.value)
        return Error{Code::usage,
                     "will not take '" + printable(option) + "' for '" + asked.name + "'",
                     own.value.empty() ? "the options cannot say its " + std::string(own.noun)
                                       : "its " + std::string(own.noun) + " is '" + own.value + "'",
                     &own.value == &asked.header
                         ? "leave it out of --options; only latchkey adopt takes a header from "
                           "elsewhere, by --header"
                         : "leave it out of --options"};
  return {};
}

MeantLine line_of(std::string_view name) {
  return [name = std::string(name)](const std::vector<Field>& fields) {
    return fields[0].text == name;
  };
}

}  // namespace

std::string volumes_head() {
  return "# The encrypted volumes, one a line. See latchkey.conf(5).\n"
         "# options: mount's own, and x-latchkey.…; blanks within a field are written \\040.\n"
         "#\n" +
         row({"# name", "device", "mount-point", "type", "options"});
}

std::string volume_line(const Volume& volume) {
  return row({escaped(volume.name), escaped(device_text(volume.device)),
              volume.mount_point.empty() ? "none" : escaped(volume.mount_point),
              escaped(volume.fs_type), escaped(options_of(volume))});
}

Result<Volume> as_read(const Volume& asked) {
  if (const auto against = against_command(asked)) return *against;
  const auto parsed = parse_volumes(volume_line(asked), "volumes");
  const auto kept = [&](const auto& field) { return parsed->front().*field == asked.*field; };
  if (parsed && parsed->size() == 1 && kept(&Volume::name) && kept(&Volume::mapping) &&
      kept(&Volume::key_file) && kept(&Volume::uuid) && kept(&Volume::cipher) &&
      kept(&Volume::header)) {
    Volume read = parsed->front();
    read.line = asked.line;
    return read;
  }
  return Error{
      Code::usage, "cannot write a line for '" + asked.name + "'",
      parsed ? "its fields hold what they must not"
             : parsed.error().what + (parsed.error().why.empty() ? "" : ": " + parsed.error().why),
      parsed || parsed.error().hint.empty()
          ? "correct the mount point, the type or --options; see latchkey.conf(5), volumes"
          : parsed.error().hint};
}

std::string with_volume_line(std::string_view text, const Volume& volume) {
  if (text.empty()) return volumes_head() + volume_line(volume);
  return replace_line(text, line_of(volume.name), volume_line(volume));
}

std::string without_volume_line(std::string_view text, std::string_view name) {
  return remove_line(text, line_of(name));
}

}  // namespace latchkey
