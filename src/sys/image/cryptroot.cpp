// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/cryptroot.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/text.hpp"
#include "core/config/device_ref.hpp"
#include "core/mount/cryptroot.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

constexpr std::string_view mapper = "/dev/mapper/";

// What fstab mounts on / and /usr, and the device to resume from, as they are written.
std::vector<std::string> system_devices(const std::string& root) {
  std::vector<std::string> out;
  const std::string fstab = text_or_empty(root + "/etc/fstab");
  for (const std::string_view line : split_lines(fstab)) {
    const std::vector<Field> fields = split_fields(line);
    if (fields.size() > 1 && (fields[1].text == "/" || fields[1].text == "/usr"))
      out.push_back(fields[0].text);
  }
  std::vector<std::string> settings{root + "/etc/initramfs-tools/initramfs.conf"};
  const std::string folder = root + "/etc/initramfs-tools/conf.d";
  for (const std::string& name : names_in(folder)) settings.push_back(folder + "/" + name);
  for (const std::string& file : settings) {
    if (auto value = assigned(text_or_empty(file), "RESUME")) out.push_back(std::move(*value));
  }
  return out;
}

// What of all these the devices are, or lie on through volume groups and arrays.
std::vector<Mapping> mappings_below(const std::vector<dev_t>& devices,
                                    const std::vector<Mapping>& all) {
  std::set<dev_t> below;
  for (const dev_t device : devices) below.merge(all_below(device, all));
  std::vector<Mapping> out;
  for (const Mapping& mapping : all)
    if (below.contains(mapping.number)) out.push_back(mapping);
  return out;
}

std::set<std::string> names_below(const std::vector<dev_t>& devices) {
  std::set<std::string> out;
  for (const Mapping& mapping : mappings_below(devices, stacked_devices()))
    if (!mapping.name.empty()) out.insert(mapping.name);
  return out;
}

// The same for devices as fstab writes them, and for what `/` lies on.
std::set<std::string> mappings_under(const std::string& root,
                                     const std::vector<std::string>& devices) {
  std::set<std::string> out;
  std::vector<dev_t> numbers;
  struct stat info {};
  if (root.empty() && ::stat("/", &info) == 0) numbers.push_back(info.st_dev);
  for (const std::string& spec : devices) {
    const auto device = parse_device_ref(spec);
    if (!device) continue;
    const std::string path = device->path();
    if (path.starts_with(mapper)) out.insert(path.substr(mapper.size()));
    if (const auto number = block_device(root + path)) numbers.push_back(*number);
  }
  out.merge(names_below(numbers));
  return out;
}

// The mappings that the keys volume or a data volume lies on, as the running system has them.
std::set<std::string> carrying(const EarlyInputs& inputs) {
  std::vector<dev_t> numbers;
  const auto add = [&](const DeviceRef& device) {
    if (const auto number = block_device(device.path())) numbers.push_back(*number);
  };
  if (inputs.config) add(inputs.config->keys.device);
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes) add(volume.device);
  return names_below(numbers);
}

using MappingsBelow = std::vector<std::string> (*)(const std::vector<dev_t>& devices,
                                                   const std::vector<Mapping>& all);

Result<> judge_group(const std::string& vg, MappingsBelow below) {
  const auto devices = devices_of_vg(vg);
  if (!devices) return devices.error();
  std::vector<dev_t> numbers;
  for (const std::string& device : *devices)
    if (const auto number = block_device(device)) numbers.push_back(*number);
  const auto inside = below(numbers, stacked_devices());
  return inside.empty() ? Result<>(Ok{}) : Result<>(keys_would_lie_inside(vg, inside.front()));
}

}  // namespace

std::vector<std::string> mappings_of(const EarlyInputs& inputs) {
  std::vector<std::string> out;
  if (inputs.config) out.push_back(inputs.config->keys.mapping);
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes) out.push_back(volume.mapping);
  return out;
}

std::vector<std::string> carriers_of(dev_t keys,
                                     const std::vector<std::pair<std::string, dev_t>>& devices,
                                     const std::vector<Mapping>& all) {
  const std::set<dev_t> below = all_below(keys, all);
  std::vector<std::string> out;
  for (const auto& device : devices)
    if (device.second != keys && below.contains(device.second)) out.push_back(device.first);
  return out;
}

std::vector<std::string> encrypted_below(const std::vector<dev_t>& devices,
                                         const std::vector<Mapping>& all) {
  std::vector<std::string> out;
  for (const Mapping& mapping : mappings_below(devices, all))
    if (encrypts(mapping)) out.push_back(mapping.name);
  return out;
}

std::vector<std::string> encrypted_below_all(const std::vector<dev_t>& devices,
                                             const std::vector<Mapping>& all) {
  std::vector<std::string> out;
  for (const dev_t device : devices) {
    const auto inside = encrypted_below({device}, all);
    if (inside.empty()) return {};
    out.insert(out.end(), inside.begin(), inside.end());
  }
  return out;
}

Result<> lies_outside(const std::string& vg) { return judge_group(vg, encrypted_below); }

Result<> reaches_outside(const std::string& vg) { return judge_group(vg, encrypted_below_all); }

std::string encrypted_around(const DeviceRef& lv) {
  const auto number = block_device(lv.path());
  if (!number) return "";
  const auto inside = encrypted_below({*number}, stacked_devices());
  return inside.empty() ? "" : inside.front();
}

std::vector<Error> keys_inside(const DeviceRef& keys, const std::vector<Volume>& volumes) {
  const auto number = block_device(keys.path());
  if (!number) return {};
  std::vector<std::pair<std::string, dev_t>> devices;
  for (const Volume& volume : volumes)
    if (const auto device = block_device(volume.device.path()))
      devices.emplace_back(volume.name, *device);
  std::vector<Error> out;
  for (const std::string& name : carriers_of(*number, devices, stacked_devices()))
    out.push_back(keys_lie_inside(name));
  return out;
}

std::vector<std::string> opened_by_image(const std::string& tree, const EarlyInputs& inputs) {
  const auto text = read_file(tree + "/cryptroot/crypttab");
  if (!text) return {};
  const OpenedEarly all = [](const std::string&, bool) { return true; };
  return foreign_openings(*text, mappings_of(inputs), carrying(inputs), all);
}

std::vector<std::string> opened_early(const Paths& paths, const EarlyInputs& inputs) {
  const std::string hook = paths.root + "/usr/share/initramfs-tools/hooks/cryptroot";
  const auto text = read_file(paths.root + "/etc/crypttab");
  if (!text || ::access(hook.c_str(), F_OK) != 0) return {};
  const auto under = mappings_under(paths.root, system_devices(paths.root));
  return foreign_openings(
      *text, mappings_of(inputs), carrying(inputs),
      [&](const std::string& mapping, bool marked) { return marked || under.contains(mapping); });
}

std::set<std::string> mappings_under_system() {
  std::vector<dev_t> numbers;
  for (const char* place : {"/", "/usr"}) {
    struct stat info {};
    if (::stat(place, &info) != 0) continue;
    for (const dev_t number : devices_under(place, info.st_dev)) numbers.push_back(number);
  }
  return names_below(numbers);
}

std::vector<Error> cryptroot_faults(const std::string& tree, const EarlyInputs& inputs) {
  std::vector<Error> out;
  for (const std::string& mapping : opened_by_image(tree, inputs))
    out.push_back(foreign_opening(mapping));
  if (inputs.config && inputs.volumes)
    for (Error& fault : keys_inside(inputs.config->keys.device, *inputs.volumes))
      out.push_back(std::move(fault));
  return out;
}

}  // namespace latchkey
