// SPDX-License-Identifier: GPL-3.0-or-later
// LUKS1 headers, which the product opens and never makes.
#pragma once

#include <libcryptsetup.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "sys/luks/luks_session.hpp"

namespace latchkey::test {

/// Puts a LUKS1 header on a device or file while it lives; each slot takes the number behind the
/// one before.
class Luks1 {
 public:
  explicit Luks1(const LuksPlace& place) {
    REQUIRE(session_.init(place));
    rounds(1000);
    REQUIRE(crypt_format(session_.get(), CRYPT_LUKS1, "aes", "xts-plain64", nullptr, nullptr, 64,
                         nullptr) == 0);
  }

  void slot(std::string_view key, std::uint32_t cost = 1000) {
    rounds(cost);
    REQUIRE(crypt_keyslot_add_by_volume_key(session_.get(), next_, nullptr, 0, key.data(),
                                            key.size()) == next_);
    ++next_;
  }

 private:
  void rounds(std::uint32_t count) {
    crypt_pbkdf_type kdf{};
    kdf.type = CRYPT_KDF_PBKDF2;
    kdf.hash = "sha256";
    kdf.iterations = count;
    kdf.flags = CRYPT_PBKDF_NO_BENCHMARK;
    REQUIRE(crypt_set_pbkdf_type(session_.get(), &kdf) == 0);
  }

  LuksSession session_{};
  int next_ = 0;
};

}  // namespace latchkey::test
