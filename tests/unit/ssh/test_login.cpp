// SPDX-License-Identifier: GPL-3.0-or-later
// Over which ssh connection a command was called that sudo has between.
#include <cstdlib>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/ssh/login.hpp"

using namespace latchkey;

namespace {

// A shell of an ssh login (30), sudo below it (40) and below that another one (50).
std::string processes(const test::TempFolder& folder) {
  const auto put = [&](int pid, int parent, const std::string& environment) {
    const std::string at = folder.path() + "/proc/" + std::to_string(pid);
    REQUIRE(make_directories(at, 0755));
    REQUIRE(write_file(at + "/environ", environment, 0600));
    REQUIRE(write_file(at + "/status", "Name:\tx\nPPid:\t" + std::to_string(parent) + "\n", 0644));
  };
  const std::string nul(1, '\0');
  put(30, 20, "HOME=/root" + nul + "SSH_CONNECTION=192.0.2.99 50022 192.0.2.10 22" + nul);
  put(40, 30, "XSSH_CONNECTION=no" + nul + "HOME=/root" + nul);
  put(50, 40, "");
  put(20, 20, "");  // above itself: no end
  return folder.path();
}

}  // namespace

TEST_CASE("the ssh connection of a login is found above sudo") {
  const test::TempFolder folder;
  const std::string root = processes(folder);
  const char* const own = std::getenv("SSH_CONNECTION");
  const std::string kept = own == nullptr ? "" : own;
  ::unsetenv("SSH_CONNECTION");
  CHECK(ssh_connection(root, 50) == "192.0.2.99 50022 192.0.2.10 22");
  CHECK(ssh_connection(root, 30) == "192.0.2.99 50022 192.0.2.10 22");
  CHECK(ssh_connection(root, 20).empty());
  CHECK(ssh_connection(root, 1).empty());
  CHECK(ssh_connection(root, 99).empty());
  ::setenv("SSH_CONNECTION", "its own", 1);
  CHECK(ssh_connection(root, 50) == "its own");
  if (own == nullptr)
    ::unsetenv("SSH_CONNECTION");
  else
    ::setenv("SSH_CONNECTION", kept.c_str(), 1);
}
