// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/message.hpp"

#include <cstdio>

namespace latchkey {
namespace {

std::string lines(const std::string& program, const char* kind, const Error& error) {
  std::string out = program + ": " + kind + ": " + sentence(error) + "\n";
  if (!error.hint.empty()) out += program + ": hint: " + error.hint + "\n";
  return out;
}

struct Progress {
  std::string operator()(const ActivateLvs&) const {
    return "waiting for devices that are not there yet";
  }
  std::string operator()(const ReadKeys&) const {
    return "trying the passphrase on the keys volume; the key derivation takes a moment";
  }
  std::string operator()(const CheckFs& a) const { return "checking '" + a.volume + "'"; }
  std::string operator()(const ReleaseUnit& a) const { return "starting '" + a.unit + "'"; }
  std::string operator()(const StopUnit& a) const { return "stopping '" + a.unit + "'"; }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

struct Success {
  std::string operator()(const ReadKeys&) const {
    return "the passphrase is right; the keys are read and the keys volume is closed";
  }
  std::string operator()(const OpenVolume& a) const { return "'" + a.volume + "' is open"; }
  std::string operator()(const MountFs& a) const { return "'" + a.volume + "' is mounted"; }
  std::string operator()(const ReleaseUnit& a) const { return "'" + a.unit + "' is released"; }
  std::string operator()(const StopUnit& a) const { return "'" + a.unit + "' is stopped"; }
  std::string operator()(const UnmountFs& a) const { return "'" + a.volume + "' is unmounted"; }
  std::string operator()(const CloseVolume& a) const { return "'" + a.volume + "' is closed"; }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

}  // namespace

std::string sentence(const Error& error) {
  return error.why.empty() ? error.what : error.what + ": " + error.why;
}

std::string error_text(const std::string& program, const Error& error) {
  return lines(program, "error", error);
}

std::string warning_text(const std::string& program, const Error& error) {
  return lines(program, "warning", error);
}

std::string duration_text(double seconds) {
  char text[64];
  if (seconds < 10)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else if (seconds < 120)
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  else
    std::snprintf(text, sizeof text, "%d min %d s", static_cast<int>(seconds) / 60,
                  static_cast<int>(seconds) % 60);
  return text;
}

std::string failing_disk_hint() {
  return "see: dmesg; once its disk is well: latchkey lock, then: release-services";
}

std::string missing_disk_hint() { return "is its disk there? look at: lvm lvs, lsblk"; }

std::string unread_disk_hint() { return "see: dmesg; " + missing_disk_hint(); }

std::string by_hooks() {
  return "have a program in /etc/latchkey/hooks.d/released, and in failed beside it for when "
         "something else is down,";
}

std::string plan_text(const Plan& plan) {
  if (plan.steps.empty()) return "nothing to do\n";
  std::string out;
  for (std::size_t i = 0; i < plan.steps.size(); ++i)
    out += std::to_string(i + 1) + "  " + describe(plan.steps[i].action) + "\n";
  return out;
}

std::string progress_text(const Action& action) { return std::visit(Progress{}, action); }
std::string success_text(const Action& action) { return std::visit(Success{}, action); }

}  // namespace latchkey
