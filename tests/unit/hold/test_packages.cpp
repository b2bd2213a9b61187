// SPDX-License-Identifier: GPL-3.0-or-later
// What is asked of dpkg.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/packages.hpp"

using namespace latchkey;

TEST_CASE("whoever installs packages is known by the lock that apt and dpkg take") {
  const test::TempFolder folder;
  const std::string root = folder.path();
  CHECK_FALSE(package_manager(root));
  REQUIRE(make_directories(root + "/var/lib/dpkg", 0755));
  for (const char* lock : {"/var/lib/dpkg/lock-frontend", "/var/lib/dpkg/lock"}) {
    REQUIRE(write_file(root + lock, "", 0640));
    CHECK_FALSE(package_manager(root));
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      const int file = ::open((root + lock).c_str(), O_RDWR);
      struct flock wanted {};
      wanted.l_type = F_WRLCK;
      if (::fcntl(file, F_SETLK, &wanted) == 0) (void)!::write(ends[1], "x", 1);
      while (true) ::pause();
    }
    ::close(ends[1]);
    char taken = 0;
    CHECK(::read(ends[0], &taken, 1) == 1);
    CHECK(package_manager(root) == pid);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    ::close(ends[0]);
    CHECK_FALSE(package_manager(root));
  }
}
