// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/plan/plan_text.hpp"

#include <cstddef>
#include <variant>

namespace latchkey {
namespace {

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
