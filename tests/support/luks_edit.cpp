// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/luks_edit.hpp"

#include <cstdint>
#include <stdexcept>

#include "sys/base/digest.hpp"

namespace latchkey::test {
namespace {

constexpr std::size_t binary_size = 4096;  // the JSON follows it
constexpr std::size_t size_at = 8;         // of the whole copy, big-endian
constexpr std::size_t digest_at = 448;
constexpr std::size_t digest_room = 64;

std::uint64_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

}  // namespace

std::string edited_luks2(std::string header, const std::function<void(nlohmann::json&)>& edit) {
  if (header.size() < binary_size || header.substr(0, 6) != "LUKS\xba\xbe")
    throw std::runtime_error("this is no LUKS2 header");
  const std::size_t size = big_endian(header, size_at);
  if (header.size() < 2 * size) throw std::runtime_error("the second copy is not among the bytes");
  for (const std::size_t copy : {std::size_t{0}, size}) {
    auto json = nlohmann::json::parse(header.c_str() + copy + binary_size);
    edit(json);
    std::string text = json.dump();
    if (text.size() >= size - binary_size) throw std::runtime_error("the new JSON does not fit");
    text.resize(size - binary_size);
    header.replace(copy + binary_size, text.size(), text);
    header.replace(copy + digest_at, digest_room, digest_room, '\0');
    const std::string digest = sha256(std::string_view(header).substr(copy, size));
    header.replace(copy + digest_at, digest.size(), digest);
  }
  return header;
}

}  // namespace latchkey::test
