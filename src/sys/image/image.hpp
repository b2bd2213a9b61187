// SPDX-License-Identifier: GPL-3.0-or-later
// What the initramfs hook has done in C++: filling an image's tree, and judging
// it when everything else is in place.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/image/image.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

struct ImageRequest {
  Paths paths{};
  std::string tree{};    ///< the image's root while it is being built (DESTDIR)
  std::string kernel{};  ///< version of the kernel it is for
  std::string boot_on{};  ///< staging: not empty: it has to boot on, for this reason
};

/// What came of staging or judging.
struct ImageOutcome {
  bool configured = false;  ///< false: nothing was done, the image is not ours
  ImageInfo info{};
  std::vector<Error> faults{};  ///< why the image boots on
  std::vector<Error> warnings{};
  /// Left for the shell, which has initramfs-tools' own functions: `module NAME`
  /// and `exec SOURCE DESTINATION`.
  std::vector<std::string> orders{};
};

/// Makes missing host keys and writes the configuration files of the image,
/// each with its final mode, private ones readable by root only. With faults
/// the image is made to boot on: it gets none of them. Fails with Code::refused
/// when there are faults and root itself is one of the volumes (booting on would
/// lead nowhere: the old image is better), Code::io when the tree cannot be
/// written.
[[nodiscard]] Result<ImageOutcome> stage_image(const ImageRequest& request);

/// Looks whether all that early ssh and the unlocker need is in the tree; else
/// turns it into one that boots on, and takes back what opens the door. Fails
/// like stage_image.
[[nodiscard]] Result<ImageOutcome> judge_image(const ImageRequest& request);

/// What keeps the image with this tree, which says `info` of itself, from being unlocked over
/// early ssh; empty: nothing. What was configured since it was made is no fault of it.
/// Their hints say what has to be done first, if anything, and leave the building to the caller
/// (then_build).
[[nodiscard]] std::vector<Error> image_faults(const ImageRequest& request, const ImageInfo& info);

/// What is missing in it for single volumes that early boot can go on without, or for IPv6 where
/// no fixed address needs it, and what it knows of the disks that is no longer so.
[[nodiscard]] std::vector<Error> image_doubts(const ImageRequest& request);

/// What is missing in it for a keys volume with this type of file system, which only an open
/// one tells.
[[nodiscard]] std::vector<Error> keys_type_faults(const ImageRequest& request,
                                                  const std::string& type);

}  // namespace latchkey
