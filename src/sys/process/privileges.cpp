// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace latchkey {
namespace {

using Data = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

// The bounding set is what would give root the others back as it executes something. It takes
// a capability to shrink it. The kernel knows fewer than 64.
void bound_to(Capabilities kept) noexcept {
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((kept >> capability & 1U) != 0) continue;
    if (::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(capability), 0, 0, 0) != 0) break;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

void set_to(Data& data) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  ::syscall(SYS_capset, &header, data.data());
}

}  // namespace

void drop_capabilities(Keep keep) noexcept {
  bound_to(0);
  Data kept{};
  if (keep == Keep::restart) {
    kept[0].effective = 1U << static_cast<unsigned>(CAP_SYS_BOOT);
    kept[0].permitted = kept[0].effective;
  }
  set_to(kept);
}

void keep_capabilities(Capabilities kept) noexcept {
  bound_to(kept);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Data data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return;
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i].permitted &= static_cast<std::uint32_t>(kept >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  set_to(data);
}

}  // namespace latchkey
