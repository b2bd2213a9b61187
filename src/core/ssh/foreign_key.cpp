// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/foreign_key.hpp"

namespace latchkey {
namespace {

bool has(std::string_view line, std::string_view part) {
  return line.find(part) != std::string_view::npos;
}

ForeignKey private_key(std::string_view end) {
  return {"this is a private key", "only public keys belong here, and nobody is to read this one",
          "name the .pub file beside it; where others may have read it, make a new key", end};
}

ForeignKey public_key(std::string_view form, std::string_view end) {
  return {
      "the key cannot be used in this form", "a public key is one line here, as of OpenSSH",
      "make that line of the key's own file with: ssh-keygen -i" + std::string(form) + " -f FILE",
      end};
}

}  // namespace

std::optional<ForeignKey> foreign_key(std::string_view line) {
  if (line.starts_with("PuTTY-User-Key-File-")) return private_key({});
  // As ssh.com, and PuTTYgen's button for a public key.
  if (line.starts_with("---- BEGIN ")) {
    constexpr std::string_view end = "---- END ";
    return has(line, "PRIVATE KEY") ? private_key(end) : public_key("", end);
  }
  if (!line.starts_with("-----BEGIN ")) return {};
  constexpr std::string_view end = "-----END ";
  if (has(line, "PRIVATE KEY")) return private_key(end);
  if (has(line, "RSA PUBLIC KEY")) return public_key(" -m PEM", end);
  if (has(line, "PUBLIC KEY")) return public_key(" -m PKCS8", end);
  return ForeignKey{"this is no ssh key", "", "put public keys here, one a line", end};
}

bool harmless_word(std::string_view word) {
  // Options have small letters alone, a few of them; types of keys digits too, and a sign that
  // base64 has not. A line of a key has capitals.
  constexpr std::string_view of_options = "abcdefghijklmnopqrstuvwxyz-";
  constexpr std::string_view of_types = "abcdefghijklmnopqrstuvwxyz0123456789-.@";
  if (word.size() <= 24 && word.find_first_not_of(of_options) == std::string_view::npos)
    return true;
  return word.size() <= 40 && word.find_first_of("-@") != std::string_view::npos &&
         word.find_first_not_of(of_types) == std::string_view::npos;
}

}  // namespace latchkey
