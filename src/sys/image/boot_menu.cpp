// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/boot_menu.hpp"

#include <chrono>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

using namespace std::chrono_literals;

// The value of the last line that begins with `name`, without quotes; `before` where there is
// none.
std::string value_in(const std::string& file, std::string_view name, std::string before) {
  const auto text = read_file(file);
  if (!text) return before;
  for (std::string_view line : split_lines(*text)) {
    line = trim(line);
    if (line.starts_with(name)) before = std::string(unquoted(line.substr(name.size())));
  }
  return before;
}

}  // namespace

std::string read_boot_menu(const Paths& paths) {
  constexpr std::size_t limit = 8UL << 20;
  return text_or_empty(paths.root + "/boot/grub/grub.cfg", limit);
}

SavedEntries saved_entries(const Paths& paths) {
  const std::string file = paths.root + "/boot/grub/grubenv";
  return {value_in(file, "saved_entry=", ""), value_in(file, "next_entry=", "")};
}

std::string owners_default(const Paths& paths) {
  const std::string file = paths.root + "/etc/default/grub";
  constexpr std::string_view name = "GRUB_DEFAULT=";
  std::string found = value_in(file, name, "");
  for (const std::string& more : names_in(file + ".d"))
    if (more.ends_with(".cfg") && more != "zzz-latchkey.cfg")
      found = value_in(file + ".d/" + more, name, std::move(found));
  const std::string choice = found == "saved" ? saved_entries(paths).saved : found;
  return is_own_default(choice, read_boot_menu(paths), boot_kernels(paths)) ? found : "";
}

// In the machine's language: GRUB_DEFAULT may name an entry by its title.
Result<> remake_boot_menu() {
  std::string language;
  for (const char* file : {"/etc/locale.conf", "/etc/default/locale"})
    language = value_in(file, "LANG=", std::move(language));
  std::vector<std::string> environment;
  if (!language.empty() && printable(language) == language)
    environment.push_back("LC_ALL=" + language);
  const auto made = run_ok({"update-grub"}, "cannot make the boot loader's menu again",
                           {.timeout = 120s, .environment = environment});
  if (made) return Ok{};
  Error error = made.error();
  error.hint = "run: update-grub";
  return error;
}

}  // namespace latchkey
