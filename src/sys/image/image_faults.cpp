// SPDX-License-Identifier: GPL-3.0-or-later
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/base/lists.hpp"
#include "core/config/own_package.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "core/network/address.hpp"
#include "core/storage/storage_confs.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/card_faults.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/image/door_faults.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/image/image.hpp"
#include "sys/image/place_faults.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/luks/header_modules.hpp"
#include "sys/network/network_cards.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

constexpr const char* taken_away = "see which hook in /etc/initramfs-tools/hooks takes it away";

// Whoever tells of them says how the image is built again: for its kernel, since the newest
// one's, which `update-initramfs -u` alone builds, may be another.
class Faults {
 public:
  explicit Faults(const ImageRequest& request) : request_(request) {}

  // One of the paths has to be there.
  void need(const std::vector<std::string>& any, const std::string& what, const std::string& hint) {
    if (!std::ranges::any_of(any, [&](const std::string& path) { return in_image(path); }))
      list.push_back({Code::missing, what, "'" + any.front() + "' is not in the image", hint});
  }

  // The same of a program, which has to be one.
  void program(const std::vector<std::string>& any, const std::string& what,
               const std::string& hint) {
    const auto good = [&](const std::string& path) { return is_program(request_.tree + path); };
    if (std::ranges::any_of(any, good)) return;
    const auto there = std::ranges::find_if(any, [&](const auto& path) { return in_image(path); });
    if (there == any.end())
      need(any, what, hint);
    else
      list.push_back({Code::missing, what, "'" + *there + "' in the image cannot be run", hint});
  }

  void add(std::vector<Error> faults) { std::ranges::move(faults, std::back_inserter(list)); }

  void module(const std::string& name, bool all, const std::string& what) {
    const auto found = find_module(request_.paths.root, request_.kernel, name);
    const auto there = [&](const std::string& file) {
      return has_module_file(request_.tree, file);
    };
    const bool good =
        found && ((!all && found->built_in) || (all ? std::ranges::all_of(found->files, there)
                                                    : std::ranges::any_of(found->files, there)));
    if (good) return;
    const std::string why = found ? "its module is not in the image"
                                  : "the kernel " + request_.kernel + " has no module for it";
    list.push_back({Code::kernel, what, why, "see that the kernel's package is installed whole"});
  }

  // A module in some kernels. Who sees to it that the machine cannot load it wants none.
  void ipv6() {
    if (find_module(request_.paths.root, request_.kernel, "ipv6"))
      module("ipv6", true, "early boot could not be reached over IPv6: 'ipv6' is missing");
  }

  // All that a volume needs.
  void device(const DeviceRef& device, const std::string& header, const std::string& whose) {
    const auto woken = awake(request_.paths.root, device);  // the keys volume's LV rests
    ciphers(device, header, whose);
    storage(device.path(), whose);
    if (is_device_path(header)) storage(header, "the header of " + whose);
  }

  // Copies of what finds the disks, which the distribution's hooks take as they are. Only
  // where one is: an image may lack LVM, and a copy that another hook has laid elsewhere
  // is never read.
  void copies() {
    const std::string lvm = "/etc/lvm";
    const std::string local = lvm + "/lvmlocal.conf";
    if (in_image(lvm) && !in_image(lvm + "/lvm")) {
      copy(lvm + "/lvm.conf", same_settings);
      copy(lvm + "/devices/system.devices", same_lvm_devices);
      const std::string id = request_.paths.root.empty() ? lvm_system_id() : "";
      copy(local, [&](std::string_view image, std::string_view host) {
        return same_settings(image, id.empty() ? std::string(host) : image_lvmlocal(host, id));
      });
    }
    if (in_image("/etc/mdadm/mdadm.conf")) copy("/etc/mdadm/mdadm.conf", same_arrays);
  }

  // The name that DHCP is told, unless the configuration has one of its own.
  void host_name(const NetworkConfig& network) {
    if (network.method != NetworkConfig::Method::dhcp || !network.hostname.empty()) return;
    const std::string now = name_in(request_.paths.root);
    const std::string then = name_in(request_.tree);
    if (now.empty() || then.empty() || now == then) return;
    list.push_back({Code::config, "early boot would ask DHCP for an address as '" + then + "'",
                    "this machine is called '" + now + "' now", ""});
  }

  std::vector<Error> list{};

 private:
  static std::string name_in(const std::string& root) {
    const auto text = read_file(root + "/etc/hostname", 4096);
    return text ? printable(hostname_in(*text)) : "";
  }

  [[nodiscard]] bool in_image(const std::string& path) const {
    return ::access((request_.tree + path).c_str(), F_OK) == 0;
  }

  template <class Same>
  void copy(const std::string& path, Same same) {
    const auto image = read_file(request_.tree + path);
    const auto host = read_file(request_.paths.root + path);
    if (!same(image ? *image : "", host ? *host : ""))
      list.push_back({Code::config, "early boot may not find every disk",
                      "'" + path + "' in the image is not what it is on this machine now", ""});
  }

  // What the header on a device, or apart from it, asks of the kernel. What an unreadable
  // one needs is not known, so nothing is found missing: in a chroot no LV can be woken.
  void ciphers(const DeviceRef& device, const std::string& header, const std::string& whose) {
    const auto names =
        header_modules(request_.paths.root + (header.empty() ? device.path() : header));
    if (!names) return;
    for (const std::string& name : *names)
      if (!implied_module(name) || find_module(request_.paths.root, request_.kernel, name))
        module(name, false, "the kernel could not open " + whose + ": '" + name + "' is missing");
  }

  // What the disks and layers below a device ask for. They change without a word to
  // Latchkey: an LV becomes thin, a group grows onto a disk of another kind. What this kernel
  // has no module for is told of the kernel (kernel_lacks), and a tool that is not installed
  // was told when the image was built.
  void storage(const std::string& path, const std::string& whose) {
    const Storage below = storage_of(request_.paths.root, request_.paths.root + path);
    std::vector<std::string> names = below.drivers;
    add_once(names, storage_modules(below.layers));
    for (const std::string& name : names)
      if (find_module(request_.paths.root, request_.kernel, name))
        module(name, true, "early boot could not find " + whose + ": '" + name + "' is missing");
    for (const StorageTool& tool : storage_tools(below.layers))
      if (::access((request_.paths.root + tool.program).c_str(), X_OK) == 0)
        program({tool.program}, "early boot could not find " + whose, taken_away);
  }

  const ImageRequest& request_;
};

// Without a fixed address, IPv4 may well be enough.
bool needs_ipv6(const ImageRequest& request, const NetworkConfig& network) {
  return std::ranges::any_of(known_plans(request.paths.root, network), has_fixed_v6);
}

}  // namespace

std::vector<Error> image_faults(const ImageRequest& request, const ImageInfo& info) {
  const EarlyInputs inputs = read_early_inputs(request.paths);
  const std::string busybox =
      "run: apt install busybox (BUSYBOX=n in /etc/initramfs-tools leaves it out: take that "
      "line away)";
  Faults faults(request);
  faults.program({image_unlocker}, "the unlocker is missing", install_again);
  faults.program({image_dropbear}, "the ssh server of early boot is missing", install_again);
  faults.program({"/bin/sh"}, "there is no shell for the boot scripts", "run: apt install busybox");
  faults.program({"/bin/ip", "/sbin/ip"}, "the program 'ip' is missing", busybox);
  if (!inputs.config || inputs.config->network.method == NetworkConfig::Method::dhcp)
    faults.program({"/sbin/udhcpc", "/bin/udhcpc"}, "the DHCP client 'udhcpc' is missing", busybox);
  if (inputs.config && inputs.volumes && needs_lvm(inputs.config->keys.device, *inputs.volumes))
    faults.program({"/sbin/lvm"}, "the program 'lvm' is missing", "run: apt install lvm2");
  faults.need({"/usr/lib/udev/rules.d/55-dm.rules", "/lib/udev/rules.d/55-dm.rules"},
              "udev's rules for device-mapper are missing", "run: apt install dmsetup");
  faults.module("dm_crypt", true, "the kernel could not open any volume: dm-crypt is missing");
  for (const std::string& name : inputs.link_modules)
    faults.module(name, true, "early boot could not reach its network: '" + name + "' is missing");
  faults.add(door_faults(request, info, inputs));
  faults.add(cryptroot_faults(request.tree, inputs));
  const NetworkConfig network = inputs.config ? inputs.config->network : NetworkConfig{};
  faults.add(card_faults(request, planned_cards(request.paths.root, network)));
  if (needs_ipv6(request, network)) faults.ipv6();
  // Once for both that look below it.
  std::optional<WokenLv> woken;
  if (inputs.config && request.paths.root.empty()) woken.emplace(inputs.config->keys.device);
  faults.add(place_faults(request.paths, request.tree));
  if (inputs.config) faults.device(inputs.config->keys.device, "", "the keys volume");
  // Without any other volume the machine boots on.
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes)
      if (needed_by_boot(volume))
        faults.device(volume.device, volume.header, needed_volume_text(volume));
  return faults.list;
}

std::vector<Error> image_doubts(const ImageRequest& request) {
  const EarlyInputs inputs = read_early_inputs(request.paths);
  Faults faults(request);
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes)
      if (!needed_by_boot(volume))
        faults.device(volume.device, volume.header, "'" + volume.name + "'");
  faults.copies();
  if (inputs.config) {
    faults.host_name(inputs.config->network);
    if (!needs_ipv6(request, inputs.config->network)) faults.ipv6();
  }
  return faults.list;
}

std::vector<Error> keys_type_faults(const ImageRequest& request, const std::string& type) {
  Faults faults(request);
  faults.module(type, true,
                "the kernel could not mount the keys volume: '" + type + "' is missing");
  for (Error& fault : faults.list)
    fault.hint = "add " + type +
                 " to /etc/initramfs-tools/modules, and run: update-initramfs -u -k " +
                 request.kernel;
  return faults.list;
}

}  // namespace latchkey
