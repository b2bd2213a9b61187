// SPDX-License-Identifier: GPL-3.0-or-later
// What is left of an image that somebody looked into.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "support/alone.hpp"
#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/process/blocked_signals.hpp"

using namespace latchkey;

namespace {

// Gives how a child ended that was told to by this signal while it was at work.
int ended_by(int signal) {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::signal(signal, SIG_DFL);  // the tests' own would tell of a failure
    {
      const BlockedSignals held;
      ::raise(signal);
      if (!end_is_asked()) ::_exit(1);
    }
    ::_exit(2);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("who ends the program while it is at work is obeyed when that is tidied up") {
  for (const int signal : {SIGINT, SIGHUP, SIGTERM}) CHECK(ended_by(signal) == signal);
  CHECK_FALSE(end_is_asked());
}

TEST_CASE("under nohup the end of the terminal ends no work") {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::signal(SIGHUP, SIG_IGN);
    const BlockedSignals held;
    ::raise(SIGHUP);
    ::_exit(end_is_asked() ? 1 : 0);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("an unpacked image that a power cut left is removed by whoever unpacks the next") {
  const std::string complaint = test::alone([] {
    if (::mount("tmpfs", "/var/tmp", "tmpfs", 0, "mode=1777") != 0) return std::string("no tmpfs");
    const std::string place = "/var/tmp/latchkey-unpacked-";
    const auto make = [&](const std::string& name, mode_t mode, bool old) {
      const std::string path = place + name;
      (void)::mkdir(path.c_str(), mode);
      (void)write_file(path + "/initrd", "x", 0600);
      const timespec times[2]{{1, 0}, {1, 0}};
      if (old) (void)::utimensat(AT_FDCWD, path.c_str(), times, 0);
    };
    make("left", 0700, true);
    make("new", 0700, false);
    make("used", 0700, true);
    make("theirs", 0700, true);
    make("open", 0755, true);
    if (::chown((place + "theirs").c_str(), 65534, 65534) != 0) return std::string("no chown");
    const Fd used(::open((place + "used").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (::flock(used.get(), LOCK_EX) != 0) return std::string("no lock");
    if (FinishedImage::open("/nonexistent/image")) return std::string("what is not there opened");
    std::string there;
    for (const std::string& name : names_in("/var/tmp")) there += name.substr(18) + " ";
    return there == "new open theirs used " ? "" : there;
  });
  CHECK(complaint == "");
}
