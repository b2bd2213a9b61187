// SPDX-License-Identifier: GPL-3.0-or-later
// The steps of `latchkey init`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/device_ref.hpp"
#include "core/unfinished.hpp"
#include "latchkey/steps.hpp"
#include "sys/lvm.hpp"
#include "sys/secret.hpp"

namespace latchkey {

/// What the steps of one run share. The values in `work`: `vg`, `size`, `uuid` (of the
/// LUKS header), `tag` (that marks the LV as ours), `authorized_keys` (the text).
struct InitRun {
  const Globals& globals;
  Unfinished work{};
  /// The new passphrase; held until the file system is made.
  std::optional<Secret> passphrase{};
  std::unique_ptr<WokenLv> woken{};

  [[nodiscard]] DeviceRef lv() const;
};

/// The steps in their order. `run` outlives them.
[[nodiscard]] std::vector<WorkStep> init_steps(InitRun& run);

/// True when the LV `run.lv()` carries the tag of this work. Fails as find_lv.
[[nodiscard]] Result<bool> lv_is_ours(const InitRun& run);

/// Why an LV of this name cannot be taken: what lies on it, and what to do.
[[nodiscard]] Error foreign_lv(const DeviceRef& lv);

}  // namespace latchkey
