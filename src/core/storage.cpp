// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage.hpp"

#include <algorithm>
#include <array>

#include "core/lists.hpp"

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

bool has(const Lines& list, const char* word) {
  return std::ranges::find(list, word) != list.end();
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

Lines default_storage_modules() {
  return storage_modules({.targets = {"raid", "mirror", "thin", "snapshot"}, .md_levels = {}});
}

}  // namespace latchkey
