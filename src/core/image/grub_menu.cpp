// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/grub_menu.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/base/text.hpp"
#include "core/image/boot_menu.hpp"

namespace latchkey {
namespace {

// The words of a line, without their quotes. GRUB quotes as a shell does.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  bool inside = false;  // of a word, which may be empty
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote == 0 && (c == ' ' || c == '\t')) {
      if (inside) out.push_back(word);
      word.clear();
      inside = false;
      continue;
    }
    inside = true;
    if (c == '\\' && quote != '\'' && i + 1 < line.size())
      word += line[++i];
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = 0;
    else
      word += c;
  }
  if (inside) out.push_back(word);
  return out;
}

MenuEntry entry_of(const std::vector<std::string>& words) {
  MenuEntry out;
  if (words.size() > 1) out.title = words[1];
  for (std::size_t i = 2; i + 1 < words.size(); ++i)
    if (words[i] == "$menuentry_id_option" || words[i] == "--id") out.id = words[i + 1];
  for (const std::string& word : words) {
    if (word.starts_with("--id=")) out.id = word.substr(5);
    if (word == "--unrestricted") out.unrestricted = true;
  }
  return out;
}

// Takes the lines of a block; ends behind the brace that closes it.
class Reader {
 public:
  explicit Reader(std::string_view text) : lines_(split_lines(text)) {}

  std::vector<MenuEntry> block(std::string* kernel, int depth) {
    std::vector<MenuEntry> out;
    while (at_ < lines_.size()) {
      const std::string_view line = lines_[at_++];
      const std::vector<std::string> words = words_of(line);
      if (words.empty() || words[0].starts_with('#')) continue;
      if (words[0] == "}" && depth > 0) return out;
      if (kernel != nullptr && kernel->empty()) *kernel = kernel_of_line(line);
      const bool is_entry = words[0] == "menuentry" || words[0] == "submenu";
      const bool opens = trim(line).ends_with('{') && depth < deepest;
      if (!opens && !(is_entry && words.back() == "}")) continue;
      MenuEntry entry = entry_of(words);
      // What stands within one line starts no kernel.
      if (opens) entry.inner = block(&entry.kernel, depth + 1);
      if (is_entry) out.push_back(std::move(entry));
    }
    return out;
  }

 private:
  static constexpr int deepest = 16;
  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
};

// The first part of `PART>REST`, and the rest; in a title `>` stands twice.
std::string first_part(std::string_view choice, std::string_view& rest) {
  std::string out;
  std::size_t i = 0;
  for (; i < choice.size(); ++i) {
    if (choice[i] == '>' && !choice.substr(i + 1).starts_with('>')) break;
    if (choice[i] == '>') ++i;
    out += choice[i];
  }
  rest = i < choice.size() ? choice.substr(i + 1) : std::string_view();
  return out;
}

// What the lines `set NAME=value` give this name, in their order.
std::vector<std::string> values_set(std::string_view grub_cfg, const std::string& name) {
  std::vector<std::string> out;
  for (const std::string_view line : split_lines(grub_cfg)) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() > 1 && words[0] == "set" && words[1].starts_with(name + "="))
      out.push_back(words[1].substr(name.size() + 1));
  }
  return out;
}

// The submenus that lead to an entry, and the entry; empty where there is none.
using Way = std::vector<const MenuEntry*>;

Way way_to(const std::vector<MenuEntry>& entries, std::string_view choice) {
  if (entries.empty()) return {};
  std::string_view rest;
  const std::string part = first_part(choice, rest);
  auto found = entries.begin();
  if (part.empty()) {
    // A submenu alone was named.
  } else if (const auto number = parse_number(part, 10000)) {
    if (*number >= entries.size()) return {};
    found += static_cast<std::ptrdiff_t>(*number);
  } else {
    found = std::ranges::find_if(
        entries, [&](const MenuEntry& entry) { return entry.title == part || entry.id == part; });
    if (found == entries.end()) return {};
  }
  Way way{&*found};
  if (found->inner.empty()) return way;
  const Way further = way_to(found->inner, rest);
  if (further.empty()) return {};
  way.insert(way.end(), further.begin(), further.end());
  return way;
}

// As GRUB goes: of a submenu without such an entry it takes the first, and of the menu.
Way way_or_first(const std::vector<MenuEntry>& entries, std::string_view choice) {
  std::string_view rest;
  Way way = way_to(entries, choice);
  if (way.empty()) way = way_to(entries, first_part(choice, rest));
  return way.empty() ? way_to(entries, "") : way;
}

}  // namespace

std::string kernel_of_line(std::string_view line) {
  // A hypervisor is started in the place of the kernel, which is a module of it then.
  constexpr std::array<std::string_view, 4> commands{"linux", "module", "module2", "xen_module"};
  const std::vector<Field> words = split_fields(line);
  if (words.empty() || std::ranges::find(commands, words[0].text) == commands.end()) return {};
  const auto file = std::find_if(words.begin() + 1, words.end(),
                                 [](const Field& word) { return !word.text.starts_with("--"); });
  if (file == words.end()) return {};
  // "/boot/vmlinuz-6.1", or "/vmlinuz-6.1" with a /boot of its own.
  return kernel_version(std::string_view(file->text).substr(file->text.rfind('/') + 1));
}

std::vector<MenuEntry> menu_entries(std::string_view grub_cfg) {
  return Reader(grub_cfg).block(nullptr, 0);
}

std::string menu_default(std::string_view grub_cfg, const std::string& saved) {
  std::string out = "0";
  for (const std::string& value : values_set(grub_cfg, "default"))
    // next_entry is for a single boot.
    if (value != "${next_entry}") out = value == "${saved_entry}" ? saved : value;
  return out.empty() ? "0" : out;
}

const MenuEntry* find_entry(const std::vector<MenuEntry>& entries, std::string_view choice) {
  const Way way = way_to(entries, choice);
  return way.empty() ? nullptr : way.back();
}

std::string kernel_of_entry(const std::vector<MenuEntry>& entries, std::string_view choice) {
  const Way way = way_or_first(entries, choice);
  return way.empty() ? std::string() : way.back()->kernel;
}

bool asks_for_user(std::string_view grub_cfg, std::string_view choice) {
  const std::vector<std::string> superusers = values_set(grub_cfg, "superusers");
  if (superusers.empty() || superusers.back().empty()) return false;
  const std::vector<MenuEntry> entries = menu_entries(grub_cfg);
  return !std::ranges::all_of(way_or_first(entries, choice), &MenuEntry::unrestricted);
}

}  // namespace latchkey
