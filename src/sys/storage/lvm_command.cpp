// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/lvm_command.hpp"

#include <algorithm>
#include <filesystem>

#include "core/storage/lvm_filter.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

// Disks of a machine answer within this, also those that have to spin up again, or LVM does
// without them for this once.
constexpr std::chrono::seconds time_to_answer(3);

// In /sys a slash of a device's name is an exclamation mark (cciss!c0d0).
std::string path_in_dev(std::string name) {
  std::ranges::replace(name, '!', '/');
  return "/dev/" + name;
}

// What has no disk, or is none: in memory, a drive for disks, one without any size.
bool holds_nothing(const fs::path& device, const std::string& name) {
  return name.starts_with("ram") || name.starts_with("zram") || name.starts_with("sr") ||
         name.starts_with("fd") || sys_attribute(device / "size") == "0";
}

// The disks at the bottom that give no answer, by the kernel's names. With `busy` only those
// that owe somebody one already are asked.
std::vector<std::string> silent_disks(bool busy) {
  const fs::path all = "/sys/block";
  std::vector<std::string> names;
  std::vector<std::string> paths;
  for (const std::string& name : block_devices()) {
    if (holds_nothing(all / name, name) || !names_in((all / name / "slaves").string()).empty())
      continue;
    const std::string owed = sys_attribute(all / name / "inflight");
    if (busy && owed.find_first_of("123456789") == std::string::npos) continue;
    names.push_back(name);
    paths.push_back(path_in_dev(name));
  }
  const auto answers = disks_answer(paths, time_to_answer);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!answers[i] && answers[i].error().code == Code::timeout) out.push_back(names[i]);
  return out;
}

// What has LVM do without these disks; empty where nothing does.
std::vector<std::string> words_without(const std::vector<std::string>& silent) {
  if (silent.empty()) return {};
  std::vector<std::string> question = lvm_filter_question();
  question.insert(question.begin(), "lvm");
  const auto answer = run(question, {.timeout = std::chrono::seconds(20), .merge_stderr = false});
  if (!answer || answer->status != 0) return {};
  return lvm_without(answer->output, devices_on("", silent), !names_in("/etc/lvm/devices").empty());
}

}  // namespace

std::vector<std::string> devices_on(const std::string& root,
                                    const std::vector<std::string>& silent) {
  std::vector<std::string> out;
  for (const std::string& name : names_in(root + "/sys/class/block"))
    if (std::ranges::any_of(devices_below(root, name), [&](const auto& below) {
          return std::ranges::find(silent, below) != silent.end();
        }))
      out.push_back(path_in_dev(name));
  return out;
}

Result<RunResult> run_lvm(const std::vector<std::string>& argv, RunOptions options) {
  std::vector<std::string> without = words_without(silent_disks(true));
  const auto words = [&] {
    std::vector<std::string> out{"lvm", argv.at(0)};
    out.insert(out.end(), without.begin(), without.end());
    out.insert(out.end(), argv.begin() + 1, argv.end());
    return out;
  };
  if (!without.empty()) return run(words(), options);
  // Ended while it reads the disks, before it does anything: half of an activation would be
  // left otherwise.
  options.hopeless = [&] {
    without = words_without(silent_disks(false));
    return !without.empty();
  };
  auto ran = run(words(), options);
  if (ran || without.empty()) return ran;
  options.hopeless = {};
  return run(words(), options);
}

}  // namespace latchkey
