// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/storage.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_number.hpp"
#include "sys/storage/dm.hpp"
#include "sys/storage/iscsi.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

fs::path class_of(const std::string& root, const std::string& name) {
  return fs::path(root + "/sys/class/block") / name;
}

// Which late layer a device is, from its directory in /sys.
std::string late_kind_of(const std::string& root, const std::string& name, const fs::path& at) {
  std::error_code failed;
  const std::string directory = fs::canonical(at, failed).string();
  if (iscsi_by_itself(root, directory)) return "";
  std::string kind = late_kind(name, directory);
  const std::string device = fs::canonical(at / "device", failed).string();
  if (failed) return kind;
  for (const std::string& controller : controllers_of(device))
    if (kind.empty()) kind = late_kind(name, controller);
  return kind;
}

}  // namespace

std::vector<std::string> devices_below(const std::string& root, const std::string& name) {
  std::vector<std::string> out;
  std::vector<std::string> left{name};
  while (!left.empty()) {
    const std::string next = left.back();
    left.pop_back();
    std::error_code failed;
    const fs::path at = fs::canonical(class_of(root, next), failed);
    if (failed || std::ranges::find(out, next) != out.end()) continue;
    out.push_back(next);
    // A partition lies in its disk's directory.
    if (fs::exists(at / "partition", failed)) left.push_back(at.parent_path().filename());
    for (fs::directory_iterator slave(at / "slaves", failed), end; !failed && slave != end;
         slave.increment(failed))
      left.push_back(slave->path().filename());
  }
  return out;
}

std::vector<std::string> devices_behind(const std::string& root, const std::string& path) {
  const auto number = block_device(path);
  if (!number) return {};
  std::error_code failed;
  const fs::path at = fs::canonical(root + "/sys/dev/block/" + number_text(*number), failed);
  return failed ? std::vector<std::string>{} : devices_below(root, at.filename());
}

Storage storage_of(const std::string& root, const std::string& path) {
  Storage out;
  for (const std::string& name : devices_behind(root, path)) {
    const fs::path device = class_of(root, name);
    add_once(out.layers.targets, mapping_targets(sys_attribute(device / "dm/name")));
    add_once(out.layers.md_levels, sys_attribute(device / "md/level"));
    add_once(out.layers.late, late_kind_of(root, name, device));
    std::vector<DrivenDevice> disk = driven_devices(root, device / "device");
    add_once(out.drivers, drivers_of(root, device / "device"));
    if (!disk.empty()) out.disks.push_back(std::move(disk));
  }
  return out;
}

}  // namespace latchkey
