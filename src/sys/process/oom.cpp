// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/oom.hpp"

#include <fcntl.h>

#include <string_view>

#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

void score(std::string_view value) noexcept {
  const Fd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  if (fd) (void)write_all(fd.get(), value);
}

}  // namespace

void spare_from_oom_killer() noexcept { score("-1000"); }
void be_usual_for_oom_killer() noexcept { score("0"); }
void offer_to_oom_killer() noexcept { score("500"); }

}  // namespace latchkey
