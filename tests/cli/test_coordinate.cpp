// SPDX-License-Identifier: GPL-3.0-or-later
// The unlocker's coordinator, without an early boot around it.
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>

#include "cli/keys_header.hpp"
#include "core/base/message.hpp"
#include "core/unlock/wire.hpp"
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

// A loopback on a serial port, or a device that talks there: each line is an answer.
TEST_CASE("a console that answers wrongly for ever does not keep [boot] wait from acting") {
  const std::string complaint = test::alone([]() -> std::string {
    for (const char* folder : {"/etc", "/run"})
      if (::mount("tmpfs", folder, "tmpfs", 0, "mode=0755") != 0) return "no tmpfs here";
    const test::LoopDisk disk("/mnt/keys");
    if (!disk.usable()) return "unusable";
    if (!LuksDevice::format({.place = {.device = disk.path(),
                                       .name = "keys",
                                       .uuid = "0f7a6b1c-2222-4222-8333-444455556666"}},
                            test::secret_of("right"), test::cheap))
      return "cannot make the keys volume";
    const Paths paths;
    for (const std::string& folder : {paths.etc(), paths.run()})
      if (!make_directories(folder, 0755)) return "cannot make " + folder;
    if (!write_file(paths.etc("latchkey.conf"),
                    "[keys]\ndevice = \"" + disk.path() +
                        "\"\n[boot]\nwait = \"1s\"\ndevice_timeout = \"1s\"\n",
                    0600) ||
        !write_file(paths.etc("volumes"), "data no-such-vg/data /srv/no-such-data ext4\n", 0600))
      return "cannot write the configuration";
    // No prompt on the consoles of whoever runs this.
    if (!write_file("/mnt/active", "", 0600) ||
        (::access("/sys/class/tty/console/active", F_OK) == 0 &&
         ::mount("/mnt/active", "/sys/class/tty/console/active", nullptr, MS_BIND, nullptr) != 0))
      return "cannot hide the consoles";
    const pid_t coordinator = ::fork();
    if (coordinator == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::execl(LATCHKEY_UNLOCK_PROGRAM, LATCHKEY_UNLOCK_PROGRAM, "coordinate", nullptr);
      ::_exit(127);
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    paths.run("early/socket").copy(address.sun_path, sizeof address.sun_path - 1);
    const Fd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const auto end = std::chrono::steady_clock::now() + 300s;
    const auto* const at = reinterpret_cast<const sockaddr*>(&address);
    while (::connect(socket.get(), at, sizeof address) != 0)
      if (std::chrono::steady_clock::now() > end || ::usleep(50000) != 0) return "no coordinator";
    const auto send = [&socket](Wire type, const std::string& text) {
      const std::string packet = static_cast<char>(type) + text;
      (void)::send(socket.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
    };
    send(Wire::hello, encode_hello({.console = true}));
    unsigned wrong = 0;
    bool over = false;
    while (!over && std::chrono::steady_clock::now() < end) {
      pollfd says{socket.get(), POLLIN, 0};
      if (::poll(&says, 1, 1000) != 1) continue;
      std::string packet(wire_limit, '\0');
      const ssize_t got = ::recv(socket.get(), packet.data(), packet.size(), 0);
      over = got <= 0 || packet[0] == static_cast<char>(Wire::end);
      if (!over && packet[0] == static_cast<char>(Wire::wrong)) ++wrong;
      if (!over && packet[0] == static_cast<char>(Wire::ask)) send(Wire::passphrase, "noise");
    }
    ::kill(coordinator, SIGKILL);
    ::waitpid(coordinator, nullptr, 0);
    const auto report = read_file(paths.run("boot.json"));
    return test::expect(over, "it waits for ever") +
           test::expect(wrong >= 10, std::to_string(wrong) + " wrong answers only") +
           test::expect(report && report->find("timeout") != std::string::npos, "no such report");
  });
  if (complaint == "unusable") {
    test::skip("needs root and loop devices");
    return;
  }
  CHECK(complaint == "");
}
