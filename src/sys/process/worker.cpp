// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/process/worker.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <utility>

#include "core/base/text.hpp"
#include "sys/process/oom.hpp"

namespace latchkey {
namespace {

constexpr std::size_t message_limit = 64UL * 1024;
constexpr std::size_t piece = 32UL * 1024;

}  // namespace

bool send_packet(int fd, char type, std::span<const char> payload) noexcept {
  std::array<iovec, 2> parts{{{&type, 1}, {const_cast<char*>(payload.data()), payload.size()}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  while (true) {
    if (::sendmsg(fd, &message, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

void make_room(int fd, int bytes) noexcept {
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
    (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

bool Channel::send(char type, std::string_view payload) const noexcept {
  return send_packet(fd_.get(), type, payload.substr(0, message_limit - 1));
}

bool Channel::send_secret(const Secret& secret) const noexcept {
  auto bytes = secret.reveal();
  std::array<char, 24> size{};
  const int digits = std::snprintf(size.data(), size.size(), "%zu", bytes.size());
  if (!send('N', std::string_view(size.data(), static_cast<std::size_t>(digits)))) return false;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    if (!send_packet(fd_.get(), 'B', part)) return false;
    bytes = bytes.subspan(part.size());
  }
  return true;
}

std::optional<Channel::Message> Channel::receive() const {
  std::string buffer(message_limit, '\0');
  while (true) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return {};
    return Message{buffer[0], buffer.substr(1, static_cast<std::size_t>(got) - 1)};
  }
}

std::optional<Secret> Channel::receive_secret(std::size_t limit) const {
  const auto head = receive();
  if (!head || head->type != 'N') return {};
  const auto size = parse_number(head->payload, limit);
  if (!size) return {};
  Secret secret(*size);
  while (secret.size() < *size) {
    char type = 0;
    const auto room = secret.room();
    std::array<iovec, 2> parts{{{&type, 1}, {room.data(), room.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t got = ::recvmsg(fd_.get(), &message, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 1 || type != 'B' || (message.msg_flags & MSG_TRUNC) != 0) return {};
    secret.grow(static_cast<std::size_t>(got) - 1);
  }
  return secret;
}

void end_child(const std::function<int()>& work) noexcept {
  try {
    ::_exit(work());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: error: a process of it ended early: %s\n",
                 program_invocation_short_name, error.what());
  } catch (...) {  // it is of no kind that says anything
  }
  ::_exit(exit_status(Code::io));
}

Result<Worker> Worker::fork(const std::function<int(Channel&)>& body, WorkerKind kind) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return system_error(errno, "cannot start a worker");
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  std::fflush(nullptr);  // or the child would print what the parent had not yet
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(errno, "cannot start a worker");
  if (pid == 0) {
    end_child([&] {
      ours.reset();
      if (kind == WorkerKind::guarded) {
        protect_process();
        offer_to_oom_killer();
      }
      Channel channel(std::move(theirs));
      return body(channel);
    });
  }
  return Worker(pid, std::move(ours));
}

Worker::Worker(Worker&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), channel_(std::move(other.channel_)) {}

Worker& Worker::operator=(Worker&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    channel_ = std::move(other.channel_);
  }
  return *this;
}

Worker::~Worker() { end(); }

void Worker::forget() noexcept {
  pid_ = -1;
  channel_ = Channel(Fd());
}

void Worker::kill() noexcept {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

int Worker::reap() noexcept {
  if (pid_ <= 0) return 0;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

std::optional<int> Worker::reap_within(std::chrono::milliseconds patience) noexcept {
  if (pid_ <= 0) return 0;
  const auto status = wait_for_child(pid_, patience);
  if (status) pid_ = -1;
  return status;
}

std::optional<int> Worker::end(std::chrono::milliseconds patience) noexcept {
  kill();
  const auto status = reap_within(patience);
  forget();
  return status;
}

bool ends_within(std::chrono::milliseconds patience, const std::function<void()>& work) {
  auto worker = Worker::fork([&](Channel&) { return work(), 0; });
  return worker && worker->reap_within(patience);
}

std::optional<int> wait_for_child(pid_t pid, std::chrono::milliseconds patience) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  // Asked again and again rather than told by a descriptor: one that is being traced
  // shows its end there before it can be reaped.
  while (true) {
    const pid_t got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid) return status;
    if (got < 0 && errno != EINTR) return 0;  // somebody else has reaped it
    if (std::chrono::steady_clock::now() >= deadline) return {};
    ::poll(nullptr, 0, 5);
  }
}

void close_other_descriptors(int keep) noexcept {
  const auto kept = static_cast<unsigned>(keep);
  if (kept > 3) ::close_range(3, kept - 1, 0);
  ::close_range(kept + 1, ~0U, 0);
}

void let_go_of_stdio() noexcept {
  const Fd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing) return;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing.get(), fd);
}

std::string pack(const Error& error) {
  return std::to_string(exit_status(error.code)) + "\n" + printable(error.what, 1000) + "\n" +
         printable(error.why, 1000) + "\n" + printable(error.hint, 1000);
}

Error unpack_error(std::string_view payload) {
  auto parts = split(payload, '\n');
  parts.resize(4);
  const auto code = parse_number(parts[0], exit_status(Code::refused));
  return Error{static_cast<Code>(code.value_or(exit_status(Code::io))), parts[1], parts[2],
               parts[3]};
}

}  // namespace latchkey
