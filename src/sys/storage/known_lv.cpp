// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/known_lv.hpp"

#include <sys/stat.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/base/read_json.hpp"
#include "sys/storage/lvm_command.hpp"

namespace latchkey {

KnownLv look_up_lv(const DeviceRef& lv) {
  // Asked for one group, its status says whether that was found, and only once.
  const auto ran = run_lvm(
      {"vgs", "--reportformat", "json", "-o", "vg_name,vg_missing_pv_count,lv_name", "--", lv.vg},
      {.timeout = std::chrono::minutes(1), .merge_stderr = false});
  if (!ran || ran->status != 0) return KnownLv::unsure;
  KnownLv known = KnownLv::unsure;  // a group that is empty has no row
  try {
    const nlohmann::json said = read_json(ran->output);
    for (const auto& row : said.at("report").at(0).at("vg")) {
      // A disk that was away has an older list, which may be the only one to be seen.
      if (row.at("vg_name") != lv.vg || row.at("vg_missing_pv_count") != "0")
        return KnownLv::unsure;
      if (row.at("lv_name") == lv.lv) return KnownLv::there;
      known = KnownLv::absent;
    }
  } catch (const nlohmann::json::exception&) {
    return KnownLv::unsure;
  }
  return known;
}

bool disks_are_ours() {
  struct stat first {};
  struct stat here {};
  return ::stat("/proc/1/root/", &first) == 0 && ::stat("/", &here) == 0 &&
         first.st_dev == here.st_dev && first.st_ino == here.st_ino;
}

}  // namespace latchkey
