// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/image.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/image/then_build.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "core/mount/cryptroot.hpp"
#include "core/network/address.hpp"
#include "core/storage/storage.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/writable_by_others.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/image/image_tree.hpp"
#include "sys/image/kernel_lacks.hpp"
#include "sys/image/late_storage.hpp"
#include "sys/image/zfs_root.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/luks/header_modules.hpp"
#include "sys/network/network_cards.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

// The private directory of the image.
constexpr const char* own = "/etc/latchkey";

// Where udev shows the device, in real life or below a test's root.
std::string device_path(const Paths& paths, const DeviceRef& device) {
  return paths.root + device.path();
}

// What the image needs beside our own programs.
struct Wanted {
  std::vector<std::string> modules{};
  std::vector<std::string> programs{};
  std::vector<Error> warnings{};
};

// Adds what the storage below a path needs; `shown`: how it is configured.
void want_storage(Wanted& wanted, const Paths& paths, const std::string& path,
                  const std::string& shown) {
  const Storage storage = storage_of(paths.root, path);
  add_once(wanted.modules, storage.drivers);
  add_once(wanted.modules, storage_modules(storage.layers));
  for (const StorageTool& tool : storage_tools(storage.layers)) {
    if (::access((paths.root + tool.program).c_str(), X_OK) == 0)
      add_once(wanted.programs, tool.program);
    else
      wanted.warnings.push_back(
          {Code::missing, "early boot may not find " + shown,
           "'" + tool.program + "', which its storage needs, is not installed",
           "run: apt install " + tool.package});
  }
}

// Adds what one device's header and the storage below it need; the usual, and a warning,
// when it cannot be read now: absent disks and chroots must not fail a kernel's update.
// `header`: where it is when it is not on the device itself.
void want_device(Wanted& wanted, const Paths& paths, const DeviceRef& device,
                 const std::string& header) {
  const auto woken = awake(paths.root, device);  // the keys volume's LV rests
  const std::string path = device_path(paths, device);
  want_storage(wanted, paths, path, device.text());
  if (is_device_path(header)) want_storage(wanted, paths, paths.root + header, header);
  auto names = header_modules(header.empty() ? path : paths.root + header);
  if (names) {
    add_once(wanted.modules, *names);
    return;
  }
  Error error = names.error();
  error.hint =
      "the image gets the modules of the usual ciphers and storage; if this volume uses "
      "another one, attach it and run: update-initramfs -u -k all";
  wanted.warnings.push_back(std::move(error));
  add_once(wanted.modules, default_cipher_modules());
  add_once(wanted.modules, default_storage_modules());
}

Wanted wanted_by(const Paths& paths, const EarlyInputs& inputs) {
  // ext4 with its checksum is the keys volume's; udhcpc needs packet sockets. IPv6 is a module
  // in some kernels (Raspberry Pi's), which the kernel asks for when Dropbear opens its socket.
  Wanted out{.modules = {"dm_mod", "dm_crypt", "ext4", "crypto-crc32c", "af_packet", "ipv6"}};
  // Those that hang are waited for together; want_device has their answers then.
  std::vector<std::string> headers;
  if (inputs.config) headers.push_back(device_path(paths, inputs.config->keys.device));
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes)
      headers.push_back(volume.header.empty() ? device_path(paths, volume.device)
                                              : paths.root + volume.header);
  (void)ask_disks(headers);
  if (inputs.config) want_device(out, paths, inputs.config->keys.device, "");
  if (inputs.volumes)
    for (const Volume& volume : *inputs.volumes)
      want_device(out, paths, volume.device, volume.header);
  add_once(out.modules, card_modules(network_cards(paths.root)));
  add_once(out.modules, watchdog_modules(paths.root));
  add_once(out.modules, inputs.link_modules);
  return out;
}

// Takes back everything that opens the door, and says what the image is.
Result<> make_boot_on(const ImageRequest& request, const ImageInfo& info) {
  ImageTree tree(request.tree);
  tree.remove(own);
  tree.remove("/usr/lib/latchkey");
  tree.directory(own, 0700);
  tree.file(std::string(own) + "/image", to_text(info), 0600);
  return tree.result();
}

Error no_way_on(const Error& fault, const std::string& kernel) {
  return {Code::refused, "this image could not be unlocked over ssh, so it is not built",
          sentence(fault), then_build(fault.hint, kernel)};
}

Result<ImageOutcome> boot_on(const ImageRequest& request, const EarlyInputs& inputs,
                             ImageOutcome outcome) {
  if (inputs.root_is_a_volume) return no_way_on(outcome.faults.front(), request.kernel);
  outcome.info.wait = false;
  outcome.info.reason = sentence(outcome.faults.front());
  outcome.orders.clear();
  if (auto made = make_boot_on(request, outcome.info); !made) return made.error();
  return outcome;
}

// A header kept in a file lies at the same path in the image. One that cannot be
// read costs only its volume, and `check` tells of it.
void copy_headers(ImageTree& tree, const ImageRequest& request, const EarlyInputs& inputs) {
  const Paths& paths = request.paths;
  if (!inputs.volumes) return;
  for (const Volume& volume : *inputs.volumes) {
    if (!header_in_file(volume) || ::access((paths.root + volume.header).c_str(), R_OK) != 0)
      continue;
    for (std::size_t at = 1; (at = volume.header.find('/', at)) != std::string::npos; ++at)
      if (const std::string parent = volume.header.substr(0, at);
          ::access((request.tree + parent).c_str(), F_OK) != 0)
        tree.directory(parent, 0700);
    tree.copy(paths.root + volume.header, volume.header, 0600);
  }
}

Result<> write_tree(const ImageRequest& request, const EarlyInputs& inputs, const ImageInfo& info) {
  const std::string base = own;
  ImageTree tree(request.tree);
  tree.directory("/etc", 0755);
  tree.directory(base, 0700);
  tree.directory(base + "/hostkeys", 0700);
  tree.directory(image_home, 0700);
  tree.directory(std::string(image_home) + "/.ssh", 0700);
  for (const ImageFile& file : image_files(inputs)) tree.file(file.path, file.text, 0600);
  for (const HostKey& key : inputs.host_keys)
    tree.copy(key.path, base + "/hostkeys/" + key.file, 0600);
  copy_headers(tree, request, inputs);
  tree.edit("/etc/passwd", image_passwd);
  tree.edit("/etc/group", image_group);
  tree.edit("/etc/shells", image_shells);
  // The DHCP server is told it; what another hook put there stays.
  const auto host = read_file(request.paths.root + "/etc/hostname", 4096);
  if (const std::string name = host ? hostname_in(*host) : ""; !name.empty())
    tree.edit("/etc/hostname", [&](std::string_view existing) {
      return hostname_in(existing).empty() ? name + "\n" : std::string(existing);
    });
  // A test's root has no LVM, and an image for partitions alone may have none.
  if (request.paths.root.empty() && ::access((request.tree + "/etc/lvm").c_str(), F_OK) == 0)
    if (const std::string id = lvm_system_id(); !id.empty())
      tree.edit("/etc/lvm/lvmlocal.conf",
                [&](std::string_view existing) { return image_lvmlocal(existing, id); });
  tree.directory("/usr/lib/latchkey", 0755);
  tree.link(image_unlocker, image_dhcp_event);
  // Last: without it the boot scripts do nothing.
  tree.file(base + "/image", to_text(info), 0600);
  return tree.result();
}

}  // namespace

Result<ImageOutcome> stage_image(const ImageRequest& request) {
  ImageOutcome outcome;
  if (::access(request.paths.etc("latchkey.conf").c_str(), F_OK) != 0 && errno == ENOENT)
    return outcome;
  const auto made = make_host_keys(request.paths);
  const EarlyInputs inputs = read_early_inputs(request.paths);
  outcome.configured = true;
  outcome.info.version = LATCHKEY_VERSION;
  outcome.info.config = inputs.digest;
  outcome.warnings = inputs.warnings;
  // No fault: an image that boots on would lock its owner out for it.
  for (Error& warning : files_of_others(request.paths, inputs.volumes))
    outcome.warnings.push_back(std::move(warning));
  outcome.faults = inputs.faults;
  if (!request.boot_on.empty())
    outcome.faults.insert(outcome.faults.begin(), {Code::refused, request.boot_on, "", ""});
  // Worth a fault only when it leaves early boot without any key.
  if (!made) {
    if (inputs.host_keys.empty())
      outcome.faults.insert(outcome.faults.begin(), made.error());
    else
      outcome.warnings.push_back(made.error());
  }
  // All other hooks have run. root's login in the image stays theirs then.
  for (Error& fault : cryptroot_faults(request.tree, inputs))
    outcome.faults.push_back(std::move(fault));
  if (!outcome.faults.empty()) return boot_on(request, inputs, std::move(outcome));

  // Once for all that look below it: each waking is two calls of LVM.
  std::optional<WokenLv> woken;
  if (inputs.config && request.paths.root.empty()) woken.emplace(inputs.config->keys.device);
  const Wanted wanted = wanted_by(request.paths, inputs);
  outcome.warnings.insert(outcome.warnings.end(), wanted.warnings.begin(), wanted.warnings.end());
  // Other packages' hooks have run.
  for (Finding& late : late_storage(request, inputs))
    outcome.warnings.push_back(std::move(late.text));
  // No image of this kernel helps; the gate sees to it that another one is started.
  const KernelLacks lacks = kernel_lacks(request.paths, request.kernel, inputs);
  for (const auto& list : {lacks.faults, lacks.warnings})
    outcome.warnings.insert(outcome.warnings.end(), list.begin(), list.end());
  for (const auto& name : wanted.modules) outcome.orders.push_back("module " + name);
  for (const auto& program : wanted.programs)
    outcome.orders.push_back("exec " + request.paths.root + program + " " + program);
  for (const char* program : {image_unlocker, image_dropbear})
    outcome.orders.push_back("exec " + request.paths.root + program + " " + program);
  if (auto written = write_tree(request, inputs, outcome.info); !written) return written.error();
  return outcome;
}

Result<ImageOutcome> judge_image(const ImageRequest& request) {
  ImageOutcome outcome;
  const auto text = read_file(request.tree + own + "/image");
  if (!text) return outcome;
  outcome.configured = true;
  const auto info = parse_image_info(*text);
  if (info) outcome.info = *info;
  if (info && !info->wait) return outcome;
  if (::access((request.paths.root + other_early_ssh_script).c_str(), F_OK) == 0 &&
      !asked_by_zfs(request.paths))
    outcome.warnings.push_back(other_early_ssh());
  if (info)
    outcome.faults = image_faults(request, *info);
  else
    outcome.faults.push_back(info.error());
  if (outcome.faults.empty()) return outcome;
  return boot_on(request, read_early_inputs(request.paths), std::move(outcome));
}

}  // namespace latchkey
