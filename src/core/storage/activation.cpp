// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/activation.hpp"

#include <algorithm>

namespace latchkey {

std::vector<ActivationAttempt> activation_attempts(std::chrono::seconds patience,
                                                   std::chrono::seconds limit) {
  std::vector<ActivationAttempt> out{{std::min(patience, limit), false}};
  const auto whole_only =
      std::max(out.front().after, std::min(std::chrono::seconds(10), limit / 2));
  for (auto at = whole_only; at < limit; at += std::max(at, std::chrono::seconds(1)))
    out.push_back({at, true});
  return out;
}

std::vector<std::string> possible_lvs(const std::vector<DeviceRef>& devices) {
  std::vector<std::string> out;
  for (const DeviceRef& device : devices)
    if (device.may_be_lv()) out.push_back(device.text());
  return out;
}

}  // namespace latchkey
