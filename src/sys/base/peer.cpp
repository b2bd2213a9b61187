// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/peer.hpp"

#include <sys/socket.h>
#include <unistd.h>

namespace latchkey {

bool peer_is_same_user(int socket) noexcept {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.uid == ::geteuid();
}

}  // namespace latchkey
