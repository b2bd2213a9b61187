// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/known_lv.hpp"

#include <sys/stat.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "core/base/read_json.hpp"
#include "sys/storage/lvm_command.hpp"

namespace latchkey {

namespace {

// What LVM says of one group; its status says whether that was found, and only once. Throws for
// what is no report.
nlohmann::json rows_of_group(const std::string& vg, const std::string& fields) {
  const auto ran = run_lvm({"vgs", "-qq", "--reportformat", "json", "-o", fields, "--", vg},
                           {.timeout = std::chrono::minutes(1), .merge_stderr = false});
  const nlohmann::json said = ran && ran->status == 0 ? read_json(ran->output) : nlohmann::json();
  return said.at("report").at(0).at("vg");
}

// A disk that was away has an older list, which may be the only one to be seen.
bool is_whole(const nlohmann::json& row, const std::string& vg) {
  return row.at("vg_name") == vg && row.at("vg_missing_pv_count") == "0";
}

}  // namespace

KnownLv look_up_lv(const DeviceRef& lv) {
  const std::string group = "vg_name,vg_missing_pv_count";
  try {
    const nlohmann::json lvs = rows_of_group(lv.vg, group + ",lv_name");
    for (const auto& row : lvs) {
      if (!is_whole(row, lv.vg)) return KnownLv::unsure;
      if (row.at("lv_name") == lv.lv) return KnownLv::there;
    }
    if (!lvs.empty()) return KnownLv::absent;
    // One that is empty has no row then.
    const nlohmann::json rows = rows_of_group(lv.vg, group);
    return rows.size() == 1 && is_whole(rows.at(0), lv.vg) ? KnownLv::absent : KnownLv::unsure;
  } catch (const nlohmann::json::exception&) {
    return KnownLv::unsure;
  }
}

bool disks_are_ours() {
  struct stat first {};
  struct stat here {};
  return ::stat("/proc/1/root/", &first) == 0 && ::stat("/", &here) == 0 &&
         first.st_dev == here.st_dev && first.st_ino == here.st_ino;
}

}  // namespace latchkey
