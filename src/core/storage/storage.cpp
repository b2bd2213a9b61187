// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/storage.hpp"

#include <algorithm>
#include <array>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

using Lines = std::vector<std::string>;

struct Needs {
  std::string_view layer;
  Lines modules;
};

// dm_raid asks for the personality of md by itself, and only when it is needed.
const std::array<Needs, 16>& targets() {
  static const std::array<Needs, 16> all{
      {{"linear", {}},
       {"striped", {}},
       {"error", {}},
       {"zero", {}},
       {"crypt", {"dm_crypt"}},
       {"raid", {"dm_raid", "raid0", "raid1", "raid10", "raid456"}},
       {"mirror", {"dm_mirror"}},
       {"thin", {"dm_thin_pool"}},
       {"thin-pool", {"dm_thin_pool"}},
       {"snapshot", {"dm_snapshot"}},
       {"snapshot-origin", {"dm_snapshot"}},
       {"snapshot-merge", {"dm_snapshot"}},
       {"cache", {"dm_cache", "dm_cache_smq"}},
       {"writecache", {"dm_writecache"}},
       {"integrity", {"dm_integrity"}},
       {"multipath", {"dm_multipath"}}}};
  return all;
}

bool has(const Lines& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

// iSCSI's scripts are in every image while open-iscsi is installed: they connect only to
// what they are told. Debian 12 starts multipath in images, others its daemon. No package
// connects NVMe in early boot: where its tool is in an image, a script of the owner's does.
const std::array<LateLayer, 10>& all_late() {
  static const std::array<LateLayer, 10> all{
      {{.kind = "multipath",
        .words = "multipath",
        .programs = {"/sbin/multipathd", "/sbin/multipath"},
        .package = "multipath-tools-boot",
        .also_without = true},
       {.kind = "iscsi",
        .words = "a LUN over iSCSI",
        .programs = {"/sbin/iscsistart"},
        .package = "open-iscsi",
        .settings = "/etc/iscsi.initramfs",
        .options = {"iscsi"},
        .served = true},
       {.kind = "nbd",
        .words = "a network block device",
        .programs = {"/sbin/nbd-client"},
        .package = "nbd-client",
        .options = {"nbdroot=", "nbddev=", "root=/dev/nbd"},
        .served = true},
       {.kind = "nvmeof",
        .words = "NVMe over a network",
        .programs = {"/usr/sbin/nvme", "/sbin/nvme"},
        .served = true},
       {.kind = "zd", .words = "a volume of ZFS"},
       {.kind = "etherd", .words = "ATA over Ethernet", .served = true},
       {.kind = "rnbd", .words = "a block device over RDMA", .served = true},
       {.kind = "drbd", .words = "DRBD"},
       {.kind = "rbd", .words = "a block device of Ceph", .served = true},
       {.kind = "loop", .words = "a loop device"}}};
  return all;
}

}  // namespace

Lines storage_modules(const StorageLayers& layers) {
  Lines out;
  for (const std::string& target : layers.targets) {
    const auto known = std::ranges::find(targets(), target, &Needs::layer);
    add_once(out, known != targets().end() ? known->modules : Lines{"dm-" + target});
  }
  for (const std::string& level : layers.md_levels) {
    const bool parity = level == "raid4" || level == "raid5" || level == "raid6";
    add_once(out, "md_mod");
    add_once(out, parity ? "raid456" : level);
  }
  return out;
}

std::vector<StorageTool> storage_tools(const StorageLayers& layers) {
  std::vector<StorageTool> out;
  if (!layers.md_levels.empty()) out.push_back({"/sbin/mdadm", "mdadm"});
  // LVM checks these before it activates them.
  const std::string package = "thin-provisioning-tools";
  if (has(layers.targets, "thin") || has(layers.targets, "thin-pool"))
    out.push_back({"/usr/sbin/thin_check", package});
  if (has(layers.targets, "cache")) out.push_back({"/usr/sbin/cache_check", package});
  return out;
}

std::string session_host(std::string_view directory) {
  const auto parts = split(directory, '/');
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (parts[i].starts_with("session") && parts[i - 1].starts_with("host"))
      return std::string(parts[i - 1]);
  return "";
}

std::string late_kind(std::string_view name, std::string_view directory) {
  if (!session_host(directory).empty()) return "iscsi";
  if (directory.find("/nvme-fabrics/") != std::string_view::npos) return "nvmeof";
  for (const LateLayer& layer : all_late()) {
    if (!name.starts_with(layer.kind) || name.size() == layer.kind.size()) continue;
    const char next = name[layer.kind.size()];
    // `etherd!e1.1`: a slash in /dev is one of these in /sys.
    if ((next >= '0' && next <= '9') || next == '!') return layer.kind;
  }
  return "";
}

std::vector<LateLayer> late_layers(const StorageLayers& layers) {
  std::vector<LateLayer> out;
  for (const LateLayer& layer : all_late())
    if (has(layers.late, layer.kind) || has(layers.targets, layer.kind)) out.push_back(layer);
  return out;
}

Lines default_storage_modules() {
  return storage_modules({.targets = {"raid", "mirror", "thin", "snapshot"}, .md_levels = {}});
}

}  // namespace latchkey
