// SPDX-License-Identifier: GPL-3.0-or-later
// Work on many units of systemd from one process: each question and each order is one
// program for all of them, however many there are at the same moment.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/plan/execute.hpp"

namespace latchkey {

class UnitBatch {
 public:
  UnitBatch() = default;
  UnitBatch(const UnitBatch&) = delete;
  UnitBatch& operator=(const UnitBatch&) = delete;
  virtual ~UnitBatch() = default;

  /// One unit more. `step` is what its end is told by.
  virtual void add(std::size_t step, const std::string& unit) = 0;

  /// Queues what was added since the last look, and looks at all that is under way. Gives
  /// what has ended. Takes as long as systemctl does.
  [[nodiscard]] virtual std::vector<Ended> look() = 0;

  [[nodiscard]] virtual bool idle() const noexcept = 0;
  /// How long to wait before looking again is worth it.
  [[nodiscard]] virtual std::chrono::milliseconds pause() const noexcept = 0;
};

}  // namespace latchkey
