// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/lvm.hpp"

#include <poll.h>

#include <algorithm>
#include <chrono>

#include "core/text.hpp"
#include "sys/device.hpp"
#include "sys/process.hpp"

namespace latchkey {

Result<> activate_lvs(const std::vector<std::string>& names, bool degraded) {
  std::vector<std::string> argv{
      "lvm", "lvchange", "--activationmode", degraded ? "degraded" : "complete", "--activate",
      "y",   "--"};
  argv.insert(argv.end(), names.begin(), names.end());
  const std::string what = "cannot activate " + join(names, ", ");
  auto result = run(argv, {.timeout = std::chrono::seconds(60)});
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
  return static_cast<bool>(run_ok({"lvm", "lvchange", "--refresh", "--", lv.text()},
                                  "cannot refresh " + lv.text(),
                                  {.timeout = std::chrono::seconds(60)}));
}

std::string lv_health(const std::string& lv) {
  const auto said = run({"lvm", "lvs", "--noheadings", "-o", "lv_health_status", "--", lv},
                        {.timeout = std::chrono::seconds(60)});
  if (!said || said->status != 0) return "";
  const auto lines = split_lines(trim(said->output));
  return lines.empty() ? "" : printable(trim(lines.back()));
}

Result<> deactivate_lv(const DeviceRef& lv) {
  if (!block_device(lv.path())) return Ok{};
  const std::string what = "cannot deactivate " + lv.text();
  // A mapping that the kernel is taking away has lost its name already and is there
  // for a moment more.
  (void)wait_for_devices(
      [&] {
        return std::ranges::none_of(mappings_on(lv.path()),
                                    [](const Mapping& mapping) { return mapping.name.empty(); });
      },
      std::chrono::seconds(5));
  for (const Mapping& mapping : mappings_on(lv.path()))
    return Error{Code::busy, what, "'" + mapping.name + "' lies on it", ""};
  const auto done = run_ok({"lvm", "lvchange", "--activate", "n", "--", lv.text()}, what,
                           {.timeout = std::chrono::seconds(60)});
  if (!done) return done.error();
  return Ok{};
}

void await_activation_at_boot(const std::string& vg) {
  using std::chrono::seconds;
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  // Before, udev may not have got as far as starting it.
  (void)run({"udevadm", "settle", "--timeout=30"}, {.timeout = seconds(40)});
  const std::string unit = "lvm-activate-" + vg + ".service";
  while (std::chrono::steady_clock::now() < deadline) {
    const auto active = run({"systemctl", "is-active", "--quiet", "--", unit},
                            {.timeout = seconds(10)});
    if (!active || active->status != 0) return;
    ::poll(nullptr, 0, 200);
  }
}

bool lv_exists(const DeviceRef& lv) {
  if (lv.kind != DeviceRef::Kind::lv) return false;
  const auto listed = run({"lvm", "lvs", "--noheadings", "-o", "lv_name", "--", lv.text()},
                          {.timeout = std::chrono::seconds(60)});
  return listed && listed->status == 0;
}

WokenLv::WokenLv(const DeviceRef& device) : device_(device) {
  if (device.kind != DeviceRef::Kind::lv || block_device(device.path())) return;
  // What it cannot activate is told by whoever looks for the device next.
  woken_ = static_cast<bool>(activate_lvs({device.text()}));
}

WokenLv::~WokenLv() {
  if (woken_) (void)deactivate_lv(device_);
}

}  // namespace latchkey
