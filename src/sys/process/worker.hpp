// SPDX-License-Identifier: GPL-3.0-or-later
// A forked process that does one thing and tells its parent by messages.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/secret.hpp"

namespace latchkey {

/// Sends one packet of a SOCK_SEQPACKET socket: a type byte and its payload,
/// gathered by the kernel, so that a secret is not copied on the way. False with
/// errno set when the other side is gone or, on a socket that does not wait, full.
bool send_packet(int fd, char type, std::span<const char> payload) noexcept;

/// Lets a socket that does not wait hold `bytes` that the other side has not read yet, each
/// packet's upkeep included: beyond the system's own limit as root, else up to it.
void make_room(int fd, int bytes) noexcept;

/// One end of a conversation over a SOCK_SEQPACKET pair: one packet is one
/// message, a type byte and its payload.
class Channel {
 public:
  explicit Channel(Fd fd) : fd_(std::move(fd)) {}

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  /// Sends a message of at most 64 KiB; false when the other side is gone.
  bool send(char type, std::string_view payload = {}) const noexcept;

  /// Sends a secret of any size, in pieces that never lie in unlocked memory of
  /// either process.
  bool send_secret(const Secret& secret) const noexcept;

  struct Message {
    char type = 0;
    std::string payload{};
  };
  /// Waits for a message. Nothing when the other side is gone.
  [[nodiscard]] std::optional<Message> receive() const;

  /// Waits for a secret of at most `limit` bytes sent by send_secret. Nothing
  /// when the other side is gone or says something else.
  [[nodiscard]] std::optional<Secret> receive_secret(std::size_t limit) const;

 private:
  Fd fd_;
};

/// In a forked child: does the work and ends the process with its status. An exception ends it
/// too, told on stderr: on its way up it would run what the parent meant to do at its own end.
[[noreturn]] void end_child(const std::function<int()>& work) noexcept;

/// What a worker is to the rest of the system.
enum class WorkerKind {
  guarded,  ///< handles secrets or foreign headers: no core dump, not dumpable, and the first
            ///< that the kernel's out-of-memory killer takes
  plain,    ///< none of that: what it starts may run for weeks, and would inherit it
};

/// The parent's side of a worker. Destroying it ends the process, as end() does.
class Worker {
 public:
  /// Forks. The child runs `body` with its end of the channel and exits with
  /// what it returns; it holds no secret of its parent. Fails with Code::io or Code::memory.
  ///
  /// To be called while the process has a single thread.
  [[nodiscard]] static Result<Worker> fork(const std::function<int(Channel&)>& body,
                                           WorkerKind kind = WorkerKind::guarded);

  Worker(Worker&& other) noexcept;
  Worker& operator=(Worker&& other) noexcept;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  [[nodiscard]] Channel& channel() noexcept { return channel_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// In a forked child: lets go of a worker that is a sibling, not a child.
  void forget() noexcept;
  /// Kills the process at once.
  void kill() noexcept;
  /// Waits for its end; gives the wait status.
  int reap() noexcept;
  /// The same, up to `patience`: nothing when it has not ended by then.
  std::optional<int> reap_within(std::chrono::milliseconds patience) noexcept;
  /// Kills it and waits up to `patience` for its end; gives the wait status. One that does
  /// not end hangs in the kernel, out of reach of any signal: nothing, and it is forgotten.
  std::optional<int> end(std::chrono::milliseconds patience = std::chrono::seconds(2)) noexcept;

 private:
  Worker(pid_t pid, Fd fd) : pid_(pid), channel_(std::move(fd)) {}

  pid_t pid_;
  Channel channel_;
};

/// Does `work` in a process of its own, since a disk that hangs would keep it for good. True when
/// it has ended within `patience`; else it is killed, or left to itself where nothing ends it.
/// False too when there can be no such process.
bool ends_within(std::chrono::milliseconds patience, const std::function<void()>& work);

/// Waits up to `patience` for the end of a child; gives the wait status, or nothing.
[[nodiscard]] std::optional<int> wait_for_child(pid_t pid,
                                                std::chrono::milliseconds patience) noexcept;

/// In a forked child: closes every descriptor above stderr but this one, so that
/// nothing of the parent's (clients, listening sockets) is kept open by it.
void close_other_descriptors(int keep) noexcept;

/// In a worker that may hang in the kernel and outlive its parent: leaves standard input,
/// output and error to others. ssh without a terminal ends a session only when nobody has
/// them any more.
void let_go_of_stdio() noexcept;

/// An Error as the payload of a message, and back.
[[nodiscard]] std::string pack(const Error& error);
[[nodiscard]] Error unpack_error(std::string_view payload);

}  // namespace latchkey
