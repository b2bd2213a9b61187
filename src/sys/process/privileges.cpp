// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace latchkey {

void keep_capabilities(Capabilities kept) noexcept {
  // The bounding set first: it takes a capability to shrink it. It is what would give root
  // the others back as it executes something. The kernel knows fewer than 64.
  for (int number = 0; number < 64; ++number) {
    if ((kept & capability(number)) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(number), 0, 0, 0) != 0) break;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return;
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i].permitted &= static_cast<std::uint32_t>(kept >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  ::syscall(SYS_capset, &header, data.data());
}

}  // namespace latchkey
