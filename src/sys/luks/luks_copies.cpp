// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/luks_copies.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/probe.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

// The UUID in the first bytes of a LUKS header of either kind; empty for what is none, and for
// what cannot be read.
std::string luks_uuid(const std::string& path) {
  constexpr std::size_t at = 168;
  constexpr std::size_t size = 40;
  // NONBLOCK: an empty drive must not stop us.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  std::array<char, 512> bytes{};
  if (!fd || ::pread(fd.get(), bytes.data(), bytes.size(), 0) != std::ssize(bytes)) return {};
  const std::string_view start(bytes.data(), bytes.size());
  if (luks_header_size(start) == 0) return {};
  const std::string_view text = start.substr(at, size);
  return std::string(text.substr(0, text.find('\0')));
}

// True where udev chooses which of two disks is meant.
bool goes_by_content(const DeviceRef& device) {
  if (device.kind != DeviceRef::Kind::path) return device.kind != DeviceRef::Kind::lv;
  constexpr std::array<std::string_view, 4> links{"by-uuid/", "by-label/", "by-partuuid/",
                                                  "by-partlabel/"};
  return std::ranges::any_of(links, [&](std::string_view link) {
    return device.value.starts_with("/dev/disk/" + std::string(link));
  });
}

// The one of `all` beside the device that has the same header's UUID; what the device lies on is
// no copy.
std::optional<std::string> copy_among(const LuksDisks& all, dev_t ours, const std::string& path) {
  const auto own = all.find(ours);
  if (own == all.end() || own->second.second.empty()) return {};
  const auto below = devices_behind("", path);
  for (const auto& [number, disk] : all) {
    const auto& [node, uuid] = disk;
    if (number == ours || uuid != own->second.second) continue;
    std::string name = node.substr(std::string_view("/dev/").size());
    std::ranges::replace(name, '/', '!');
    if (std::ranges::find(below, name) == below.end()) return node;
  }
  return {};
}

Error shown_by(const DeviceRef& device, const std::string& copy, const std::string& what,
               const std::string& file) {
  std::error_code failed;
  return {Code::refused, what,
          device.text() + " leads to " +
              std::filesystem::canonical(device.path(), failed).string() + " just now, and " +
              copy + " has a header with the same UUID",
          "one is a copy of the other: see lsblk -o NAME,UUID,MOUNTPOINT, and detach the one "
          "that is not meant, or name the other in " +
              file + " by its path below /dev/disk/by-id; then run this again"};
}

Result<> is_no_copy(const DeviceRef& device, const std::string& what, const std::string& file) {
  if (!goes_by_content(device)) return Ok{};
  const auto copy = copy_of_luks(device.path());
  return copy ? Result<>(shown_by(device, *copy, what, file)) : Result<>(Ok{});
}

}  // namespace

LuksDisks luks_disks() {
  std::vector<std::string> nodes;
  std::vector<dev_t> numbers;
  for (const std::string& name : names_in("/sys/class/block")) {
    std::string node = "/dev/" + name;
    std::ranges::replace(node, '!', '/');
    const auto number = block_device(node);
    if (!number) continue;
    nodes.push_back(std::move(node));
    numbers.push_back(*number);
  }
  // Any of the machine's disks may hang.
  const auto answers = ask_disks(nodes);
  LuksDisks out;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!answers[i]) continue;
    if (std::string uuid = luks_uuid(nodes[i]); !uuid.empty())
      out.emplace(numbers[i], std::pair(nodes[i], std::move(uuid)));
  }
  return out;
}

bool goes_by_uuid_or_label(const DeviceRef& device) {
  if (device.kind == DeviceRef::Kind::uuid || device.kind == DeviceRef::Kind::label) return true;
  return device.kind == DeviceRef::Kind::path && (device.value.starts_with("/dev/disk/by-uuid/") ||
                                                  device.value.starts_with("/dev/disk/by-label/"));
}

std::optional<Error> shown_twice(const DeviceRef& device, const LuksDisks& all,
                                 const std::string& whose, const std::string& file) {
  const auto ours = goes_by_uuid_or_label(device) ? block_device(device.path()) : std::nullopt;
  const auto copy = ours ? copy_among(all, *ours, device.path()) : std::nullopt;
  if (!copy) return {};
  return shown_by(device, *copy, "each boot may open another disk as " + whose, file);
}

std::optional<std::string> copy_of_luks(const std::string& path) {
  const auto ours = block_device(path);
  // Whoever reads it next tells that it does not answer.
  if (!ours || !ask_disk(path) || luks_uuid(path).empty()) return {};
  return copy_among(luks_disks(), *ours, path);
}

Result<> leads_to_its_own_header(const Volume& volume, const std::string& what, bool alone) {
  const auto device = block_device(volume.device.path());
  if (!volume.header.empty()) {
    const auto header = parse_device_ref(volume.header);
    return header ? is_no_copy(*header, what, "'volumes'") : Result<>(Ok{});
  }
  if (!device) return Ok{};
  const auto mapping = find_mapping(volume.mapping);
  const bool open = mapping && mapping->live && is_luks_mapping(*mapping, volume.uuid);
  if (open && !all_below(mapping->number, mappings()).contains(*device))
    return Error{Code::refused, what,
                 "'" + volume.mapping + "' is open on another device than " + volume.device.text(),
                 "see lsblk -o NAME,UUID,MOUNTPOINT: detach a copy of its disk, if there is one; "
                 "where its own disk has got another name: latchkey lock, and release-services; "
                 "then run this again"};
  return open && !alone ? Result<>(Ok{}) : is_no_copy(volume.device, what, "'volumes'");
}

Result<> leads_to_its_own_header(const KeysVolume& keys, const std::string& what) {
  return is_no_copy(keys.device, what, "latchkey.conf");
}

}  // namespace latchkey
