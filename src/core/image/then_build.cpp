// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/then_build.hpp"

namespace latchkey {

std::string then_build(const std::string& first, const std::string& kernel) {
  if (first.find("update-initramfs") != std::string::npos) return first;
  return (first.empty() ? "mend that" : first) + "; then run: update-initramfs -u -k " + kernel;
}

}  // namespace latchkey
