// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/piped.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;

// False: the input has ended. What is not there yet is not waited for.
Result<bool> take(int fd, Secret& into) {
  const ssize_t got = ::read(fd, into.room().data(), into.room().size());
  if (got > 0) into.grow(static_cast<std::size_t>(got));
  // Who has the other end of a socket may have made it one that never waits.
  if (got < 0 && errno != EINTR && errno != EAGAIN)
    return system_error(errno, "cannot read the passphrase");
  return got != 0;
}

// How long nothing more may come until what is there is taken; nothing: for ever.
std::optional<std::chrono::milliseconds> silence(const PipedEnd& end, std::span<const char> bytes) {
  if (end.enough(bytes)) return end.quiet;
  if (!bytes.empty() && bytes.back() != '\n') return end.still;
  return {};
}

}  // namespace

bool has_whole_line(std::span<const char> bytes) noexcept {
  const auto text = std::ranges::find_if(bytes, [](char c) { return c != '\n' && c != '\r'; });
  return std::find(text, bytes.end(), '\n') != bytes.end();
}

std::string overdue_text(const std::string& prompt, const std::string& command) {
  return "latchkey: waiting for the " + prompt +
         " on standard input, which is no terminal; to type it unseen: ssh -t root@server " +
         command;
}

Result<bool> read_piped(int fd, Secret& into, const PipedEnd& end) {
  const auto overdue_at = Clock::now() + pipe_patience;
  auto last_came = Clock::now();
  bool told = !end.overdue;
  while (!into.room().empty()) {
    const auto most = silence(end, into.reveal());
    if (most && most->count() == 0) return true;
    const bool partial = most && !end.enough(into.reveal());
    const bool tells = !told && (!most || partial);
    auto until = most ? std::optional(last_came + *most) : std::nullopt;
    if (tells && (!until || overdue_at < *until)) until = overdue_at;
    pollfd watched{fd, POLLIN, 0};
    const int ready = ::poll(&watched, 1, until ? poll_ms(*until) : -1);
    if (ready < 0 && errno != EINTR) return system_error(errno, "cannot wait for the passphrase");
    if (ready == 0 && most && Clock::now() >= last_came + *most) return true;
    if (ready == 0 && tells && Clock::now() >= overdue_at) {
      told = true;
      end.overdue();
    }
    if (ready <= 0) continue;
    const auto more = take(fd, into);
    if (!more || !*more) return more;
    last_came = Clock::now();
  }
  return true;
}

}  // namespace latchkey
