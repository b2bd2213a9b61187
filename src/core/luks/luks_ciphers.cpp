// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/luks_ciphers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "core/base/bytes.hpp"
#include "core/base/json_field.hpp"
#include "core/base/lists.hpp"
#include "core/base/read_json.hpp"

namespace latchkey {
namespace {

using Json = nlohmann::json;
using namespace std::string_view_literals;

constexpr auto magic = "LUKS\xba\xbe"sv;
constexpr std::size_t luks1_size = 592;
constexpr std::size_t json_start = 4096;
constexpr std::size_t largest = 4U << 20U;
constexpr std::size_t most_parts = 32;       // LUKS2 has no more slots, nor more of the others
constexpr std::size_t longest_cipher = 200;  // libcryptsetup takes no longer one

// A text that ends at its first zero byte; nothing odd comes out of it.
std::string luks1_text(std::string_view bytes, std::size_t at, std::size_t size) {
  const std::string_view text = bytes.substr(at, size);
  return std::string(text.substr(0, text.find('\0')));
}

bool word_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// The words of a cipher: `aes`, `xts`, `plain64`; `xts(aes)` gives two.
std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text) {
    if (word_character(c)) {
      word += c;
      continue;
    }
    if (!word.empty()) out.push_back(word);
    word.clear();
  }
  if (!word.empty()) out.push_back(word);
  return out;
}

bool iv_or_prefix(const std::string& word) {
  static const std::vector<std::string> known{"plain",  "plain64", "plain64be", "benbi", "null",
                                              "random", "capi",    "eboiv",     "lmk",   "tcw"};
  return std::ranges::find(known, word) != known.end() ||
         std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// What a word needs beside the algorithm of its own name.
std::vector<std::string> company(const std::string& word) {
  if (word == "xts" || word == "eboiv") return {"ecb"};
  if (word == "elephant") return {"ecb", "cbc"};
  if (word == "adiantum") return {"nhpoly1305", "poly1305", "chacha20"};
  if (word == "hctr2") return {"xctr", "polyval"};
  if (word == "essiv") return {"authenc", "sha256"};
  if (word == "lmk") return {"md5"};
  if (word == "tcw") return {"crc32"};
  if (word == "gcm") return {"ctr", "ghash"};
  if (word == "ccm") return {"ctr"};
  return {};
}

std::vector<std::string> json_ciphers(const Json& parts, const char* area) {
  std::vector<std::string> out;
  for (const auto& part : parts) {
    const Json& holder = *area == '\0' ? part : object_field(part, area);
    const auto cipher = field<std::string>(holder, "encryption");
    if (!cipher.empty() && cipher.size() <= longest_cipher) add_once(out, cipher);
  }
  return out;
}

// Of the first segment that says it.
std::string json_integrity(const Json& segments) {
  for (const auto& segment : segments)
    if (auto type = field<std::string>(object_field(segment, "integrity"), "type");
        !type.empty() && type.size() <= longest_cipher)
      return type;
  return {};
}

bool crowded(const Json& header) {
  return std::ranges::any_of(
      std::array{"keyslots", "segments", "digests", "tokens"},
      [&](const char* name) { return object_field(header, name).size() > most_parts; });
}

Error no_header(const std::string& why) {
  return {Code::damaged, "cannot read the LUKS header", why, ""};
}

}  // namespace

std::size_t luks_header_size(std::string_view start) {
  if (start.size() < 16 || !start.starts_with(magic)) return 0;
  const std::uint64_t version = big_endian(start, 6, 2);
  if (version == 1) return luks1_size;
  const std::uint64_t size = big_endian(start, 8, 8);
  return version == 2 && size > json_start && size <= largest ? static_cast<std::size_t>(size) : 0;
}

bool is_luks1(std::string_view start) { return luks_header_size(start) == luks1_size; }

Result<Json> luks2_json(std::string_view bytes) {
  const std::size_t size = luks_header_size(bytes);
  if (size == 0 || size == luks1_size) return no_header("there is none");
  if (bytes.size() < size) return no_header("it is cut short");
  const std::string_view area = bytes.substr(json_start, size - json_start);
  Json json = read_luks_json(area.substr(0, area.find('\0')));
  if (!json.is_object()) return no_header("its JSON cannot be read");
  if (crowded(json)) return no_header("it holds more than any LUKS2 header");
  return json;
}

Result<LuksCiphers> parse_luks_ciphers(std::string_view bytes) {
  LuksCiphers out;
  if (is_luks1(bytes)) {
    if (bytes.size() < luks1_size) return no_header("it is cut short");
    out.data = luks1_text(bytes, 8, 32) + "-" + luks1_text(bytes, 40, 32);
    out.slots.push_back(out.data);
    return out;
  }
  const auto json = luks2_json(bytes);
  if (!json) return json.error();
  const Json& segments = object_field(*json, "segments");
  const std::vector<std::string> ciphers = json_ciphers(segments, "");
  if (ciphers.empty()) return no_header("it names no cipher");
  out.data = ciphers.front();
  out.integrity = json_integrity(segments);
  out.slots = json_ciphers(object_field(*json, "keyslots"), "area");
  return out;
}

std::vector<std::string> cipher_modules(std::string_view cipher) {
  std::vector<std::string> out;
  for (const std::string& word : words(cipher)) {
    if (!iv_or_prefix(word)) add_once(out, "crypto-" + word);
    for (const std::string& more : company(word)) add_once(out, "crypto-" + more);
  }
  return out;
}

std::vector<std::string> integrity_modules(std::string_view integrity) {
  if (integrity.empty()) return {};
  std::vector<std::string> out{"dm_integrity"};
  if (integrity == "none" || integrity == "aead") return out;
  // How dm-crypt has the kernel put cipher and seal together.
  out.emplace_back(integrity == "poly1305" ? "crypto-rfc7539" : "crypto-authenc");
  for (const std::string& word : words(integrity)) add_once(out, "crypto-" + word);
  return out;
}

bool implied_module(std::string_view module) {
  constexpr std::array<std::string_view, 6> names{"crypto-nhpoly1305", "crypto-poly1305",
                                                  "crypto-chacha20",   "crypto-xctr",
                                                  "crypto-polyval",    "crypto-ghash"};
  return std::ranges::find(names, module) != names.end();
}

std::vector<std::string> slot_modules(std::string_view cipher) {
  // libgcrypt's own, as measured: these ciphers in these modes.
  const std::vector<std::string> parts = words(cipher);
  const auto has = [&](const char* word) { return std::ranges::find(parts, word) != parts.end(); };
  if ((has("aes") || has("serpent") || has("twofish")) && (has("xts") || has("cbc"))) return {};
  std::vector<std::string> out{"af_alg", "algif_skcipher"};
  add_once(out, cipher_modules(cipher));
  return out;
}

std::vector<std::string> default_cipher_modules() {
  return {"crypto-aes",   "crypto-xts",    "crypto-ecb",   "crypto-cbc",
          "crypto-essiv", "crypto-sha256", "crypto-sha512"};
}

}  // namespace latchkey
