// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/ssh_key.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

constexpr std::array<std::string_view, 7> supported{"ssh-ed25519",
                                                    "ecdsa-sha2-nistp256",
                                                    "ecdsa-sha2-nistp384",
                                                    "ecdsa-sha2-nistp521",
                                                    "ssh-rsa",
                                                    "sk-ssh-ed25519@openssh.com",
                                                    "sk-ecdsa-sha2-nistp256@openssh.com"};
constexpr std::array<std::string_view, 3> others{"ssh-dss", "ssh-xmss@openssh.com", "ssh-rsa1"};

// Reads the strings of a blob: a length of four bytes, then the bytes.
class Reader {
 public:
  explicit Reader(std::string_view blob) : rest_(blob) {}

  std::string_view string() {
    if (rest_.size() < 4) return fail();
    std::uint32_t size = 0;
    for (int i = 0; i < 4; ++i)
      size = (size << 8U) | static_cast<unsigned char>(rest_[static_cast<std::size_t>(i)]);
    if (size > rest_.size() - 4) return fail();
    const std::string_view out = rest_.substr(4, size);
    rest_.remove_prefix(4 + size);
    return out;
  }

  // All was there, and nothing more.
  [[nodiscard]] bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::string_view rest_;
  bool ok_ = true;
};

// Bits of a number without sign, or nothing for a negative or padded one.
std::optional<std::size_t> bits(std::string_view number) {
  if (number.empty() || static_cast<unsigned char>(number[0]) >= 0x80) return {};
  if (number[0] == 0) {
    if (number.size() < 2 || static_cast<unsigned char>(number[1]) < 0x80) return {};
    number.remove_prefix(1);
  }
  return number.size() * 8 -
         static_cast<std::size_t>(std::countl_zero(static_cast<unsigned char>(number[0])));
}

constexpr std::string_view broken = "the key's data is damaged";

std::string rsa_problem(Reader& reader) {
  const auto exponent = bits(reader.string());
  const auto modulus = bits(reader.string());
  if (!reader.complete() || !exponent || !modulus || *exponent > 64) return std::string(broken);
  const std::string size = "an RSA key of " + std::to_string(*modulus) + " bits";
  if (*modulus < 2048) return size + " is too short: 2048 are needed";
  if (*modulus > 8192) return size + " is too long: early boot takes at most 8192";
  return {};
}

std::string ecdsa_problem(std::string_view curve, Reader& reader, bool token) {
  const std::string_view named = reader.string();
  const std::string_view point = reader.string();
  const bool application = !token || !reader.string().empty();
  const std::size_t size = curve == "nistp256" ? 65 : curve == "nistp384" ? 97 : 133;
  if (!reader.complete() || !application || named != curve || point.size() != size || point[0] != 4)
    return std::string(broken);
  return {};
}

}  // namespace

bool supported_key_type(std::string_view type) {
  return std::ranges::find(supported, type) != supported.end();
}

bool known_key_type(std::string_view type) {
  return supported_key_type(type) || std::ranges::find(others, type) != others.end() ||
         type.ends_with("-cert-v01@openssh.com");
}

std::string key_type_problem(std::string_view type) {
  if (supported_key_type(type)) return {};
  if (type == "ssh-dss") return "DSA keys are too weak and no longer taken";
  if (type.ends_with("-cert-v01@openssh.com"))
    return "early boot takes no certificates, only plain keys";
  return "early boot takes no keys of this type; it takes ed25519, ecdsa, rsa and their "
         "security-token kinds";
}

std::string key_blob_problem(std::string_view type, std::string_view blob) {
  Reader reader(blob);
  const std::string_view inside = reader.string();
  if (inside.empty()) return std::string(broken);
  // What is no type that we know may be anything, and be secret.
  if (inside != type)
    return known_key_type(inside) ? "the key's data is of the type '" + printable(inside, 60) + "'"
                                  : "the key's data is not of this type";
  if (type == "ssh-rsa") return rsa_problem(reader);
  if (type == "sk-ecdsa-sha2-nistp256@openssh.com") return ecdsa_problem("nistp256", reader, true);
  if (type.starts_with("ecdsa-sha2-")) return ecdsa_problem(type.substr(11), reader, false);
  const bool token = type.starts_with("sk-");
  const bool right = reader.string().size() == 32 && (!token || !reader.string().empty());
  return right && reader.complete() ? std::string() : std::string(broken);
}

}  // namespace latchkey
