// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace latchkey {
namespace {

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

Fd new_socket() { return Fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); }

}  // namespace

std::string socket_path(const Paths& paths) { return paths.run("early/socket"); }

Result<Fd> listen_for_clients(const Paths& paths) {
  const std::string path = socket_path(paths);
  const std::string what = "cannot listen on '" + path + "'";
  if (auto made = make_directories(paths.run(), 0755); !made) return made.error();
  if (auto made = make_directories(paths.run("early"), 0700); !made) return made.error();
  ::unlink(path.c_str());
  Fd fd = new_socket();
  const sockaddr_un address = address_of(path);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd.get(), 64) != 0)
    return system_error(errno, what);
  return fd;
}

Result<Fd> connect_to_coordinator(const Paths& paths) {
  Fd fd = new_socket();
  const sockaddr_un address = address_of(socket_path(paths));
  if (fd && ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;
  return Error{Code::missing, "cannot reach the unlocker", std::strerror(errno), ""};
}

}  // namespace latchkey
