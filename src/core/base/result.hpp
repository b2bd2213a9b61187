// SPDX-License-Identifier: GPL-3.0-or-later
// What a fallible function gives back, and the one list of failure kinds.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace latchkey {

/// The kinds of failure. The numbers are the exit statuses of every program of
/// the project; they are documented in latchkey(8) and never renumbered.
enum class Code {
  partial = 1,   ///< some of what was asked is so, some is not
  usage = 2,     ///< the command line is wrong
  config = 3,    ///< a configuration file is wrong
  missing = 4,   ///< a device or file is not there
  busy = 5,      ///< somebody else holds it, or it is in another use
  denied = 6,    ///< no key slot accepts the passphrase or key
  timeout = 7,   ///< it did not come in time
  io = 8,        ///< the system refused or failed
  damaged = 9,   ///< a header or file system is damaged
  memory = 10,   ///< not enough memory
  kernel = 11,   ///< the kernel lacks a module or feature
  refused = 12,  ///< not done because it would be unsafe
};

/// A failure as a person needs it: `what` failed (naming the object), `why`
/// (the observed cause, may be empty), `hint` (what to do next, may be empty).
/// None of the three ends with a full stop or carries a secret.
struct Error {
  Code code = Code::io;
  std::string what;
  std::string why{};
  std::string hint{};

  bool operator==(const Error&) const = default;
};

/// The value of a function that succeeds with nothing to tell.
struct Ok {
  bool operator==(const Ok&) const = default;
};

/// Either a value or an Error. Reading the wrong one is a bug and throws
/// std::bad_variant_access, which only main catches.
template <class T = Ok>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose: `return value;` and `return Error{...};` both read well.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  [[nodiscard]] const T& value() const { return std::get<0>(state_); }
  [[nodiscard]] T& value() { return std::get<0>(state_); }
  const T& operator*() const { return value(); }
  T& operator*() { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// The exit status for an error.
[[nodiscard]] constexpr int exit_status(Code code) noexcept { return static_cast<int>(code); }

}  // namespace latchkey
