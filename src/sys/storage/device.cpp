// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/device.hpp"

#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "core/base/text.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;

// Reports of both the kernel and udevd: the first tells of a device, the second
// that its links are there.
Fd device_events() {
  Fd fd(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = 3;
  if (fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fd.reset();
  return fd;
}

}  // namespace

dev_t device_number(const std::string& text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2) return 0;
  return ::makedev(static_cast<unsigned>(parse_number(parts[0], 1U << 20U).value_or(0)),
                   static_cast<unsigned>(parse_number(parts[1], 1U << 20U).value_or(0)));
}

std::optional<dev_t> block_device(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISBLK(info.st_mode)) return {};
  return info.st_rdev;
}

bool device_ready(const std::string& path) {
  const auto number = block_device(path);
  if (!number) return false;
  return sys_attribute("/sys/dev/block/" + std::to_string(::major(*number)) + ":" +
                       std::to_string(::minor(*number)) + "/size") != "0";
}

bool is_same_device(const DeviceRef& one, const DeviceRef& other) {
  if (one == other) return true;
  const auto number = block_device(one.path());
  return number && number == block_device(other.path());
}

std::vector<std::string> block_devices(const std::string& root) {
  return names_in(root + "/sys/block");
}

namespace {

Mapping read_mapping(const std::string& name, const std::string& root = "") {
  const std::string at = root + "/sys/block/" + name;
  Mapping mapping{sys_attribute(at + "/dm/name"),
                  sys_attribute(at + "/dm/uuid"),
                  device_number(sys_attribute(at + "/dev")),
                  sys_attribute(at + "/size") != "0",
                  {}};
  for (const std::string& slave : names_in(at + "/slaves"))
    mapping.below.push_back(device_number(sys_attribute(at + "/slaves/" + slave + "/dev")));
  return mapping;
}

}  // namespace

std::vector<Mapping> mappings() {
  std::vector<Mapping> out;
  for (const std::string& name : block_devices())
    if (name.starts_with("dm-")) out.push_back(read_mapping(name));
  return out;
}

std::vector<Mapping> stacked_devices(const std::string& root) {
  std::vector<Mapping> out;
  for (const std::string& name : block_devices(root)) {
    Mapping device = read_mapping(name, root);
    if (device.below.empty() && !name.starts_with("dm-")) continue;
    const std::string at = root + "/sys/block/" + name + "/";
    for (const std::string& part : names_in(at)) {
      if (sys_attribute(at + part + "/partition").empty()) continue;
      Mapping on_disk{{}, {}, device_number(sys_attribute(at + part + "/dev")), device.live, {}};
      on_disk.below = {device.number};
      out.push_back(std::move(on_disk));
    }
    out.push_back(std::move(device));
  }
  return out;
}

std::vector<Mapping> mappings_on(const std::string& path) {
  const auto number = block_device(path);
  if (!number) return {};
  std::vector<Mapping> all = mappings();
  std::erase_if(all, [&](const Mapping& mapping) {
    return std::ranges::find(mapping.below, *number) == mapping.below.end();
  });
  return all;
}

void await_removed_mappings(const std::string& path) {
  const auto all_named = [&] {
    return std::ranges::none_of(mappings_on(path),
                                [](const Mapping& mapping) { return mapping.name.empty(); });
  };
  (void)wait_for_devices(all_named, std::chrono::seconds(5));
}

std::set<dev_t> all_below(dev_t device, const std::vector<Mapping>& all) {
  std::set<dev_t> found;
  std::vector<dev_t> left{device};
  while (!left.empty()) {
    const dev_t next = left.back();
    left.pop_back();
    const auto mapping = std::ranges::find(all, next, &Mapping::number);
    if (found.insert(next).second && mapping != all.end())
      left.insert(left.end(), mapping->below.begin(), mapping->below.end());
  }
  return found;
}

std::optional<Mapping> find_mapping(const std::string& name) {
  for (const std::string& device : block_devices())
    if (device.starts_with("dm-") && sys_attribute("/sys/block/" + device + "/dm/name") == name)
      return read_mapping(device);
  return {};
}

bool wait_for_devices(const std::function<bool()>& ready, std::chrono::milliseconds timeout) {
  const auto deadline = Clock::now() + timeout;
  const Fd events = device_events();  // listening before asking: nothing falls between
  char buffer[8192];
  while (!ready()) {
    const int left = poll_ms(deadline);
    if (left == 0) return false;
    pollfd watched{events.get(), POLLIN, 0};
    if (::poll(&watched, events ? 1 : 0, std::min(left, 1000)) > 0)
      while (::recv(events.get(), buffer, sizeof buffer, 0) > 0) {
      }
  }
  return true;
}

DeviceRef as_lv(const DeviceRef& device) {
  const auto number =
      device.kind == DeviceRef::Kind::lv ? std::nullopt : block_device(device.path());
  if (!number) return device;
  const std::vector<Mapping> all = mappings();
  const auto found = std::ranges::find(all, *number, &Mapping::number);
  // What LVM makes for itself has more behind its UUID, and a name that no LV has.
  if (found == all.end() || !found->uuid.starts_with("LVM-")) return device;
  return lv_of_dm_name(found->name).value_or(device);
}

}  // namespace latchkey
