// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/command_line.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "core/text.hpp"
#include "sys/fd.hpp"

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

}  // namespace

std::vector<CommandLine> known_command_lines(const std::string& root) {
  std::vector<CommandLine> out;
  for (const char* file : {"/proc/cmdline", "/etc/kernel/cmdline"})
    if (const auto text = read_file(root + file, 64UL * 1024)) out.push_back({file, *text});
  std::vector<std::string> files{"/etc/default/grub"};
  std::error_code failed;
  const std::filesystem::directory_iterator folder(root + "/etc/default/grub.d", failed);
  if (!failed)
    for (const auto& entry : folder)
      files.push_back("/etc/default/grub.d/" + entry.path().filename().string());
  for (const std::string& file : files) {
    const auto text = read_file(root + file, 64UL * 1024);
    if (!text) continue;
    for (const std::string_view line : split_lines(*text)) {
      const std::size_t equals = line.find('=');
      if (equals == std::string_view::npos || !trim(line).starts_with("GRUB_CMDLINE_LINUX"))
        continue;
      // A shell's text: what it computes is not followed, its quotes are none of ours.
      std::string value(line.substr(equals + 1));
      std::erase_if(value, [](char c) { return c == '"' || c == '\''; });
      out.push_back({file, value});
    }
  }
  return out;
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
