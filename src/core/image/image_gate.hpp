// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of an image that update-initramfs has just put in place.
#pragma once

#include <optional>
#include <vector>

#include "core/base/result.hpp"
#include "core/image/image.hpp"

namespace latchkey {

/// What a boot of a finished image comes to.
struct ImageVerdict {
  enum class Kind {
    unlocks,   ///< it waits, and can be unlocked over early ssh
    boots_on,  ///< it does not wait: root's own sshd, closed volumes
    lost,      ///< it waits where nobody can answer, or leads nowhere
    unknown    ///< it could not be looked into, which need not be its own fault
  };
  Kind kind = Kind::unlocks;
  std::vector<Error> faults{};  ///< why it does not unlock; empty for `unlocks` alone
  ImageInfo info{};             ///< what it says of itself, where it does
  std::vector<Error> doubts{};  ///< what is wrong with it and locks nobody out
  std::vector<Error> warnings{};  ///< what is so of it, and no fault: told when it is built
};

/// All that the decision needs to know.
struct GateFacts {
  ImageVerdict fresh{};                ///< of the image that was just built
  std::optional<ImageVerdict> last{};  ///< of the one that it replaced, where that is kept
  bool root_is_a_volume = false;       ///< booting on would lead nowhere
  /// Without this image the boot loader would start another kernel, which has one.
  bool another_kernel = false;
  /// That kernel drives the card or the disk which this one has no driver for.
  bool better_kernel = false;
};

enum class GateStep {
  keep,          ///< it unlocks
  keep_warning,  ///< it boots on, and the machine can be reached; or nothing is known of it
  restore,       ///< the one that it replaced is better
  boot_on,       ///< build it again, so that it boots on
  withdraw,      ///< remove it, so that the boot loader starts another kernel
  keep_lost      ///< nothing better is there
};

/// Takes the facts, gives the step. The best that leaves a way in: an image with which the
/// machine can be reached stays, unless its kernel lacks what another has; else the last such one,
/// else one that boots on, else the image of another kernel.
[[nodiscard]] GateStep gate_step(const GateFacts& facts);

}  // namespace latchkey
