// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/lvm_admin.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/base/message.hpp"
#include "core/base/read_json.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/keys/rekey_work.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/patient_run.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_command.hpp"

namespace latchkey {
namespace {

constexpr std::chrono::seconds time_for_lvm = std::chrono::minutes(2);

// A host of virtual machines may have thousands of volumes, each a row of more than a hundred
// bytes.
constexpr std::size_t longest_report = 16UL << 20;

// Warnings go to stderr, which must not get between the JSON.
const RunOptions reporting{
    .timeout = time_for_lvm, .merge_stderr = false, .output_limit = longest_report};

// What an lvm report says, as the list of its rows. `command`: as a person types it.
Result<nlohmann::json> rows_of(const Result<RunResult>& ran, const std::string& command,
                               const std::string& kind, const std::string& what) {
  if (!ran) {
    Error error = ran.error();
    if (error.code == Code::missing) error.hint = "run: apt install lvm2";
    return Error{error.code, what, error.why, error.hint};
  }
  const auto json = read_json(ran->output);
  try {
    return json.at("report").at(0).at(kind);
  } catch (const nlohmann::json::exception&) {
    return Error{Code::io, what, "lvm gave no report", "look at: lvm " + command};
  }
}

// A `vgs` that finds a long archive says so in the midst of its JSON.
std::vector<std::string> without_advice(std::vector<std::string> argv) {
  argv.insert(argv.begin() + 1, "-qq");
  return argv;
}

Result<nlohmann::json> report(std::vector<std::string> argv, const std::string& kind,
                              const std::string& what) {
  const std::string command = argv.at(0);
  argv = without_advice(std::move(argv));
  argv.insert(argv.begin(), "lvm");
  return rows_of(run(argv, reporting), command, kind, what);
}

std::uint64_t bytes_of(const nlohmann::json& row, const char* key) {
  return parse_number(row.value(key, ""), ~0UL).value_or(0);
}

// The same without the disks that hang: not for what tells whether a volume is there.
Result<nlohmann::json> report_of_answering(const std::vector<std::string>& argv,
                                           const std::string& kind, const std::string& what) {
  return rows_of(run_lvm(without_advice(argv), reporting), argv.at(0), kind, what);
}

// Never killed: LVM suspends a volume in use while it changes it, and killed in between it would
// leave the volume suspended, with everything that uses it.
Result<> lvm(std::vector<std::string> argv, const std::string& what, Code failure) {
  argv.insert(argv.begin(), "lvm");
  auto ran = run_to_its_end(argv, time_for_lvm);
  if (ran && !*ran)
    return Error{Code::timeout, what,
                 "lvm " + argv.at(1) + " has not ended within " +
                     std::to_string(time_for_lvm.count()) +
                     " s; it goes on by itself, since ended half way it could leave the volume "
                     "suspended",
                 "see: pgrep -a lvm, dmesg; when it has ended, run this again"};
  const auto done = only_ok(
      "lvm", ran ? Result<RunResult>(std::move(**ran)) : Result<RunResult>(ran.error()), what);
  if (done) return Ok{};
  Error error = done.error();
  if (error.code == Code::io) error.code = failure;
  if (error.hint.empty()) error.hint = "see: lvm vgs, lvm lvs, lvm pvs";
  return error;
}

bool is_suspended(const std::string& path) {
  std::error_code missing;
  const auto node = std::filesystem::canonical(path, missing);
  return !missing &&
         sys_attribute("/sys/class/block/" + node.filename().string() + "/dm/suspended") == "1";
}

}  // namespace

bool has_tag(const LvInfo& lv, const std::string& tag) {
  return std::ranges::find(lv.tags, tag) != lv.tags.end();
}

Result<VgInfo> find_vg(const std::string& name) {
  const std::string what = "cannot use the volume group '" + printable(name) + "'";
  const auto rows = report({"vgs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o",
                            "vg_name,vg_size,vg_free,vg_extent_size"},
                           "vg", what);
  if (!rows) return rows.error();
  std::vector<std::string> names;
  for (const auto& row : *rows) {
    names.push_back(row.value("vg_name", ""));
    if (names.back() == name)
      return VgInfo{name, bytes_of(row, "vg_size"), bytes_of(row, "vg_free"),
                    bytes_of(row, "vg_extent_size")};
  }
  return Error{Code::missing, what, "there is none of this name",
               names.empty() ? "make one with vgcreate(8)" : "there are: " + join(names, ", ")};
}

Result<std::vector<std::string>> devices_of_vg(const std::string& name) {
  const auto rows = report({"pvs", "--reportformat", "json", "-o", "pv_name,vg_name"}, "pv",
                           "cannot look at the devices of '" + printable(name) + "'");
  if (!rows) return rows.error();
  std::vector<std::string> out;
  for (const auto& row : *rows)
    if (const std::string device = row.value("pv_name", "");
        row.value("vg_name", "") == name && device.starts_with('/'))
      out.push_back(device);
  return out;
}

Result<std::optional<LvInfo>> find_lv(const DeviceRef& lv) {
  const auto rows = report({"lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o",
                            "vg_name,lv_name,lv_size,lv_tags,pool_lv"},
                           "lv", "cannot look for " + lv.text());
  if (!rows) return rows.error();
  for (const auto& row : *rows)
    if (row.value("vg_name", "") == lv.vg && row.value("lv_name", "") == lv.lv)
      return std::optional<LvInfo>(
          LvInfo{bytes_of(row, "lv_size"), split(row.value("lv_tags", ""), ','),
                 !row.value("pool_lv", "").empty()});
  return std::optional<LvInfo>();
}

Result<> create_lv(const DeviceRef& lv, const std::string& size, const std::string& tag,
                   unsigned mirrors) {
  const bool extents = size.find('%') != std::string::npos;
  // LVM refuses bytes that fill no sector, and knows fewer ways to write a size.
  const auto bytes = parse_size(size);
  std::vector<std::string> argv{"lvcreate", "--yes", "--wipesignatures", "y", "--zero", "y"};
  argv.insert(argv.end(), {"--addtag", tag, extents ? "--extents" : "--size",
                           bytes ? std::to_string(*bytes) + "b" : size});
  if (mirrors > 0)
    argv.insert(argv.end(), {"--type", "raid1", "--mirrors", std::to_string(mirrors)});
  argv.insert(argv.end(), {"--name", lv.lv, "--", lv.vg});
  return lvm(std::move(argv), "cannot make the logical volume " + lv.text(), Code::refused);
}

Result<unsigned> mirrors_of(const DeviceRef& lv) {
  // A backup of the others waits for no disk that hangs.
  const auto rows = report_of_answering(
      {"lvs", "--reportformat", "json", "-o", "vg_name,lv_name,segtype,stripes"}, "lv",
      "cannot look for mirrors of " + lv.text());
  if (!rows) return rows.error();
  for (const auto& row : *rows)
    if (row.value("vg_name", "") == lv.vg && row.value("lv_name", "") == lv.lv)
      return mirrors_like(row.value("segtype", ""), row.value("stripes", ""));
  return 0U;
}

Result<std::vector<std::string>> groups_with_lv(const std::string& name) {
  const auto rows = report_of_answering({"lvs", "--reportformat", "json", "-o", "vg_name,lv_name"},
                                        "lv", "cannot look for '" + name + "'");
  if (!rows) return rows.error();
  std::vector<std::string> out;
  for (const auto& row : *rows)
    if (row.value("lv_name", "") == name) out.push_back(row.value("vg_name", ""));
  return out;
}

Result<> grow_lv(const DeviceRef& lv, std::uint64_t bytes) {
  const auto now = find_lv(lv);
  if (!now) return now.error();
  if (!*now)
    return Error{Code::missing, "cannot grow " + lv.text(), "there is no such logical volume",
                 missing_disk_hint()};
  if ((*now)->size >= bytes) {
    // Left so by an lvextend that somebody killed: it would stop whatever reads it next.
    if (is_suspended(lv.path())) (void)refresh_lv(lv);
    return Ok{};
  }
  return lvm({"lvextend", "--size", std::to_string(bytes) + "b", "--", lv.text()},
             "cannot grow " + lv.text(), Code::refused);
}

Result<> tag_lv(const DeviceRef& lv, const std::string& tag) {
  return lvm({"lvchange", "--addtag", tag, "--", lv.text()}, "cannot put a tag on " + lv.text(),
             Code::io);
}

Result<> untag_lv(const DeviceRef& lv, const std::string& tag) {
  const auto now = find_lv(lv);
  if (!now) return now.error();
  if (!*now || !has_tag(**now, tag)) return Ok{};
  return lvm({"lvchange", "--deltag", tag, "--", lv.text()}, "cannot take the tag off " + lv.text(),
             Code::io);
}

Result<Snapshots> snapshots_of(const DeviceRef& lv) {
  const auto rows =
      report_of_answering({"lvs", "--reportformat", "json", "-o", "vg_name,lv_name,origin,lv_attr"},
                          "lv", "cannot look for snapshots of " + lv.text());
  if (!rows) return rows.error();
  Snapshots found;
  bool listed = false;
  for (const auto& row : *rows) {
    if (row.value("vg_name", "") != lv.vg) continue;
    listed = true;
    // lvs(8): the first attribute is s, or S while it is merging; of a thin one it is V. One that
    // is merging may not be listed: what it is merged into has O then.
    const std::string kind = row.value("lv_attr", "").substr(0, 1);
    if (row.value("lv_name", "") == lv.lv && kind == "O") found.merging = true;
    if (row.value("origin", "") != lv.lv) continue;
    if (kind == "S") found.merging = true;
    if (kind == "s" || kind == "S") found.classic.push_back(row.value("lv_name", ""));
    if (kind == "V") found.thin.push_back(row.value("lv_name", ""));
  }
  // Left out with a disk that was only slow: who destroys must not take that for none.
  if (!listed)
    return Error{Code::io, "cannot look for snapshots of " + lv.text(),
                 "LVM does not list its volume group just now",
                 "does its disk answer? look at: dmesg, lvm lvs"};
  return found;
}

Result<> is_not_merging(const Snapshots& found, const DeviceRef& lv, const std::string& what) {
  if (!found.merging) return Ok{};
  return Error{Code::refused, what,
               "a snapshot is being merged back into " + lv.text() +
                   ", and what is written now would be undone by it",
               "see: lvm lvs -a " + lv.vg +
                   "; a merge that waits takes place when the volume is activated next, at the "
                   "next boot at the latest; run this again behind it"};
}

Result<> remove_lv(const DeviceRef& lv) {
  const auto now = find_lv(lv);
  if (!now) return now.error();
  if (!*now) return Ok{};
  const std::string what = "cannot remove the logical volume " + lv.text();
  for (const Mapping& mapping : mappings_on(lv.path()))
    return Error{Code::busy, what, "'" + mapping.name + "' lies on it",
                 "close what uses it (dmsetup ls --tree), then run this again"};
  return lvm({"lvremove", "--yes", "--", lv.text()}, what, Code::busy);
}

}  // namespace latchkey
