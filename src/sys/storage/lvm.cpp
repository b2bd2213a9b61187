// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/lvm.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "core/base/text.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm_command.hpp"

namespace latchkey {
namespace {

// The logical volumes of a name, in whichever groups of the other name.
std::string selection(const DeviceRef& lv) {
  return "vg_name=\"" + lv.vg + "\" && lv_name=\"" + lv.lv + "\"";
}

Result<RunResult> activate_selected(const std::string& selected, const char* how) {
  return run_lvm({"lvchange", "--activate", how, "--ignoreactivationskip", "--select", selected});
}

}  // namespace

Result<> activate_lvs(const std::vector<std::string>& names, bool degraded) {
  // Thin snapshots carry a flag that has them skipped, and lvchange succeeds all the same. One
  // that somebody configured here is wanted.
  std::vector<std::string> argv{"lvchange",
                                "--ignoreactivationskip",
                                "--activationmode",
                                degraded ? "degraded" : "complete",
                                "--activate",
                                "y",
                                "--"};
  argv.insert(argv.end(), names.begin(), names.end());
  const std::string what = "cannot activate " + join(names, ", ");
  auto result = run_lvm(argv);
  if (!result) {
    Error error = result.error();
    if (error.code == Code::missing) error.hint = "install the package lvm2";
    return Error{error.code, what, error.why, error.hint};
  }
  if (result->status == 0) return Ok{};
  const auto lines = split_lines(trim(result->output));
  return Error{Code::missing, what, lines.empty() ? "" : printable(trim(lines.back())),
               "is every disk of the volume group there?"};
}

bool refresh_lv(const DeviceRef& lv) {
  const auto done = run_lvm({"lvchange", "--refresh", "--", lv.text()});
  return done && done->status == 0;
}

bool choose_twin(const DeviceRef& lv, const std::function<bool()>& ours) {
  if (lv.kind != DeviceRef::Kind::lv) return false;
  const auto listed = run_lvm(
      {"vgs", "-qq", "--noheadings", "-o", "vg_uuid", "--select", "vg_name=\"" + lv.vg + "\""},
      {.timeout = std::chrono::seconds(60), .merge_stderr = false});
  if (!listed || listed->status != 0) return false;
  std::vector<std::string> groups;
  for (const std::string_view line : split_lines(listed->output))
    if (!trim(line).empty()) groups.emplace_back(trim(line));
  // The only one of its name is not for this to activate: it may lack a disk that is late.
  if (groups.size() < 2) return false;
  const auto there = [&] { return device_ready(lv.path()); };
  for (const std::string& group : groups) {
    // Those in use stay: they are refused.
    (void)activate_selected(selection(lv), "n");
    (void)activate_selected("vg_uuid=\"" + group + "\" && lv_name=\"" + lv.lv + "\"", "y");
    if (wait_for_devices(there, std::chrono::seconds(3)) && ours()) return true;
  }
  return false;
}

std::string lv_health(const std::string& lv) {
  const auto said = run_lvm({"lvs", "--noheadings", "-o", "lv_health_status", "--", lv});
  if (!said || said->status != 0) return "";
  const auto lines = split_lines(trim(said->output));
  return lines.empty() ? "" : printable(trim(lines.back()));
}

Result<> deactivate_lv(const DeviceRef& lv) {
  if (!block_device(lv.path())) return Ok{};
  const std::string what = "cannot deactivate " + lv.text();
  await_removed_mappings(lv.path());
  for (const Mapping& mapping : mappings_on(lv.path()))
    return Error{Code::busy, what, "'" + mapping.name + "' lies on it",
                 "see what uses it: dmsetup ls --tree"};
  const auto done = only_ok("lvm", run_lvm({"lvchange", "--activate", "n", "--", lv.text()}), what);
  if (done) return Ok{};
  // Where another group has its group's name, LVM wants more than the name.
  (void)activate_selected(selection(lv), "n");
  return block_device(lv.path()) ? Result<>(done.error()) : Result<>(Ok{});
}

void await_activation_at_boot(const std::string& vg) {
  using std::chrono::seconds;
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  // Before, udev may not have got as far as starting it.
  (void)run({"udevadm", "settle", "--timeout=30"}, {.timeout = seconds(40)});
  const std::string unit = "lvm-activate-" + vg + ".service";
  while (std::chrono::steady_clock::now() < deadline) {
    const auto active =
        run({"systemctl", "is-active", "--quiet", "--", unit}, {.timeout = seconds(10)});
    if (!active || active->status != 0) return;
    ::poll(nullptr, 0, 200);
  }
}

bool lv_exists(const DeviceRef& lv) {
  if (lv.kind != DeviceRef::Kind::lv) return false;
  const auto listed = run_lvm({"lvs", "--noheadings", "-o", "lv_name", "--", lv.text()});
  return listed && listed->status == 0;
}

std::string lvm_system_id() {
  const auto said =
      run({"lvm", "systemid"}, {.timeout = std::chrono::seconds(60), .merge_stderr = false});
  if (!said || said->status != 0) return "";
  const std::size_t colon = said->output.find(": ");
  if (colon == std::string::npos) return "";
  const std::string id(trim(std::string_view(said->output).substr(colon + 2)));
  // LVM makes it of the characters of its names; nothing else may come into its configuration.
  return valid_lvm_name(id) ? id : "";
}

WokenLv::WokenLv(const DeviceRef& device) : device_(device) {
  if (device.kind != DeviceRef::Kind::lv || block_device(device.path())) return;
  // What it cannot activate is told by whoever looks for the device next.
  woken_ = static_cast<bool>(activate_lvs({device.text()}));
}

WokenLv::~WokenLv() {
  if (woken_) (void)deactivate_lv(device_);
}

std::optional<WokenLv> awake(const std::string& root, const DeviceRef& device) {
  if (!root.empty()) return std::nullopt;
  return std::optional<WokenLv>(std::in_place, device);
}

}  // namespace latchkey
