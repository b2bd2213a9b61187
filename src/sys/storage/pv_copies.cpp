// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/pv_copies.hpp"

#include <algorithm>
#include <map>
#include <string_view>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

// The UUID of the physical volume on a block device, by what udev found on it when it came; empty
// for any other.
std::string pv_on_record(const std::string& root, const std::string& name) {
  // What a guest has made of its disk, a logical volume, LVM does not look at.
  const auto mapping = read_file(root + "/sys/class/block/" + name + "/dm/uuid");
  if (mapping && mapping->starts_with("LVM-")) return {};
  const auto number = read_file(root + "/sys/class/block/" + name + "/dev");
  if (!number) return {};
  const auto record = read_file(root + "/run/udev/data/b" + std::string(trim(*number)));
  if (!record) return {};
  std::string uuid;
  bool member = false;
  for (const std::string_view line : split_lines(*record)) {
    constexpr std::string_view head = "E:ID_FS_UUID=";
    if (line == "E:ID_FS_TYPE=LVM2_member") member = true;
    if (line.starts_with(head)) uuid = line.substr(head.size());
  }
  return member ? uuid : std::string();
}

bool lies_upon(const std::string& root, const std::string& name, const std::string& other) {
  const auto below = devices_below(root, name);
  return std::ranges::find(below, other) != below.end();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> pv_copies(const std::string& root) {
  std::map<std::string, std::string> first;  // by the UUID
  std::vector<std::pair<std::string, std::string>> out;
  std::vector<std::string> names = names_in(root + "/sys/class/block");
  std::ranges::sort(names);
  for (const std::string& name : names) {
    const std::string uuid = pv_on_record(root, name);
    if (uuid.empty()) continue;
    const auto [before, fresh] = first.emplace(uuid, name);
    const std::string& other = before->second;
    if (fresh || lies_upon(root, name, other) || lies_upon(root, other, name)) continue;
    out.emplace_back("/dev/" + replace_all(other, "!", "/"), "/dev/" + replace_all(name, "!", "/"));
  }
  return out;
}

}  // namespace latchkey
