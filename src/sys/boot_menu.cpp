// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/boot_menu.hpp"

#include <chrono>

#include "core/text.hpp"
#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace latchkey {
namespace {

using namespace std::chrono_literals;

// The value of the last `GRUB_DEFAULT=` line, without quotes; `before` where there is none.
std::string default_in(const std::string& file, std::string before) {
  const auto text = read_file(file);
  if (!text) return before;
  constexpr std::string_view name = "GRUB_DEFAULT=";
  for (std::string_view line : split_lines(*text)) {
    line = trim(line);
    if (line.starts_with(name)) before = std::string(unquoted(line.substr(name.size())));
  }
  return before;
}

}  // namespace

std::string read_boot_menu(const Paths& paths) {
  constexpr std::size_t limit = 8UL << 20;
  auto menu = read_file(paths.root + "/boot/grub/grub.cfg", limit);
  return menu ? std::move(*menu) : std::string{};
}

std::string owners_default(const Paths& paths) {
  const std::string file = paths.root + "/etc/default/grub";
  std::string found = default_in(file, "");
  for (const std::string& name : names_in(file + ".d"))
    if (name.ends_with(".cfg") && name != "latchkey.cfg")
      found = default_in(file + ".d/" + name, std::move(found));
  return found == "0" ? "" : found;
}

Result<> remake_boot_menu() {
  const auto made =
      run_ok({"update-grub"}, "cannot make the boot loader's menu again", {.timeout = 120s});
  if (made) return Ok{};
  Error error = made.error();
  error.hint = "run: update-grub";
  return error;
}

}  // namespace latchkey
