// SPDX-License-Identifier: GPL-3.0-or-later
// Quadlets: files from which Podman makes units for containers, pods and their volumes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units/unit_file.hpp"

namespace latchkey {

/// A file `NAME.container`, `.pod`, `.volume` or `.kube`.
struct Quadlet {
  std::string name{};  ///< with what it ends in, without its directory
  std::string file{};  ///< for messages
  std::vector<UnitSetting> settings{};
};

/// True for the name of such a file.
[[nodiscard]] bool is_quadlet(std::string_view name);

/// The unit that Podman makes of it: `web.service` for `web.container` and `web.kube`,
/// `web-pod.service` for `web.pod`; another one where the file says so.
[[nodiscard]] std::string unit_of_quadlet(const Quadlet& quadlet);

/// True when the boot starts it: it has an [Install] of its own, or such a one of `all` is in its
/// pod, or uses its volume.
[[nodiscard]] bool quadlet_starts(const Quadlet& quadlet, std::span<const Quadlet> all);

/// True when it names `place` (a mount point) or what lies below it as something that it takes,
/// binds a directory above it (not `/`) without what is mounted there later, or uses one of `all`
/// that is a volume there.
[[nodiscard]] bool quadlet_uses(const Quadlet& quadlet, std::span<const Quadlet> all,
                                std::string_view place);

}  // namespace latchkey
