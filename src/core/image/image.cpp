// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/image.hpp"

#include <algorithm>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// The lines of a file without those that `drop` names, each with its end.
template <class Drop>
std::string lines_without(std::string_view text, Drop drop) {
  std::string out;
  for (const std::string_view line : split_lines(text))
    if (!drop(line)) out += std::string(line) + "\n";
  return out;
}

bool is_roots(std::string_view line) { return line.starts_with("root:"); }

// How many keys have this name as their comment. A comment is what the other wrote who handed in
// the key: none stands for a fingerprint, and one that two have says of neither whose it is.
std::ptrdiff_t bearers(const std::vector<AuthorizedKey>& keys, const std::string& name) {
  if (name.empty() || name.starts_with("SHA256:")) return 0;
  return std::ranges::count(keys, name, &AuthorizedKey::comment);
}

std::string login_line() {
  return std::string("root:x:0:0:root:") + image_home + ":" + image_unlocker;
}

}  // namespace

std::string to_text(const ImageInfo& info) {
  return "version=" + info.version + "\nconfig=" + info.config +
         "\nmode=" + (info.wait ? "wait" : "boot-on") + "\nreason=" + printable(info.reason, 400) +
         "\n";
}

Result<ImageInfo> parse_image_info(std::string_view text) {
  ImageInfo info;
  std::string mode;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string value = printable(line.substr(equals + 1), 400);
    if (key == "version") info.version = value;
    if (key == "config") info.config = value;
    if (key == "mode") mode = value;
    if (key == "reason") info.reason = value;
  }
  if (mode != "wait" && mode != "boot-on")
    return Error{Code::damaged, "cannot read what the image says about itself", "it names no mode",
                 ""};
  info.wait = mode == "wait";
  return info;
}

std::vector<DoorKey> describe_keys(const SshConfig& config, const std::vector<AuthorizedKey>& keys,
                                   const std::vector<std::string>& fingerprints) {
  std::vector<DoorKey> out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    DoorKey one{static_cast<int>(keys[i].line), fingerprints[i], keys[i].comment, default_words()};
    one.words.insert(config.grant.begin(), config.grant.end());
    for (const auto& [name, granted] : config.grants)
      if (name == fingerprints[i] || (name == keys[i].comment && bearers(keys, name) == 1))
        one.words.insert(granted.begin(), granted.end());
    out.push_back(std::move(one));
  }
  return out;
}

std::string image_passwd(std::string_view existing) {
  return login_line() + "\n" + lines_without(existing, is_roots);
}

bool has_image_login(std::string_view passwd) {
  const auto lines = split_lines(passwd);
  const auto first = std::ranges::find_if(lines, is_roots);
  return first != lines.end() && *first == login_line();
}

std::string image_group(std::string_view existing) {
  const bool there = std::ranges::any_of(split_lines(existing), is_roots);
  return (there ? "" : "root:x:0:\n") + lines_without(existing, [](auto) { return false; });
}

std::string image_shells(std::string_view existing) {
  std::string out = lines_without(existing, [](auto) { return false; });
  if (!allows_image_login(existing)) out += std::string(image_unlocker) + "\n";
  return out;
}

bool allows_image_login(std::string_view shells) {
  return std::ranges::any_of(split_lines(shells), [](auto line) { return line == image_unlocker; });
}

std::string image_lvmlocal(std::string_view existing, const std::string& system_id) {
  // Of two values LVM takes the last.
  return lines_without(existing, [](auto) { return false; }) +
         "global { system_id_source = \"lvmlocal\" }\nlocal { system_id = \"" + system_id +
         "\" }\n";
}

bool root_is_a_volume(std::string_view volumes_text) {
  return std::ranges::any_of(split_lines(volumes_text), [](auto line) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() < 3 || fields[0].text.front() == '#') return false;
    std::string_view place = fields[2].text;
    while (place.ends_with('/')) place.remove_suffix(1);
    // initramfs-tools mounts /usr itself, and panics without it.
    if ((place.empty() && !fields[2].text.empty()) || place == "/usr") return true;
    const auto options =
        fields.size() > 4 ? split(fields[4].text, ',') : std::vector<std::string>{};
    return std::ranges::find(options, "x-latchkey.boot") != options.end();
  });
}

bool needs_lvm(const DeviceRef& keys, const std::vector<Volume>& volumes) {
  // A path may be an LV's too: only what is certainly none needs no lvm.
  return keys.may_be_lv() ||
         std::ranges::any_of(volumes, [](const Volume& v) { return v.device.may_be_lv(); });
}

std::vector<IdleGrant> idle_grants(const SshConfig& config, const std::vector<AuthorizedKey>& keys,
                                   const std::vector<std::string>& fingerprints) {
  std::vector<IdleGrant> out;
  for (const auto& grant : config.grants) {
    const std::string& name = grant.first;
    if (std::ranges::find(fingerprints, name) != fingerprints.end()) continue;
    const auto count = bearers(keys, name);
    if (count == 0) out.push_back({name, "no key has this comment or fingerprint"});
    if (count > 1)
      out.push_back({name, std::to_string(count) + " keys have this comment, so that it says of "
                                                   "none whose it is: name the fingerprint"});
  }
  return out;
}

}  // namespace latchkey
