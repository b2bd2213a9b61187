// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/host_key_choice.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/base/bytes.hpp"

namespace latchkey {
namespace {

constexpr std::size_t longest_kind = 64;

bool has_own_name(const HostKeyKind& key) {
  const std::string name = host_key_name(key.kind);
  return !name.empty() && key.file == name + ".dropbear";
}

}  // namespace

std::string host_key_name(std::string_view kind) {
  if (kind == "ssh-ed25519") return "ed25519";
  if (kind == "ssh-rsa") return "rsa";
  return kind.starts_with("ecdsa-sha2-") ? "ecdsa" : "";
}

std::string dropbear_key_kind(std::string_view bytes) {
  if (bytes.size() < 4) return "";
  const auto size = static_cast<std::size_t>(big_endian(bytes, 0, 4));
  if (size > longest_kind || size > bytes.size() - 4) return "";
  const std::string_view kind = bytes.substr(4, size);
  return host_key_name(kind).empty() ? "" : std::string(kind);
}

std::string named_key_kind(std::string_view file) {
  for (const char* kind : {"ed25519", "ecdsa", "rsa"})
    if (file.find(kind) != std::string_view::npos) return kind;
  return "";
}

HostKeyChoice choose_host_keys(std::vector<HostKeyKind> keys) {
  std::ranges::sort(keys, [](const HostKeyKind& a, const HostKeyKind& b) {
    return std::tuple(a.kind.empty(), !has_own_name(a), a.file) <
           std::tuple(b.kind.empty(), !has_own_name(b), b.file);
  });
  HostKeyChoice out;
  std::map<std::string, std::string> holders;
  for (const HostKeyKind& key : keys) {
    const auto rival = key.kind.empty() ? holders.end() : holders.find(key.kind);
    if (rival != holders.end()) {
      out.left.push_back({key.file, rival->second});
    } else if (out.used.size() == most_host_keys) {
      out.left.push_back({key.file, ""});
    } else {
      if (!key.kind.empty()) holders[key.kind] = key.file;
      out.used.push_back(key.file);
    }
  }
  std::ranges::sort(out.used);
  return out;
}

}  // namespace latchkey
