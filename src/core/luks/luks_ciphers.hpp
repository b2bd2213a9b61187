// SPDX-License-Identifier: GPL-3.0-or-later
// The ciphers that a LUKS header names, read from its bytes alone. The hook asks
// this of devices it must never write to, and libcryptsetup's own reading
// repairs a damaged copy of the header on the device.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace latchkey {

struct LuksCiphers {
  std::string data{};                ///< `aes-xts-plain64`
  std::vector<std::string> slots{};  ///< of the key slots' areas
  std::string integrity{};           ///< what seals the data: `hmac(sha256)`; empty: nothing
};

/// How many bytes from a device's start are needed, from its first 16 or more;
/// 0 when that is no LUKS header.
[[nodiscard]] std::size_t luks_header_size(std::string_view start);

/// True when a device that begins so has a header of LUKS1.
[[nodiscard]] bool is_luks1(std::string_view start);

/// Takes the bytes of a LUKS2 header; gives its JSON, an object. Fails with Code::damaged when
/// there is no such header or not all of it, and when it cannot be read or holds more than any
/// LUKS2 header: whoever has the disk can have written it.
[[nodiscard]] Result<nlohmann::json> luks2_json(std::string_view bytes);

/// Takes a header's bytes; gives its ciphers. Checks no checksum: a wrong answer
/// costs a needless module at worst. Fails with Code::damaged when there is no
/// header or none that can be read.
[[nodiscard]] Result<LuksCiphers> parse_luks_ciphers(std::string_view bytes);

/// Names for modprobe of what dm-crypt needs from the kernel for a cipher as a
/// header writes it: `crypto-aes`, `crypto-xts` … They are the aliases by which
/// the kernel itself asks for an algorithm, so every implementation is found
/// whatever its module is called.
[[nodiscard]] std::vector<std::string> cipher_modules(std::string_view cipher);

/// The same for what seals the data, as a header writes it (`hmac(sha256)`, `aead`, where the
/// cipher does it itself); nothing for no seal.
[[nodiscard]] std::vector<std::string> integrity_modules(std::string_view integrity);

/// True for a name that a cipher's header does not say and that a kernel may be without:
/// newer ones have taken some of these algorithms into those that use them.
[[nodiscard]] bool implied_module(std::string_view module);

/// Names for modprobe of what reading a key slot needs: nothing for ciphers that
/// the unlocker computes itself, else the kernel's crypto sockets too.
[[nodiscard]] std::vector<std::string> slot_modules(std::string_view cipher);

/// What is taken when no header can be read: the ciphers of cryptsetup's
/// defaults, of today and of the past.
[[nodiscard]] std::vector<std::string> default_cipher_modules();

}  // namespace latchkey
