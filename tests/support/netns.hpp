// SPDX-License-Identifier: GPL-3.0-or-later
// A network namespace of a test's own: the world that the door sees, and the
// other end of its cable.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/network/link.hpp"
#include "sys/process/kill.hpp"
#include "sys/process/process.hpp"

namespace latchkey::test {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// The least that a door's latchkey.conf says; a test adds its own sections.
inline constexpr const char* door_config =
    "[keys]\ndevice = \"vg/encrypted-keys\"\n[ssh]\nport = 2222\n";

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Looks again and again until it is so.
inline bool eventually(std::chrono::seconds limit, const std::function<bool()>& so) {
  for (const auto until = Clock::now() + limit; Clock::now() < until; ::poll(nullptr, 0, 20))
    if (so()) return true;
  return so();
}

// A process that ends with its owner, whatever happens to that.
class Process {
 public:
  explicit Process(const std::vector<std::string>& argv, const std::string& log = "/dev/null") {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(output, 1);
    ::dup2(output, 2);
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

inline std::string out(const std::vector<std::string>& argv) {
  const auto result = run(argv);
  return result ? result->output : std::string();
}

inline void must(const std::vector<std::string>& argv) {
  const auto result = run(argv);
  INFO(join(argv, " ") << ": " << (result ? result->output : result.error().why));
  REQUIRE((result && result->status == 0));
}

// The world that the door sees: files below a folder, links of a namespace.
class World {
 public:
  World() {
    std::string name = (fs::temp_directory_path() / "latchkey-door-XXXXXX").string();
    root = ::mkdtemp(name.data());
    REQUIRE(::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0);
    REQUIRE(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    for (const char* folder : {"/sys", "/dev", "/proc", "/etc/latchkey/hostkeys",
                               "/etc/latchkey/root/.ssh", "/usr/sbin", "/usr/lib/latchkey"})
      fs::create_directories(root + folder);
    REQUIRE(::mount("sysfs", (root + "/sys").c_str(), "sysfs", 0, nullptr) == 0);
    // The tests' words are not for this machine's own log.
    if (fs::exists("/dev/kmsg")) ::mount("/dev/null", "/dev/kmsg", nullptr, MS_BIND, nullptr);
    file("/dev/console", "");
    file("/proc/cmdline", "quiet");
    file("/etc/latchkey/root/.ssh/authorized_keys", "ssh-ed25519 AAAA\n");
    file("/etc/latchkey/hostkeys/ed25519.dropbear", "key");
    const fs::path host = fs::read_symlink("/proc/self/exe").parent_path() / "door-host";
    for (const char* place : {"/usr/sbin/latchkey-unlock", "/usr/lib/latchkey/dropbear"})
      fs::copy_file(host, root + place);
    fs::create_symlink("../../sbin/latchkey-unlock", root + "/usr/lib/latchkey/dhcp-event");
    out({"ip", "link", "set", "lo", "up"});
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    run_unlock("farewell");
    out({"ip", "link", "del", "nic0"});
    ::umount2((root + "/sys").c_str(), MNT_DETACH);
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  void file(const std::string& path, const std::string& text) const {
    REQUIRE(write_file(root + path, text, 0600));
  }
  /// Gives it these consoles, as the kernel lists them, with an empty file for each of `names`.
  void consoles(const std::string& active, const std::vector<std::string>& names) const {
    file("/active", active);
    REQUIRE(::mount((root + "/active").c_str(), (root + "/sys/class/tty/console/active").c_str(),
                    nullptr, MS_BIND, nullptr) == 0);
    for (const std::string& name : names) file("/dev/" + name, "");
  }
  [[nodiscard]] std::string text(const std::string& path) const {
    const auto content = read_file(root + path);
    return content ? *content : std::string();
  }
  [[nodiscard]] std::vector<std::string> door() const {
    return {root + "/usr/sbin/latchkey-unlock", "door"};
  }
  RunResult run_unlock(const std::string& word) const {
    const auto result = run({root + "/usr/sbin/latchkey-unlock", word});
    return result ? *result : RunResult{255, result.error().why};
  }
  // Everything about nic0 that early boot could leave changed.
  [[nodiscard]] std::string state() const {
    const std::string net = root + "/sys/class/net/nic0/";
    std::string all;
    for (const char* name : {"flags", "mtu"}) all += read_file(net + name).value();
    all += out({"ip", "-o", "-4", "addr", "show", "dev", "nic0"});
    all += out({"ip", "-4", "route", "show", "table", "all", "dev", "nic0"});
    all += out({"ip", "-6", "route", "show", "table", "all", "dev", "nic0"});
    all += rules();
    return all;
  }
  // The rules for single addresses.
  [[nodiscard]] static std::string rules() {
    std::string all;
    for (const char* family : {"-4", "-6"}) {
      const std::string text = out({"ip", family, "rule"});
      for (const std::string_view line : split_lines(text))
        if (line.find("from all") == line.npos) all += std::string(line) + "\n";
    }
    return all;
  }
  // The processes of this world: of a program, and DHCP clients.
  [[nodiscard]] std::vector<pid_t> processes(const std::string& program) const {
    std::vector<pid_t> pids;
    const auto id = file_id(root + program);
    for (const ProcessInfo& process : read_processes())
      if (id && process.program == *id && !process.zombie) pids.push_back(process.pid);
    return pids;
  }
  [[nodiscard]] std::vector<pid_t> dhcp_clients() const {
    std::vector<pid_t> pids;
    for (const ProcessInfo& process : read_processes())
      if (std::ranges::find(process.arguments, "udhcpc") != process.arguments.end() &&
          std::ranges::find(process.arguments, script()) != process.arguments.end())
        pids.push_back(process.pid);
    return pids;
  }
  [[nodiscard]] std::string script() const { return root + "/usr/lib/latchkey/dhcp-event"; }
  // Calls the script of the DHCP client as that does.
  [[nodiscard]] int dhcp_event(const std::string& event, std::vector<std::string> variables) const {
    variables.emplace_back("interface=nic0");
    return run({script(), event}, {.environment = std::move(variables)})->status;
  }

  std::string root;
};

// The other end of a cable, nic0's mostly: a namespace that lives as long as a process.
class Peer {
 public:
  explicit Peer(std::string card = "nic0", std::string address = "192.0.2.1/24")
      : card_(std::move(card)),
        address_(std::move(address)),
        holder_({find_program("unshare"), "-n", find_program("sleep"), "600"}) {
    const auto own = fs::read_symlink("/proc/self/ns/net");
    REQUIRE(eventually(5s, [&] {
      std::error_code failed;
      const auto other = fs::read_symlink(proc() + "/ns/net", failed);
      return !failed && other != own;
    }));
    plug();
  }
  void plug() const {
    must({"ip", "link", "add", card_, "type", "veth", "peer", "name", "srv0", "netns",
          std::to_string(holder_.pid())});
    must(inside({"ip", "addr", "add", address_, "dev", "srv0"}));
    must(inside({"ip", "link", "set", "srv0", "up"}));
    must(inside({"ip", "link", "set", "lo", "up"}));
  }
  [[nodiscard]] std::vector<std::string> inside(std::vector<std::string> argv) const {
    argv[0] = find_program(argv[0]);
    const std::vector<std::string> enter{find_program("nsenter"), "-t",
                                         std::to_string(holder_.pid()), "-n", "--"};
    argv.insert(argv.begin(), enter.begin(), enter.end());
    return argv;
  }
  [[nodiscard]] bool reaches(const std::string& address) const {
    return run(inside({"busybox", "ping", "-c", "1", "-W", "1", address}))->status == 0;
  }

 private:
  [[nodiscard]] std::string proc() const { return "/proc/" + std::to_string(holder_.pid()); }
  std::string card_;
  std::string address_;
  Process holder_;
};

inline bool has_address(const std::string& text) {
  const auto all = read_addresses();
  return std::ranges::find(all, LinkAddress{"nic0", *parse_subnet(text)}) != all.end();
}

// Connects to the door's port over loopback, as a session would.
inline Fd session(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fd.reset();
  return fd;
}

inline bool possible() {
  const bool programs = !find_program("busybox").empty() && !find_program("dnsmasq").empty() &&
                        !find_program("ip").empty();
  const bool host = fs::exists(fs::read_symlink("/proc/self/exe").parent_path() / "door-host");
  if (::geteuid() == 0 && programs && host) return true;
  return skip("needs root, busybox, dnsmasq, ip and door-host");
}

}  // namespace latchkey::test
