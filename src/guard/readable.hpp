// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration as far as it can be read: who asks the guard needs an answer, also
// when a file has errors.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/config/volume.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

/// Is told what could not be read.
using Complain = std::function<void(const Error&)>;

/// The text of a file; empty when it is not there, and when it cannot be read, or is a link that
/// leads nowhere, of which `complain` is told.
[[nodiscard]] std::string text_of(const std::string& path, const Complain& complain);

/// The configured volumes; none when the file cannot be read or has errors. `complain` is
/// told, also of a file that is not there.
[[nodiscard]] std::vector<Volume> readable_volumes(const Paths& paths, const Complain& complain);

}  // namespace latchkey
