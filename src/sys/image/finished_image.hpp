// SPDX-License-Identifier: GPL-3.0-or-later
// Images as they lie in /boot, looked into after they were built.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/image/boot_menu.hpp"
#include "core/image/image_gate.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/setup.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/process/blocked_signals.hpp"

namespace latchkey {

/// An image, unpacked to where only root can look (it holds host keys) until this goes
/// out of scope. All forms are read: early archives, uncompressed and compressed ones.
/// Until then whoever ends the program waits; what a power cut left is removed by the next one
/// that is opened.
class FinishedImage {
 public:
  /// Unpacks the file with initramfs-tools' own program. Fails with Code::missing
  /// when that or the file is not there, with Code::io when it cannot be unpacked.
  [[nodiscard]] static Result<FinishedImage> open(const std::string& file);

  FinishedImage(FinishedImage&& other) noexcept;
  FinishedImage& operator=(FinishedImage&&) = delete;
  FinishedImage(const FinishedImage&) = delete;
  FinishedImage& operator=(const FinishedImage&) = delete;
  ~FinishedImage();

  /// The directory that is its root.
  [[nodiscard]] const std::string& tree() const { return tree_; }

 private:
  FinishedImage() = default;
  BlockedSignals held_{};  // first: they are let go when all else is gone
  Fd in_use_{};         // locks the directory against whoever removes what is left of others
  std::string scratch_{};
  std::string tree_{};
};

/// What a boot of the kernel of this version with this image comes to. `file` is the
/// image's name in messages, and its size counts: a machine must be able to unpack it.
[[nodiscard]] ImageVerdict judge_finished(const Paths& paths, const FinishedImage& image,
                                          const std::string& file, const std::string& kernel);

/// True for a file on FAT, as /boot is where it is the ESP: its mount says who may read it,
/// and chmod(2) fails.
[[nodiscard]] bool mode_is_the_mounts(const std::string& file);

/// "/boot/initrd.img-VERSION", below a test's root.
[[nodiscard]] std::string image_path(const Paths& paths, const std::string& version);

/// The kernels in /boot (files `vmlinuz-VERSION` or `vmlinux-VERSION`), the newest first, as
/// `linux-version` sorts them; by name where that is not installed.
[[nodiscard]] std::vector<BootKernel> kernels_by_version(const Paths& paths);

/// The same, with those in GRUB's menu in its order.
[[nodiscard]] std::vector<BootKernel> boot_kernels(const Paths& paths);

/// True for a kernel's file that no package owns any more, or a copy put aside: its modules
/// are gone, or its name says so. No image can be built for it.
[[nodiscard]] bool left_over(const Paths& paths, const std::string& version);

/// True where the modules of this kernel are not on this root, and the image `file` has them: what
/// is built now could not mount root. It unpacks the image only where they are not.
[[nodiscard]] bool modules_are_lost(const Paths& paths, const std::string& version,
                                    const std::string& file);

/// What is told of that, and what to do.
[[nodiscard]] Error lost_modules(const std::string& version);

}  // namespace latchkey
