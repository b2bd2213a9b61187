// SPDX-License-Identifier: GPL-3.0-or-later
// The network's part of the unlocker below a root of the test's own, and a
// stand-in for Dropbear. Which of them it is, and where the root is, its own
// name says: ROOT/usr/sbin/latchkey-unlock WORD, ROOT/usr/lib/latchkey/dhcp-event
// EVENT, ROOT/usr/lib/latchkey/dropbear -p PORT; ROOT/usr/sbin/latchkey-unlock session KEY
// WORD for what an ssh login reaches, and console TERMINAL.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "unlock/command.hpp"

namespace {

// Listens, and forks a session for each connection as the real one does.
int dropbear(int argc, char* argv[]) {
  int port = 0;
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string(argv[i]) == "-p") port = std::atoi(argv[i + 1]);
  const int listener = ::socket(AF_INET6, SOCK_STREAM, 0);
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(static_cast<std::uint16_t>(port));
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  if (::listen(listener, 5) != 0) return 1;
  ::signal(SIGCHLD, SIG_IGN);
  while (true) {
    const int client = ::accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    if (::fork() == 0) {
      ::close(listener);
      ::setsid();
      char byte = 0;
      while (::read(client, &byte, 1) > 0) {
      }
      ::_exit(0);
    }
    ::close(client);
  }
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::string self = argv[0];
  const std::size_t usr = self.find("/usr/");
  if (usr == std::string::npos) return 2;
  const latchkey::Paths paths{self.substr(0, usr)};
  const std::string name = self.substr(self.rfind('/') + 1);
  const std::string word = argc > 1 ? argv[1] : "";
  if (name == "dropbear") return dropbear(argc, argv);
  if (name == "dhcp-event") return latchkey::dhcp_event(paths, word.c_str());
  if (word == "door") return latchkey::door(paths);
  if (word == "farewell") return latchkey::farewell(paths);
  if (word == "session" && argc == 4) {
    const auto said = latchkey::parse_word(argv[3]);
    if (!said) return 2;
    return latchkey::client(paths, {.key = std::atoi(argv[2]), .word = *said});
  }
  if (word == "console" && argc == 3) return latchkey::console(paths, argv[2]);
  return 2;
}
