// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/secret.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "sys/base/fd.hpp"

namespace latchkey {

Secret::Secret(std::size_t capacity) : capacity_(capacity) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  mapped_ = (capacity / page + 1) * page;
  void* const memory =
      ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<char*>(memory);
  ::madvise(memory, mapped_, MADV_DONTDUMP);
  // A forked worker would hold every secret of its parent, unlocked: mlock is
  // not inherited, and copies are made on write. It is to see zeroes instead.
  ::madvise(memory, mapped_, MADV_WIPEONFORK);
  locked_ = ::mlock(memory, mapped_) == 0;
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      mapped_(std::exchange(other.mapped_, 0)),
      locked_(std::exchange(other.locked_, false)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    free();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
    locked_ = std::exchange(other.locked_, false);
  }
  return *this;
}

Secret::~Secret() { free(); }

void Secret::free() noexcept {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, mapped_);
  ::munmap(data_, mapped_);
}

bool Secret::append(std::span<const char> bytes) noexcept {
  if (bytes.size() > capacity_ - size_) return false;
  if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

void Secret::clear() noexcept {
  if (data_ != nullptr) ::explicit_bzero(data_, mapped_);
  size_ = 0;
}

void protect_process() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

Result<Secret> read_secret(int fd, std::size_t limit) {
  const std::string what = "cannot read a secret";
  Secret secret(limit + 1);
  while (true) {
    const ssize_t got = ::read(fd, secret.room().data(), secret.room().size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, what);
    if (got == 0) return secret;
    secret.grow(static_cast<std::size_t>(got));
    if (secret.size() > limit)
      return Error{Code::io, what, "it is longer than " + std::to_string(limit) + " bytes", ""};
  }
}

}  // namespace latchkey
