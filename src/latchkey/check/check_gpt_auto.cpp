// SPDX-License-Identifier: GPL-3.0-or-later
// No file of the machine's says that these are opened: systemd goes by the partition table of the
// disk that root lies on, and takes the empty mount point of a volume for its own.
#include "latchkey/check/check_gpt_auto.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "sys/base/fd.hpp"
#include "sys/mount/gpt_auto.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

bool is_ours(std::span<const Claim> claims, const std::string& place) {
  return std::ranges::any_of(
      claims, [&](const Claim& one) { return one.mount_point == place && !one.by_system; });
}

bool fstab_has_swap(const std::string& root) {
  const auto text = read_file(root + "/etc/fstab");
  if (!text) return false;
  const auto lines = split_lines(*text);
  return std::ranges::any_of(lines, [](std::string_view line) {
    const auto parsed = parse_fstab_line(line);
    return parsed && parsed->type == "swap";
  });
}

std::optional<Finding> judge(const Paths& paths, std::span<const Claim> claims, const Claim& one,
                             const std::string& disk) {
  for (const std::string& path : one.devices) {
    const auto number = block_device(paths.root + path);
    const auto partition = number ? gpt_partition(paths.root, *number) : std::nullopt;
    if (!partition) continue;
    const std::string place = gpt_auto_place(partition->type);
    if (place.empty() || partition->no_auto || partition->disk != disk) return {};
    const bool taken = place == gpt_swap
                           ? !fstab_has_swap(paths.root)
                           : is_ours(claims, place) || empty_at_boot(paths.root + place);
    if (!taken) return {};
    const std::string whole = device_of_number(paths.root, disk);
    return bad(
        gpt_auto_conflict(one.name, path, whole.empty() ? "DISK" : whole, *partition, place));
  }
  return {};
}

}  // namespace

Findings check_gpt_auto(const Paths& paths, std::span<const Claim> claims) {
  Findings out;
  if (!gpt_auto_runs(paths.root)) return out;
  const std::string disk = disk_of_root(paths.root);
  if (disk.empty()) return out;
  for (const Claim& one : claims)
    if (auto found = judge(paths, claims, one, disk)) out.push_back(std::move(*found));
  return out;
}

}  // namespace latchkey
