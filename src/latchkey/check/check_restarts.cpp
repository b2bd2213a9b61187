// SPDX-License-Identifier: GPL-3.0-or-later
// Would the machine restart with nobody there? It then waits for the passphrase.
#include <unistd.h>

#include "latchkey/check/check.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

constexpr const char* automatic_reboot = "Unattended-Upgrade::Automatic-Reboot";

// As unattended-upgrades itself reads it: apt knows which of its files and lines count. A
// test's root names itself in the one file that apt reads first.
bool restarts_by_itself(const std::string& root) {
  RunOptions options{.timeout = std::chrono::seconds(10), .merge_stderr = false};
  if (!root.empty()) options.environment.push_back("APT_CONFIG=" + root + "/etc/apt/root.conf");
  const auto ran = run({"apt-config", "shell", "REBOOT", std::string(automatic_reboot) + "/b",
                        "PERIOD", "APT::Periodic::Unattended-Upgrade"},
                       options);
  return ran && ran->status == 0 && ran->output.find("REBOOT='true'") != std::string::npos &&
         ran->output.find("PERIOD='0'") == std::string::npos;
}

}  // namespace

Findings check_restarts(const Paths& paths) {
  if (::access((paths.root + "/usr/bin/unattended-upgrade").c_str(), X_OK) != 0) return {};
  if (!restarts_by_itself(paths.root)) return {};
  return {doubtful({Code::config, "this machine restarts by itself after some upgrades",
                    "apt's configuration has " + std::string(automatic_reboot) +
                        " \"true\"; early boot then waits until somebody gives the passphrase",
                    "set it to \"false\" in /etc/apt/apt.conf.d, or see to it that somebody is "
                    "there at that hour (Unattended-Upgrade::Automatic-Reboot-Time)"})};
}

}  // namespace latchkey
