// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/setup.hpp"

#include <algorithm>

namespace latchkey {

const Volume* find_volume(const Setup& setup, std::string_view name) {
  const auto found = std::ranges::find(setup.volumes, name, &Volume::name);
  return found == setup.volumes.end() ? nullptr : &*found;
}

}  // namespace latchkey
