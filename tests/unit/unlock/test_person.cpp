// SPDX-License-Identifier: GPL-3.0-or-later
// Who types: their accounts, by the login and by sudo.
#include <stdlib.h>
#include <sys/mount.h>

#include <fstream>

#include "core/base/text.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/unlock/person.hpp"

using namespace latchkey;

TEST_CASE("whoever became root by su, doas or sudo is known by the account of the login") {
  const std::string complaint = test::alone([]() -> std::string {
    // What pam_loginuid(8) writes at a login, and nothing changes afterwards.
    const auto log_in_as = [](const char* number) {
      std::ofstream("/mnt/loginuid") << number;
      return read_file("/proc/self/loginuid") && *read_file("/proc/self/loginuid") == number;
    };
    const auto now = [] { return join(accounts_here(), " "); };
    ::unsetenv("SUDO_USER");
    std::ofstream("/mnt/loginuid") << "0";
    if (::mount("/mnt/loginuid", "/proc/self/loginuid", nullptr, MS_BIND, nullptr) != 0)
      return "cannot make up logins";
    if (!log_in_as("65534")) return "cannot make up a login";
    std::string out = test::expect(now() == "nobody root", "su: " + now());
    out += test::expect(who_types().comment == "nobody", "the log: " + who_types().comment);
    ::setenv("SUDO_USER", "daemon", 1);
    out += test::expect(now() == "nobody daemon root", "sudo -u, then sudo: " + now());
    ::setenv("SUDO_USER", "nobody", 1);
    out += test::expect(now() == "nobody root", "sudo: " + now());
    if (!log_in_as("4294967295")) return "cannot make up that nobody is logged in";
    out += test::expect(now() == "nobody root", "sudo without a login: " + now());
    ::unsetenv("SUDO_USER");
    if (!log_in_as("0")) return "cannot make up a login of root";
    return out + test::expect(now() == "root", "root: " + now());
  });
  CHECK(complaint == "");
}
