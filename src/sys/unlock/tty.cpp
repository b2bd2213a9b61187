// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/tty.hpp"

#include <linux/kd.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "core/base/text.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/blocked_signals.hpp"

namespace latchkey {
namespace {

enum class Arrival { input, ending, stop };

// Waits until there is something to read, or one of the signals is held before that.
Arrival wait_for(int in, const BlockedSignals& ending, const BlockedSignals& stop) {
  const Fd ends(::signalfd(-1, &ending.signals(), SFD_CLOEXEC));
  const Fd stops(::signalfd(-1, &stop.signals(), SFD_CLOEXEC));
  std::array<pollfd, 3> watched{
      {{in, POLLIN, 0}, {ends.get(), POLLIN, 0}, {stops.get(), POLLIN, 0}}};
  while (::poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  if ((watched[1].revents & POLLIN) != 0) return Arrival::ending;
  return (watched[2].revents & POLLIN) != 0 ? Arrival::stop : Arrival::input;
}

}  // namespace

void restart_output(int fd) noexcept {
  // The kernel starts only what was stopped this way, whatever else had stopped it before.
  ::ioctl(fd, TCXONC, TCOOFF);
  ::ioctl(fd, TCXONC, TCOON);
}

Tty::Tty(int in, int out, Kind kind)
    : in_(in), out_(out), kind_(kind), interactive_(::tcgetattr(in, &before_) == 0) {
  if (kind_ == Kind::console && interactive_) {
    before_.c_lflag |= ECHO;
    before_.c_iflag &= ~static_cast<tcflag_t>(IXON);
    // At once: all other ways to set it wait until a stopped one has written what it holds.
    restart_output(in_);
    ::tcsetattr(in_, TCSANOW, &before_);
  }
  echo(false);
}

Tty::~Tty() { give_back(); }

void Tty::give_back() noexcept {
  // What was typed and not read is a passphrase that nobody wants any more: it
  // must not be taken by whoever reads this terminal next.
  if (interactive_) ::tcsetattr(in_, TCSAFLUSH, &before_);
}

void Tty::show_typing() noexcept {
  if (!interactive_) return;
  termios now = before_;
  now.c_lflag |= ECHO;
  ::tcsetattr(in_, TCSAFLUSH, &now);
}

void Tty::echo(bool on) noexcept {
  if (!interactive_) return;
  termios now = before_;
  now.c_lflag |= ICANON | ECHOE | ECHOK;
  // With UTF-8, taking a letter back takes all its bytes.
  now.c_iflag |= ICRNL | IUTF8;
  now.c_iflag &= ~static_cast<tcflag_t>(IGNCR | INLCR);
  now.c_oflag |= OPOST | ONLCR;
  now.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
  if (on) now.c_lflag |= ECHO;
  ::tcsetattr(in_, TCSADRAIN, &now);
}

void Tty::write(const std::string& text) {
  if (kind_ == Kind::console && interactive_) restart_output(out_);
  (void)write_all(out_, text);
}

void Tty::line(const std::string& text) {
  const std::string head = interactive_ && !prompt_.empty() ? "\r\033[K" : "";
  write(head + text + "\n");
  redraw();
}

void Tty::prompt(const std::string& text) {
  prompt_ = text;
  redraw();
}

void Tty::redraw() {
  if (interactive_ && !prompt_.empty()) write("\r\033[K" + prompt_ + ": ");
}

void Tty::clear_prompt() {
  if (interactive_ && !prompt_.empty()) write("\r\033[K");
  prompt_.clear();
}

void Tty::stop_for(const BlockedSignals& stop) {
  give_back();
  // The kernel lets it do nothing where nobody could go on with us. What waits does its work now.
  sigset_t before;
  if (::pthread_sigmask(SIG_UNBLOCK, &stop.signals(), &before) == 0)
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  echo(false);
  redraw();
}

bool Tty::read_into(Secret& into) {
  const auto room = into.room();
  ssize_t got = 0;
  do {
    got = ::read(in_, room.data(), room.size());
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  into.grow(static_cast<std::size_t>(got));
  return true;
}

bool Tty::read_within(Secret& into, std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  pollfd typed{in_, POLLIN, 0};
  int ready = -1;
  do {
    ready = ::poll(&typed, 1, poll_ms(until));
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && read_into(into);
}

std::string Tty::question(const std::string& text) {
  echo(true);
  write("\r\033[K" + text + " ");
  std::string answer(64, '\0');
  const ssize_t got = ::read(in_, answer.data(), answer.size());
  echo(false);
  return got <= 0 ? "" : std::string(trim(answer.substr(0, static_cast<std::size_t>(got))));
}

bool ask_unseen(int in, int out, const std::string& prompt, Secret& into) {
  // Goes last, behind the terminal's way back.
  const BlockedSignals ending({SIGHUP, SIGINT, SIGQUIT, SIGTERM});
  const BlockedSignals stop({SIGTSTP});
  Tty tty(in, out);
  tty.prompt(prompt);
  Arrival arrival = wait_for(in, ending, stop);
  while (arrival == Arrival::stop) {
    tty.stop_for(stop);
    arrival = wait_for(in, ending, stop);
  }
  const bool read = arrival == Arrival::input && tty.read_into(into);
  tty.clear_prompt();
  return read;
}

void make_text_console(int fd) noexcept {
  int screen = 0;
  if (::ioctl(fd, KDGETMODE, &screen) != 0) return;
  if (screen != KD_TEXT) ::ioctl(fd, KDSETMODE, KD_TEXT);
  int keyboard = 0;
  // The keymap comes with one of these two, which decides the bytes that a key sends, and so
  // those of a passphrase: it stays.
  if (::ioctl(fd, KDGKBMODE, &keyboard) == 0 && keyboard != K_XLATE && keyboard != K_UNICODE)
    ::ioctl(fd, KDSKBMODE, K_UNICODE);
}

}  // namespace latchkey
