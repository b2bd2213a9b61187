// SPDX-License-Identifier: GPL-3.0-or-later
// A LUKS header to be looked at: what only looks must not write, and libcryptsetup
// repairs a damaged second copy wherever it can write.
#pragma once

#include <utility>

#include "core/base/result.hpp"
#include "sys/luks/luks.hpp"
#include "sys/storage/loop.hpp"

namespace latchkey {

class HeaderView {
 public:
  /// Loads the header through a device that cannot be written to. Fails as
  /// LoopDevice::attach and LuksDevice::open.
  [[nodiscard]] static Result<HeaderView> open(const LuksPlace& place);

  [[nodiscard]] const LuksDevice& luks() const noexcept { return luks_; }

 private:
  HeaderView(LoopDevice loop, LuksDevice luks) : loop_(std::move(loop)), luks_(std::move(luks)) {}

  LoopDevice loop_;  // in this order: it goes last
  LuksDevice luks_;
};

}  // namespace latchkey
