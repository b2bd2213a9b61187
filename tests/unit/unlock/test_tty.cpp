// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "sys/base/fd.hpp"
#include "sys/unlock/tty.hpp"

using namespace latchkey;

namespace {

struct Pty {
  Fd outside{::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
  Fd inside{};
  Pty() {
    REQUIRE(::grantpt(outside.get()) == 0);
    REQUIRE(::unlockpt(outside.get()) == 0);
    inside = Fd(::open(::ptsname(outside.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    REQUIRE(inside);
  }
  [[nodiscard]] termios settings() const {
    termios now{};
    REQUIRE(::tcgetattr(inside.get(), &now) == 0);
    return now;
  }
  // What was shown, once it is as long as `wanted`; the kernel may hand it over in pieces.
  [[nodiscard]] std::string seen(const std::string& wanted) const {
    std::string out;
    pollfd more{outside.get(), POLLIN, 0};
    while (out.size() < wanted.size() && ::poll(&more, 1, 5000) > 0) {
      char buffer[512];
      const ssize_t got = ::read(outside.get(), buffer, sizeof buffer);
      if (got <= 0) break;
      out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
  }
};

}  // namespace

TEST_CASE("a terminal loses its echo and nothing else, and gets it back") {
  const Pty pty;
  const termios before = pty.settings();
  {
    Tty tty(pty.inside.get(), pty.inside.get());
    CHECK(tty.interactive());
    const termios during = pty.settings();
    CHECK((during.c_lflag & ECHO) == 0);
    // A serial line whose speed or receiver is turned off hears nobody.
    CHECK(during.c_cflag == before.c_cflag);
    CHECK(::cfgetispeed(&during) == ::cfgetispeed(&before));
    CHECK(during.c_cc[VERASE] == before.c_cc[VERASE]);
  }
  CHECK(pty.settings().c_lflag == before.c_lflag);
  Tty tty(pty.inside.get(), pty.inside.get());
  tty.show_typing();
  CHECK(pty.settings().c_lflag == before.c_lflag);
}

TEST_CASE("a shell shows what is typed, though the terminal came without echo") {
  const Pty pty;
  termios hidden = pty.settings();
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  REQUIRE(::tcsetattr(pty.inside.get(), TCSANOW, &hidden) == 0);
  Tty tty(pty.inside.get(), pty.inside.get());
  tty.show_typing();
  const termios now = pty.settings();
  CHECK(now.c_lflag == (hidden.c_lflag | ECHO));
  CHECK(now.c_iflag == hidden.c_iflag);
  CHECK(now.c_oflag == hidden.c_oflag);
}

// As a console whose prompt was killed, with no chance to give it back.
TEST_CASE("a console is left with its echo, though it came without") {
  const Pty pty;
  termios hidden = pty.settings();
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  REQUIRE(::tcsetattr(pty.inside.get(), TCSANOW, &hidden) == 0);
  {
    const Tty tty(pty.inside.get(), pty.inside.get(), Tty::Kind::console);
    CHECK((pty.settings().c_lflag & ECHO) == 0);
  }
  CHECK(pty.settings().c_lflag == (hidden.c_lflag | ECHO));
}

// As by Ctrl-S at a keyboard nobody looks at, or noise on a serial line.
TEST_CASE("a console that was stopped shows the prompt, and lets whoever comes next write") {
  const Pty pty;
  const auto stop = [&pty] {
    REQUIRE(write_all(pty.outside.get(), "\x13\n"));
    pollfd taken_in{pty.inside.get(), POLLIN, 0};
    REQUIRE(::poll(&taken_in, 1, 5000) == 1);
    REQUIRE(::tcflush(pty.inside.get(), TCIFLUSH) == 0);
  };
  const auto writes = [&pty] {
    const Fd fd(::open(::ptsname(pty.outside.get()), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    return ::write(fd.get(), "x", 1) == 1;
  };
  REQUIRE(writes());
  stop();
  REQUIRE_FALSE(writes());
  {
    Tty tty(pty.inside.get(), pty.inside.get(), Tty::Kind::console);
    CHECK(writes());
    stop();
    CHECK(writes());
    REQUIRE(::ioctl(pty.inside.get(), TCXONC, TCOOFF) == 0);  // what Scroll Lock does
    REQUIRE_FALSE(writes());
    tty.prompt("passphrase");
    CHECK(writes());
  }
  stop();
  CHECK(writes());
}

TEST_CASE("what is typed is read and never shown; the prompt stays below other lines") {
  const Pty pty;
  Tty tty(pty.inside.get(), pty.inside.get());
  tty.prompt("passphrase");
  const std::string asked = "\r\033[Kpassphrase: ";
  CHECK(pty.seen(asked) == asked);
  REQUIRE(write_all(pty.outside.get(), "open sesame\r"));
  Secret typed(100);
  REQUIRE(tty.read_into(typed));
  const auto bytes = typed.reveal();
  CHECK(std::string(bytes.data(), bytes.size()) == "open sesame\n");
  tty.line("a line");
  const std::string told = "\r\033[Ka line\r\n" + asked;
  CHECK(pty.seen(told) == told);
}

TEST_CASE("Ctrl-C at a prompt ends the process, and the terminal shows what is typed again") {
  const Pty pty;
  const termios before = pty.settings();
  const pid_t asking = ::fork();
  REQUIRE(asking >= 0);
  if (asking == 0) {
    ::signal(SIGINT, SIG_DFL);
    Secret typed(100);
    ::_exit(ask_unseen(pty.inside.get(), pty.inside.get(), "passphrase", typed) ? 0 : 1);
  }
  const std::string asked = "\r\033[Kpassphrase: ";
  CHECK(pty.seen(asked) == asked);
  CHECK((pty.settings().c_lflag & ECHO) == 0);
  REQUIRE(::kill(asking, SIGINT) == 0);  // what the terminal of a login sends
  int status = 0;
  REQUIRE(::waitpid(asking, &status, 0) == asking);
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT));
  CHECK(pty.settings().c_lflag == before.c_lflag);
}

TEST_CASE("after Ctrl-Z at a prompt nothing that is typed is shown, whatever the shell did") {
  const Pty pty;
  const termios before = pty.settings();
  const pid_t asking = ::fork();
  REQUIRE(asking >= 0);
  if (asking == 0) {
    ::setpgid(0, 0);  // a job of its own, with us to go on with it
    ::signal(SIGTSTP, SIG_DFL);
    ::signal(SIGTTOU, SIG_IGN);
    ::signal(SIGINT, SIG_DFL);
    Secret typed(100);
    ::_exit(ask_unseen(pty.inside.get(), pty.inside.get(), "passphrase", typed) ? 0 : 1);
  }
  const std::string asked = "\r\033[Kpassphrase: ";
  CHECK(pty.seen(asked) == asked);
  REQUIRE(::kill(asking, SIGTSTP) == 0);
  int status = 0;
  REQUIRE(::waitpid(asking, &status, WUNTRACED) == asking);
  CHECK(WIFSTOPPED(status));
  CHECK(pty.settings().c_lflag == before.c_lflag);
  REQUIRE(::kill(asking, SIGCONT) == 0);
  CHECK(pty.seen(asked) == asked);
  CHECK((pty.settings().c_lflag & ECHO) == 0);
  REQUIRE(::kill(asking, SIGINT) == 0);
  REQUIRE(::waitpid(asking, &status, 0) == asking);
  CHECK(pty.settings().c_lflag == before.c_lflag);
}

TEST_CASE("a letter of two bytes is taken back whole") {
  const Pty pty;
  termios plain = pty.settings();
  plain.c_iflag &= ~static_cast<tcflag_t>(IUTF8);  // as on a serial line
  REQUIRE(::tcsetattr(pty.inside.get(), TCSANOW, &plain) == 0);
  Tty tty(pty.inside.get(), pty.inside.get());
  REQUIRE(write_all(pty.outside.get(), "se\xc3\xa9\x7fsame\r"));
  Secret typed(100);
  REQUIRE(tty.read_into(typed));
  const auto bytes = typed.reveal();
  CHECK(std::string(bytes.data(), bytes.size()) == "sesame\n");
}

TEST_CASE("only a virtual console is made to show text") {
  const Pty pty;
  const termios before = pty.settings();
  make_text_console(pty.inside.get());
  CHECK(pty.settings().c_lflag == before.c_lflag);
  CHECK(pty.settings().c_iflag == before.c_iflag);
}

TEST_CASE("a pipe is no terminal") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd in(ends[0]);
  const Fd out(ends[1]);
  Tty tty(in.get(), out.get());
  CHECK_FALSE(tty.interactive());
}
