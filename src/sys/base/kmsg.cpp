// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/kmsg.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {

void kmsg(const std::string& text, Loudness loudness) noexcept {
  const Fd fd(::open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return;
  // One write is one record; the kernel cuts what is longer than about 1 KiB.
  const std::string line = "<" + std::to_string(static_cast<int>(loudness)) + ">latchkey: " +
                           printable(text, 850) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), line.data(), line.size());
}

}  // namespace latchkey
