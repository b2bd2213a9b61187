// SPDX-License-Identifier: GPL-3.0-or-later
// A process of one test's own, in whose mount namespace it may do as it likes.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "support/catch.hpp"
#include "sys/base/fd.hpp"

namespace latchkey::test {

inline constexpr int no_privilege = 77;

// Runs `body` in a process with a mount namespace of its own and an empty /mnt;
// its complaint (empty: none) is given back. The test's own world sees nothing.
inline std::string alone(const std::function<std::string()>& body) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755") != 0)
      ::_exit(no_privilege);
    const std::string complaint = body();
    (void)write_all(ends[1], complaint);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string complaint;
  char buffer[512];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    complaint.append(buffer, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == no_privilege) {
    skip("no mount namespace here (needs root)");
    return {};
  }
  return status == 0 ? complaint : "the test's process died";
}

// Adds `text` to a complaint where something does not hold.
inline std::string expect(bool holds, const std::string& text) { return holds ? "" : text + "; "; }

}  // namespace latchkey::test
