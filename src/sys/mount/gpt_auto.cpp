// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/mount/gpt_auto.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/command_line.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_number.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

// Some file systems (btrfs) have a number of their own, and only their mount says on what they
// lie.
dev_t device_of_root(const std::string& root) {
  struct stat info {};
  if (::stat((root + "/").c_str(), &info) != 0) return 0;
  if (::major(info.st_dev) != 0 || !root.empty()) return info.st_dev;
  dev_t found = 0;
  const auto mounts = read_file("/proc/self/mountinfo", 8UL << 20U);
  if (!mounts) return found;
  for (const std::string_view line : split_lines(*mounts)) {
    const std::vector<Field> words = split_fields(line);
    if (words.size() < 5 || words[4].text != "/") continue;
    const auto dash = std::ranges::find(words, "-", &Field::text);
    if (words.end() - dash > 2) found = block_device((dash + 2)->text).value_or(0);
  }
  return found;
}

}  // namespace

bool gpt_auto_runs(const std::string& root) {
  const auto lines = known_command_lines(root);
  // Of the entries of a boot loader's own files one is started, and others may be old.
  if (std::ranges::any_of(lines, [](const CommandLine& line) {
        return !line.source.starts_with("/boot/") && !line.source.starts_with("/efi/") &&
               gpt_auto_off(line.text);
      }))
    return false;
  // As systemd looks for it; the first one that is there hides the others.
  for (const char* place : {"/run", "/etc", "/usr/local/lib", "/usr/lib", "/lib"}) {
    const fs::path file = root + place + "/systemd/system-generators/systemd-gpt-auto-generator";
    std::error_code failed;
    if (!fs::exists(fs::symlink_status(file, failed))) continue;
    return fs::read_symlink(file, failed) != "/dev/null" && fs::file_size(file, failed) > 0 &&
           !failed;
  }
  return false;
}

std::optional<GptPartition> gpt_partition(const std::string& root, dev_t device) {
  const auto record = read_file(root + "/run/udev/data/b" + number_text(device));
  if (!record) return {};
  return parse_gpt_partition(*record);
}

std::string disk_of_root(const std::string& root) {
  const dev_t device = device_of_root(root);
  if (device == 0) return {};
  const std::vector<Mapping> all = mappings();
  std::set<std::string> disks;
  for (const dev_t below : all_below(device, all)) {
    if (std::ranges::find(all, below, &Mapping::number) != all.end()) continue;
    const auto partition = gpt_partition(root, below);
    disks.insert(partition ? partition->disk : number_text(below));
  }
  return disks.size() == 1 ? *disks.begin() : std::string();
}

std::string device_of_number(const std::string& root, const std::string& number) {
  const auto text = read_file(root + "/sys/dev/block/" + number + "/uevent");
  if (!text) return {};
  for (const std::string_view line : split_lines(*text))
    if (line.starts_with("DEVNAME=")) return "/dev/" + std::string(line.substr(8));
  return {};
}

bool empty_at_boot(const std::string& path) {
  struct stat inner {};
  struct stat outer {};
  if (::stat(path.c_str(), &inner) != 0) return true;
  if (::stat((path + "/..").c_str(), &outer) == 0 && inner.st_dev != outer.st_dev) return true;
  std::error_code failed;
  return S_ISDIR(inner.st_mode) && fs::is_empty(path, failed) && !failed;
}

}  // namespace latchkey
