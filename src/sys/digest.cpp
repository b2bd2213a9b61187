// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/digest.hpp"

#include <gcrypt.h>

namespace latchkey {

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
