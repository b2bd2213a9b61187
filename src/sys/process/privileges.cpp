// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace latchkey {

void drop_capabilities(Keep keep) noexcept {
  // The bounding set first: it takes a capability to shrink it. It is what would give root
  // the others back as it executes something. The kernel knows fewer than 64.
  for (unsigned long capability = 0; capability < 64; ++capability)
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) break;
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> kept{};
  if (keep == Keep::restart) {
    kept[0].effective = 1U << static_cast<unsigned>(CAP_SYS_BOOT);
    kept[0].permitted = kept[0].effective;
  }
  ::syscall(SYS_capset, &header, kept.data());
}

}  // namespace latchkey
