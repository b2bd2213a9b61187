// SPDX-License-Identifier: GPL-3.0-or-later
// A session with the test as its coordinator. Needs the program door-host beside this one.
#include <stdlib.h>
#include <sys/un.h>
#include <termios.h>

#include "core/ssh/door_keys.hpp"
#include "support/catch.hpp"
#include "support/netns.hpp"
#include "support/temp_folder.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

class Coordinated {
 public:
  Coordinated() {
    for (const char* folder : {"/etc/latchkey", "/usr/sbin", "/run/latchkey/early"})
      fs::create_directories(root() + folder);
    fs::copy_file(fs::read_symlink("/proc/self/exe").parent_path() / "door-host",
                  root() + "/usr/sbin/latchkey-unlock");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (root() + "/run/latchkey/early/socket").copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    REQUIRE(::listen(listener_.get(), 4) == 0);
  }
  Coordinated(const Coordinated&) = delete;
  Coordinated& operator=(const Coordinated&) = delete;
  ~Coordinated() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // Starts a session on these descriptors, or one of a console, and asks it for the passphrase.
  void session(int in, int out, const char* console = nullptr) {
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(in, 0);
      ::dup2(out, 1);
      ::dup2(out, 2);
      const std::string program = root() + "/usr/sbin/latchkey-unlock";
      if (console != nullptr)
        ::execl(program.c_str(), program.c_str(), "console", console, nullptr);
      ::execl(program.c_str(), program.c_str(), "session", "1", "unlock", nullptr);
      ::_exit(127);
    }
    pollfd comes{listener_.get(), POLLIN, 0};
    REQUIRE(::poll(&comes, 1, 10000) == 1);
    client_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(packet(5000).starts_with("H"));
    CHECK(::send(client_.get(), "Apassphrase", 11, MSG_NOSIGNAL) == 11);
  }

  // What the session introduces itself with when it connects anew.
  [[nodiscard]] std::string comes_again() {
    pollfd comes{listener_.get(), POLLIN, 0};
    REQUIRE(::poll(&comes, 1, 10000) == 1);
    client_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return packet(5000);
  }

  // The next message of the session; empty when none comes.
  [[nodiscard]] std::string packet(int milliseconds) const {
    std::string out(512, ' ');
    pollfd comes{client_.get(), POLLIN, 0};
    if (::poll(&comes, 1, milliseconds) != 1) return {};
    out.resize(static_cast<std::size_t>(
        std::max<ssize_t>(::recv(client_.get(), out.data(), out.size(), 0), 0)));
    return out;
  }

  // Whether the session ends by itself.
  [[nodiscard]] bool ends() {
    return eventually(5s, [this] {
      if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
      return pid_ == 0;
    });
  }

 private:
  [[nodiscard]] std::string root() const { return folder_.path(); }

  TempFolder folder_{};
  Fd listener_{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  Fd client_{};
  pid_t pid_ = 0;
};

// What comes from a descriptor until it holds `wanted`, or nothing more does.
std::string seen(int fd, const std::string& wanted) {
  std::string out;
  pollfd more{fd, POLLIN, 0};
  while (out.find(wanted) == std::string::npos && ::poll(&more, 1, 5000) > 0) {
    char buffer[512];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) break;
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}

// The outer end of a new terminal.
Fd new_terminal() {
  Fd outside(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  REQUIRE(::grantpt(outside.get()) == 0);
  REQUIRE(::unlockpt(outside.get()) == 0);
  return outside;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a slip of Ctrl-D neither shows nor keeps nor sends what is typed next", "[.netns]") {
  const Fd outside = new_terminal();
  const Fd inside(::open(::ptsname(outside.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  Coordinated early;
  early.session(inside.get(), inside.get());
  REQUIRE(has(seen(outside.get(), "passphrase: "), "passphrase: "));

  REQUIRE(write_all(outside.get(), "\x04"));
  REQUIRE(has(seen(outside.get(), "type yes: "), "boot on without the data? type yes: "));
  termios now{};
  REQUIRE(::tcgetattr(inside.get(), &now) == 0);
  CHECK((now.c_lflag & ECHO) == 0);
  REQUIRE(write_all(outside.get(), "open sesame\n"));
  const std::string after = seen(outside.get(), "keys volume: ");
  CHECK(has(after, "that was not yes: waiting for the passphrase"));
  CHECK_FALSE(has(after, "sesame"));
  CHECK(early.packet(300).empty());

  REQUIRE(write_all(outside.get(), "\x04"));
  REQUIRE(has(seen(outside.get(), "type yes: "), "type yes: "));
  REQUIRE(write_all(outside.get(), "yes\n"));
  CHECK(early.packet(5000) == "C");
}

TEST_CASE("where yes is asked for a word may be typed: phones send none when they log in",
          "[.netns]") {
  const Fd outside = new_terminal();
  const Fd inside(::open(::ptsname(outside.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  Coordinated early;
  early.session(inside.get(), inside.get());
  REQUIRE(has(seen(outside.get(), "passphrase: "), "passphrase: "));
  REQUIRE(write_all(outside.get(), "\x04"));
  REQUIRE(
      has(seen(outside.get(), "type yes: "), "a word may be typed here as well: status, log\r\n"));
  REQUIRE(write_all(outside.get(), "shell\n"));  // not granted
  REQUIRE(has(seen(outside.get(), "keys volume: "), "that was not yes"));
  REQUIRE(write_all(outside.get(), "\x04"));
  REQUIRE(has(seen(outside.get(), "type yes: "), "type yes: "));
  REQUIRE(write_all(outside.get(), "status\n"));
  CHECK(early.comes_again().find("status") != std::string::npos);
}

TEST_CASE("a session whose terminal hangs up ends, and does not ask it again and again",
          "[.netns]") {
  Fd outside = new_terminal();
  Fd inside(::open(::ptsname(outside.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  Coordinated early;
  early.session(inside.get(), inside.get());
  REQUIRE(has(seen(outside.get(), "passphrase: "), "passphrase: "));
  outside.reset();
  CHECK(early.ends());
  CHECK(early.packet(0).empty());
}

TEST_CASE("a console whose input ends twice within a second is given to a new process",
          "[.netns]") {
  const Fd outside = new_terminal();
  Coordinated early;
  early.session(0, 1, ::ptsname(outside.get()));
  REQUIRE(has(seen(outside.get(), "passphrase: "), "passphrase: "));
  REQUIRE(write_all(outside.get(), "\x04"));
  REQUIRE(has(seen(outside.get(), "type yes: "), "type yes: "));
  REQUIRE(write_all(outside.get(), "\x04"));
  CHECK(early.ends());
  CHECK(early.packet(0).empty());
}

TEST_CASE("without a terminal a session that gets nothing says so once, on stderr", "[.netns]") {
  int in[2];
  int out[2];
  REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  const Fd in_reader(in[0]);
  Fd in_writer(in[1]);
  const Fd out_reader(out[0]);
  const Fd out_writer(out[1]);
  Coordinated early;
  const auto began = Clock::now();
  early.session(in_reader.get(), out_writer.get());
  const std::string hint = "to type it unseen: ssh -t HOST unlock\n";
  CHECK(has(seen(out_reader.get(), hint), hint));
  CHECK(seconds_since(began) >= 1);
  // All of it is one answer, and one that is wrong only once.
  REQUIRE(write_all(in_writer.get(), "open sesame\nuser: alice\n"));
  in_writer.reset();
  CHECK(early.packet(5000) == "Popen sesame\nuser: alice\n");
}

TEST_CASE("a program that writes no line end and keeps the pipe open is answered", "[.netns]") {
  int in[2];
  int out[2];
  REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
  const Fd in_reader(in[0]);
  const Fd in_writer(in[1]);
  const Fd out_reader(out[0]);
  const Fd out_writer(out[1]);
  Coordinated early;
  early.session(in_reader.get(), out_writer.get());
  REQUIRE(write_all(in_writer.get(), "open "));
  CHECK(early.packet(4000).empty());  // it may be slow
  REQUIRE(write_all(in_writer.get(), "sesame"));
  CHECK(early.packet(14000) == "Popen sesame");
}
