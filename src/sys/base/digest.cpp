// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/base/digest.hpp"

#include <gcrypt.h>

#include <new>

namespace latchkey {

struct Sha256::State {
  gcry_md_hd_t handle = nullptr;

  explicit State(unsigned flags) {
    ::gcry_check_version(nullptr);
    if (::gcry_md_open(&handle, GCRY_MD_SHA256, flags) != 0) throw std::bad_alloc();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  State(State&&) = delete;
  State& operator=(State&&) = delete;
  ~State() { ::gcry_md_close(handle); }
};

Sha256::Sha256() : state_(std::make_unique<State>(0U)) {}
Sha256::Sha256(std::span<const char> key)
    : state_(std::make_unique<State>(GCRY_MD_FLAG_HMAC)) {
  if (::gcry_md_setkey(state_->handle, key.data(), key.size()) != 0) throw std::bad_alloc();
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
  ::gcry_md_write(state_->handle, bytes.data(), bytes.size());
}

std::string Sha256::finish() {
  const unsigned char* digest = ::gcry_md_read(state_->handle, GCRY_MD_SHA256);
  return {digest, digest + 32};
}

bool same_bytes(std::string_view a, std::string_view b) {
  unsigned char differ = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    differ = static_cast<unsigned char>(differ | (a[i] ^ b[i]));
  return differ == 0;
}

std::string sha256(std::string_view bytes) {
  // libgcrypt wants this first; again does no harm (libcryptsetup does it too).
  ::gcry_check_version(nullptr);
  std::string out(32, '\0');
  ::gcry_md_hash_buffer(GCRY_MD_SHA256, out.data(), bytes.data(), bytes.size());
  return out;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    out += digits[value >> 4U];
    out += digits[value & 0xfU];
  }
  return out;
}

}  // namespace latchkey
