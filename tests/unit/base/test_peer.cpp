// SPDX-License-Identifier: GPL-3.0-or-later
// Who is let in to a socket that anybody could reach.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/peer.hpp"
#include "sys/process/worker.hpp"

using namespace latchkey;

namespace {

constexpr uid_t nobody = 65534;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

Fd stream() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

}  // namespace

TEST_CASE("Must 7: who connects as another user is not let in, whatever the socket's mode") {
  const test::TempFolder folder;
  const std::string path = folder.file("socket");
  const sockaddr_un address = address_of(path);
  const auto* const where = reinterpret_cast<const sockaddr*>(&address);
  const Fd listener = stream();
  REQUIRE(::bind(listener.get(), where, sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 2) == 0);

  const Fd ours = stream();
  REQUIRE(::connect(ours.get(), where, sizeof address) == 0);
  const Fd first(::accept(listener.get(), nullptr, nullptr));
  CHECK(peer_is_same_user(first.get()));
  CHECK_FALSE(peer_is_same_user(-1));
  CHECK_FALSE(peer_is_same_user(::fileno(stdin)));

  if (::geteuid() != 0) {
    test::skip("another user is nobody's to be (needs root)");
    return;
  }
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  REQUIRE(::chmod(path.c_str(), 0777) == 0);
  auto other = Worker::fork([&](Channel& channel) {
    const Fd theirs = stream();
    const bool reached = ::setresuid(nobody, nobody, nobody) == 0 &&
                         ::connect(theirs.get(), where, sizeof address) == 0;
    (void)channel.send(reached ? 'r' : 'f');
    return channel.receive() ? 0 : 1;  // stays until it has been looked at
  });
  REQUIRE(other);
  const auto said = other->channel().receive();
  REQUIRE(said);
  REQUIRE(said->type == 'r');
  const Fd second(::accept(listener.get(), nullptr, nullptr));
  REQUIRE(second);
  CHECK_FALSE(peer_is_same_user(second.get()));
}
