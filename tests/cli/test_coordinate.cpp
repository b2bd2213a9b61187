// SPDX-License-Identifier: GPL-3.0-or-later
// The unlocker's coordinator, where it has nothing to wait for.
#include <sys/mount.h>
#include <unistd.h>

#include "core/plan/message.hpp"
#include "support/alone.hpp"
#include "support/catch.hpp"
#include "sys/config/setup.hpp"
#include "sys/process/process.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

TEST_CASE("with no volume configured yet a boot goes on, and nothing is said to be unlocked") {
  const std::string complaint = test::alone([]() -> std::string {
    for (const char* folder : {"/etc", "/run"})
      if (::mount("tmpfs", folder, "tmpfs", 0, "mode=0755") != 0) return "no tmpfs here";
    const Paths paths;
    for (const std::string& folder : {paths.etc(), paths.run()})
      if (!make_directories(folder, 0755)) return "cannot make " + folder;
    if (!write_file(paths.etc("latchkey.conf"), "[keys]\ndevice = \"vg/no-such-keys\"\n", 0600) ||
        !write_file(paths.etc("volumes"), "", 0600))
      return "cannot write the configuration";
    const auto done = run({LATCHKEY_UNLOCK_PROGRAM, "coordinate"}, {.timeout = 20s});
    if (!done) return sentence(done.error());
    if (done->status != 0) return done->output;
    if (::access(paths.run("boot.json").c_str(), F_OK) == 0) return "there is a report";
    const auto log = read_file(paths.run("early.log"));
    if (!log || log->find("no volume is configured yet") == std::string::npos)
      return "the log does not say why";
    return "";
  });
  CHECK(complaint == "");
}
