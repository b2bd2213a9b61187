// SPDX-License-Identifier: GPL-3.0-or-later
// What the owner has configured.
#pragma once

#include <string_view>
#include <vector>

#include "core/config/config.hpp"
#include "core/config/volume.hpp"

namespace latchkey {

/// latchkey.conf, the volumes file and the services file.
struct Setup {
  Config config;
  std::vector<Volume> volumes{};
  std::vector<Service> services{};
};

/// The volume named, or nullptr.
[[nodiscard]] const Volume* find_volume(const Setup& setup, std::string_view name);

}  // namespace latchkey
