// SPDX-License-Identifier: GPL-3.0-or-later
// What early ssh of a built image is, kept so that `status` need not unpack it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sys/config/setup.hpp"

namespace latchkey {

struct ImageDoor {
  std::uint16_t port = 22;
  std::size_t keys = 0;  ///< that may log in

  bool operator==(const ImageDoor&) const = default;
};

/// Takes the root of an unpacked image; gives the port that early ssh listens on there, and how
/// many keys it knows. Nothing for an image that waits for nobody.
[[nodiscard]] std::optional<ImageDoor> read_door(const std::string& tree);

/// Writes it down for this image file in /etc/latchkey/images; nothing for an image without early
/// ssh. The file may be renamed, and is known by its size and time. Never fails: what could not be
/// written is not known later.
void remember_door(const Paths& paths, const std::string& image, const std::string& tree) noexcept;

/// What was written down for the image as it is now. Nothing where none was, or may be read.
[[nodiscard]] std::optional<ImageDoor> remembered_door(const Paths& paths,
                                                       const std::string& image);

}  // namespace latchkey
