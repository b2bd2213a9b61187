// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/event_hooks.hpp"

#include <algorithm>

namespace latchkey {
namespace {

constexpr unsigned others_write = 0022;
constexpr unsigned any_execute = 0111;

bool plain_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  return !name.empty() && std::ranges::all_of(name, plain);
}

std::optional<std::string> changeable(const HookFile& file) {
  if (!file.owned_by_root) return "it does not belong to root";
  if ((file.mode & others_write) != 0) return "not only root can write to it";
  return {};
}

}  // namespace

std::optional<std::string> hook_refusal(const HookFile& file) {
  if (!plain_name(file.name)) return "its name holds more than letters, digits, '-' and '_'";
  if (!file.regular) return "it is no regular file";
  if (auto why = changeable(file)) return why;
  if ((file.mode & any_execute) == 0) return "it is not executable";
  return {};
}

std::optional<std::string> hook_directory_refusal(const HookFile& directory) {
  return changeable(directory);
}

}  // namespace latchkey
