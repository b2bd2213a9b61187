// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/kernel/command_line.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/image/loader_entry.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/boot_places.hpp"

namespace latchkey {
namespace {

// As mkinitramfs sorts out what lies in a conf.d.
bool is_setting(const std::string& name) {
  return std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
         std::ranges::all_of(name,
                             [](unsigned char c) {
                               return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
                             }) &&
         name.find(".dpkg-") == std::string::npos;
}

// The files of initramfs-tools that set something, in the order in which they are read.
std::vector<CommandLine> setting_files(const std::string& root) {
  std::vector<CommandLine> out;
  const auto look = [&](const std::string& file) {
    if (auto text = read_file(root + file, 64UL * 1024)) out.push_back({file, std::move(*text)});
  };
  look("/etc/initramfs-tools/initramfs.conf");
  // The administrator's files mask those of packages.
  std::map<std::string, std::string> files;
  for (const std::string folder :
       {"/usr/share/initramfs-tools/conf.d/", "/etc/initramfs-tools/conf.d/"})
    for (const std::string& part : names_in(root + folder))
      if (is_setting(part)) files[part] = folder + part;
  for (const auto& [part, file] : files) look(file);
  return out;
}

// The last word counts.
CommandLine setting_in(const std::vector<CommandLine>& files, const std::string& name) {
  CommandLine out;
  for (const CommandLine& file : files)
    if (const auto value = assigned(file.text, name)) out = {file.source, *value};
  return out;
}

// Collects the places in which a command line is written.
class Places {
 public:
  explicit Places(const std::string& root) : root_(root) {}

  // A file that is nothing but one.
  void whole(const std::string& file) {
    if (const auto text = read(file)) add(file, *text);
  }

  void grub(const std::string& file) {
    const auto text = read(file);
    if (!text) return;
    for (const std::string_view line : split_lines(*text)) {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos || !trim(line).starts_with("GRUB_CMDLINE_LINUX"))
        continue;
      // A shell's text: what it computes is not followed, its quotes are none of ours.
      std::string value(line.substr(equals + 1));
      std::erase_if(value, [](char c) { return c == '"' || c == '\''; });
      add(file, value);
    }
  }

  // A setting of those who write the boot loader's own file.
  void setting(const std::string& file, const std::string& name) {
    const auto text = read(file);
    if (const auto value = text ? assigned(*text, name) : std::nullopt) add(file, *value);
  }

  // What systemd-boot starts of this system, from the partition that is mounted at `place`.
  void entries(const std::string& place) {
    std::error_code failed;
    const auto folder = std::filesystem::canonical(root_ + place + "/loader/entries", failed);
    if (failed || !seen_.insert(folder).second) return;
    const auto id = read("/etc/machine-id");
    for (const std::string& name : names_in(folder.string())) {
      const std::string file = place + "/loader/entries/" + name;
      const auto text = name.ends_with(".conf") ? read(file) : std::nullopt;
      if (!text) continue;
      const LoaderEntry entry = parse_loader_entry(*text);
      if (entry.machine.empty() || (id && entry.machine == trim(*id))) add(file, entry.options);
    }
  }

  void extlinux(const std::string& file) {
    if (const auto text = read(file))
      for (const std::string& line : extlinux_lines(*text)) add(file, line);
  }

  std::vector<CommandLine> found{};

 private:
  [[nodiscard]] std::optional<std::string> read(const std::string& file) const {
    auto text = read_file(root_ + file, 64UL * 1024);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  }

  // Each kernel has an entry, and they mostly say the same.
  void add(const std::string& file, const std::string& text) {
    if (std::ranges::none_of(found, [&](const CommandLine& line) {
          return line.source == file && line.text == text;
        }))
      found.push_back({file, text});
  }

  const std::string& root_;
  std::set<std::filesystem::path> seen_{};
};

}  // namespace

std::vector<CommandLine> known_command_lines(const std::string& root) {
  Places places(root);
  places.whole("/proc/cmdline");
  places.whole("/etc/kernel/cmdline");
  places.grub("/etc/default/grub");
  for (const std::string& name : names_in(root + "/etc/default/grub.d"))
    places.grub("/etc/default/grub.d/" + name);
  for (const char* place : entry_places) places.entries(place);
  places.whole(std::string(firmware_place) + "/cmdline.txt");
  places.whole("/boot/cmdline.txt");
  places.extlinux("/boot/extlinux/extlinux.conf");
  places.setting("/etc/default/u-boot", "U_BOOT_PARAMETERS");
  places.setting("/etc/default/flash-kernel", "LINUX_KERNEL_CMDLINE");
  return std::move(places.found);
}

CommandLine initramfs_setting(const std::string& root, const std::string& name) {
  return setting_in(setting_files(root), name);
}

InitramfsIp initramfs_ip(const std::string& root) {
  const std::vector<CommandLine> files = setting_files(root);
  const CommandLine ip = setting_in(files, "IP");
  return {ip.source, ip.text, setting_in(files, "DEVICE").text};
}

}  // namespace latchkey
