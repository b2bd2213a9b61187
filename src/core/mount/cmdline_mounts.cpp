// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/cmdline_mounts.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/systemd_words.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

// The value of a word with this name; systemd takes `_` for `-`.
std::optional<std::string> value_of(std::string_view word, std::string_view name) {
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return {};
  if (replace_all(std::string(word.substr(0, equals)), "_", "-") != name) return {};
  return std::string(word.substr(equals + 1));
}

std::string bare_uuid(std::string text) {
  text = lower(text);
  return text.starts_with("luks-") ? text.substr(5) : text;
}

struct OfUuid {
  std::string uuid{};
  std::string rest{};
};

// `UUID=REST`; all is the rest where no UUID stands before it.
OfUuid split_uuid(const std::string& value) {
  const std::size_t equals = value.find('=');
  const std::string first = value.substr(0, equals);
  const bool hex = first.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
  if (equals == std::string::npos || !hex) return {"", value};
  return {bare_uuid(first), value.substr(equals + 1)};
}

// What the words of this name give a UUID: those that name it come before those for all.
std::string given(std::string_view command_line, std::string_view name, const std::string& uuid) {
  std::string for_all;
  std::string for_it;
  for (const std::string& word : command_line_words(command_line)) {
    const auto value = value_of(word, name);
    if (!value) continue;
    const OfUuid parts = split_uuid(*value);
    if (parts.uuid.empty()) for_all = parts.rest;
    if (parts.uuid == uuid) for_it = parts.rest;
  }
  return for_it.empty() ? for_all : for_it;
}

bool luks_off(std::string_view command_line) {
  bool off = false;
  for (const std::string& word : command_line_words(command_line))
    if (const auto value = value_of(word, "luks")) off = is_systemd_no(*value);
  return off;
}

// As systemd-cryptsetup-generator knows a line's device again.
bool has_line_for(std::string_view crypttab, const std::string& uuid) {
  return std::ranges::any_of(split_lines(crypttab), [&](std::string_view line) {
    const auto fields = split_fields(line);
    if (fields.size() < 2 || fields[0].text.starts_with('#')) return false;
    const std::string device = replace_all(lower(fields[1].text), "\"", "");
    return device == "uuid=" + uuid || device == "/dev/disk/by-uuid/" + uuid ||
           (lower(fields[0].text) == "luks-" + uuid && !device.starts_with("uuid="));
  });
}

// What a program makes is changed where that takes it from.
std::string how_to_end(const std::string& file) {
  if (file.ends_with("/proc/cmdline")) return "take that word off the kernel's command line";
  const std::string out = "take that word out of '" + printable(file) + "'";
  const auto in = [&](std::string_view part) { return file.find(part) != std::string::npos; };
  if (in("/etc/default/grub")) return out + ", then: update-grub";
  if (in("/etc/default/u-boot")) return out + ", then: u-boot-update";
  if (in("/etc/default/flash-kernel")) return out + ", then: flash-kernel";
  if (in("/extlinux/")) return out + ", and out of /etc/default/u-boot where that makes it";
  if (in("/cmdline.txt")) return out + ", and out of /etc/default/raspi-extra-cmdline if there";
  if (in("/loader/entries/") || in("/etc/kernel/cmdline"))
    return out + ", and out of /etc/kernel/cmdline and the other entries, where it is";
  return out;
}

// An option for this device alone: one for all does nothing where it has its own.
std::string tolerant(const std::string& crypttab_line) {
  const auto fields = split_fields(crypttab_line);
  if (fields.size() < 4) return "";
  const std::string options = fields[3].text == "luks" ? "" : "," + fields[3].text;
  return "; or add luks.options=" + fields[1].text.substr(5) + "=nofail" + options;
}

}  // namespace

std::string crypttab_line_of(std::string_view word, std::string_view command_line,
                             std::string_view crypttab) {
  OfUuid named;
  if (const auto uuid = value_of(word, "luks.uuid"))
    named = {bare_uuid(*uuid), ""};
  else if (const auto both = value_of(word, "luks.name"))
    named = split_uuid(*both);
  if (named.uuid.empty() || luks_off(command_line) || has_line_for(crypttab, named.uuid)) return {};
  // Another word may give the name.
  if (named.rest.empty()) named.rest = given(command_line, "luks.name", named.uuid);
  const std::string name = named.rest.empty() ? "luks-" + named.uuid : named.rest;
  const std::string key = given(command_line, "luks.key", named.uuid);
  const std::string options = given(command_line, "luks.options", named.uuid);
  return name + " UUID=" + named.uuid + " " + (key.empty() ? "none" : key) + " " +
         (options.empty() ? "luks" : options);
}

std::string fstab_line_of(std::string_view word) {
  if (const auto swap = value_of(word, "systemd.swap-extra")) {
    const auto parts = split(*swap, ':');
    if (parts.empty() || parts[0].empty()) return {};
    const std::string options(parts.size() > 1 ? parts[1] : "defaults");
    return std::string(parts[0]) + " none swap " + options + " 0 0";
  }
  const auto mount = value_of(word, "systemd.mount-extra");
  if (!mount) return {};
  const auto parts = split(*mount, ':');
  if (parts.size() < 2 || parts[0].empty() || parts[1].empty()) return {};
  const std::string type(parts.size() > 2 && !parts[2].empty() ? parts[2] : "auto");
  const std::string options(parts.size() > 3 && !parts[3].empty() ? parts[3] : "defaults");
  return std::string(parts[0]) + " " + std::string(parts[1]) + " " + type + " " + options + " 0 0";
}

std::string without_mounts(std::string_view command_line) {
  std::vector<std::string> out;
  for (const std::string& word : command_line_words(command_line))
    if (fstab_line_of(word).empty()) out.push_back(word);
  return join(out, " ");
}

Findings command_line_conflicts(std::string_view command_line, const std::string& file,
                                std::string_view crypttab, std::span<const Claim> claims,
                                const Resolve& resolve, const IsThere& is_there,
                                std::span<const std::string> held) {
  Findings out;
  for (const std::string& word : command_line_words(command_line)) {
    const std::string opened = crypttab_line_of(word, command_line, crypttab);
    Findings found = opened.empty()
                         ? fstab_conflicts(fstab_line_of(word), file, claims, resolve, held)
                         : crypttab_conflicts(opened, file, claims, resolve, is_there);
    for (Finding& one : found) {
      // What was made of the word is no line of the file.
      std::string& what = one.text.what;
      const std::string made = "line 1 of '" + file + "'";
      if (what.starts_with(made))
        what = "'" + printable(word) + "' in '" + printable(file) + "'" + what.substr(made.size());
      one.text.hint = how_to_end(file);
      if (one.level == Finding::Level::error) one.text.hint += tolerant(opened);
      out.push_back(std::move(one));
    }
  }
  return out;
}

}  // namespace latchkey
