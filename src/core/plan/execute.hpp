// SPDX-License-Identifier: GPL-3.0-or-later
// The one loop that carries a plan out. Promises 3 (idempotent), 5 (one
// volume's fault is its own) and 8 (the exit status is the truth) are
// properties of this loop and are tested on it with fake effects.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/mount/fsck.hpp"
#include "core/plan/plan.hpp"

namespace latchkey {

/// A step that ended: which one, and how. The text is a detail for people
/// (`clean`, `repaired`), may be empty.
struct Ended {
  std::size_t step = 0;
  Result<std::string> result = std::string();
};

/// The outside world, as the loop sees it.
class Effects {
 public:
  virtual ~Effects() = default;
  /// Begins a step and returns at once. It is called in the order of the plan.
  virtual void start(std::size_t index, const Action& action) = 0;
  /// Waits until some started step has ended; called only while one runs.
  virtual Ended wait() = 0;
};

/// Who is told.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void started(const Step&) {}
  virtual void finished(const Step&, const std::string& /*detail*/) {}
  virtual void failed(const Step&, const Error&) {}
  /// `lacking` is what was needed and is not so.
  virtual void skipped(const Step&, const std::string& /*lacking*/) {}
  /// How far the check of this volume's file system is.
  virtual void progress(const std::string& /*volume*/, const CheckProgress&) {}
  /// Something that people should know, of no step's result.
  virtual void note(const std::string& /*text*/) {}
};

/// How one step came out.
struct StepOutcome {
  enum class Kind { done, failed, skipped };
  Kind kind = Kind::skipped;
  Error error{};  ///< for failed; for skipped, `why` names what is lacking
};

struct Outcome {
  std::vector<StepOutcome> steps{};  ///< one for each step of the plan
  bool any_goal = false;             ///< something that was asked for is so
  bool passphrase_denied = false;    ///< the keys volume did not take the passphrase

  [[nodiscard]] bool complete() const;
  /// 0 when every step is done; Code::partial when some of what was asked is
  /// so; the one cause when nothing is (a wrong passphrase, say).
  [[nodiscard]] int status() const;
};

/// Carries out the plan: begins every step as soon as what it needs is so, and
/// never one whose needs cannot become so. A failure makes nothing, so only
/// what depends on it is skipped. Returns when nothing runs and nothing more
/// can begin.
[[nodiscard]] Outcome execute(const Plan& plan, Effects& effects, Reporter& reporter);

}  // namespace latchkey
