// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/boot_menu.hpp"

#include <algorithm>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/image/grub_menu.hpp"

namespace latchkey {
namespace {

// Some architectures (ppc64el) start kernels that are not compressed.
constexpr std::string_view kernel_prefixes[]{"vmlinuz-", "vmlinux-"};

// "/boot/vmlinuz-6.1" or "/vmlinuz-6.1" (a /boot of its own) → "6.1"; else nothing.
std::string_view version_in(std::string_view path, std::string_view prefix) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string_view{};
}

// The kernels that the menu starts, in its order. Those of other systems are called alike.
std::vector<std::string> kernels_in(std::string_view grub_cfg) {
  std::vector<std::string> out;
  bool foreign = false;
  for (const std::string_view line : split_lines(grub_cfg)) {
    if (line.ends_with("/30_os-prober ###")) foreign = line.starts_with("### BEGIN ");
    if (const std::string version = kernel_of_line(line); !foreign && !version.empty())
      add_once(out, version);
  }
  return out;
}

// What the next boot starts by itself: what was chosen for it alone, or the menu's default.
std::string next_choice(std::string_view grub_cfg, const SavedEntries& saved) {
  const bool once = !saved.next.empty() && grub_cfg.find("${next_entry}") != std::string_view::npos;
  return once ? saved.next : menu_default(grub_cfg, saved.saved);
}

}  // namespace

bool has_image(const std::vector<BootKernel>& kernels, std::string_view version) {
  return std::ranges::any_of(kernels, [&](const BootKernel& kernel) {
    return kernel.version == version && kernel.has_image;
  });
}

std::string kernel_version(std::string_view name) {
  // What dpkg has put aside is in no boot loader's menu.
  if (name.find(".dpkg-") != std::string_view::npos) return {};
  for (const std::string_view prefix : kernel_prefixes)
    if (name.starts_with(prefix)) return std::string(name.substr(prefix.size()));
  return {};
}

std::optional<std::string> pinned_kernel(const std::vector<BootKernel>& kernels) {
  const auto first = std::ranges::find_if(kernels, &BootKernel::has_image);
  if (first == kernels.end() || first == kernels.begin()) return std::nullopt;
  return first->version;
}

std::optional<std::string> kernel_to_pin(const std::vector<BootKernel>& kernels,
                                         std::string_view grub_cfg) {
  const std::vector<BootKernel> ordered = in_menu_order(kernels, grub_cfg);
  if (!pinned_kernel(kernels) && !pinned_kernel(ordered)) return std::nullopt;
  return std::ranges::find_if(ordered, &BootKernel::has_image)->version;
}

bool is_own_default(const std::string& choice, std::string_view grub_cfg,
                    const std::vector<BootKernel>& kernels) {
  // `savedefault` saves the first entry, which starts the newest kernel, by its id.
  if (choice.empty() || choice == "0" || choice.starts_with("gnulinux-simple-")) return false;
  if (parse_number(choice.substr(0, choice.find('>')), 10000)) return true;
  const std::vector<MenuEntry> entries = menu_entries(grub_cfg);
  if (entries.empty()) return true;
  const MenuEntry* const entry = find_entry(entries, choice);
  if (entry == nullptr || entry == &entries.front()) return false;
  if (entry->kernel.empty()) return true;
  return has_image(kernels, entry->kernel);
}

bool asks_before_boot(std::string_view grub_cfg, const SavedEntries& saved) {
  return asks_for_user(grub_cfg, next_choice(grub_cfg, saved));
}

std::optional<std::string> started_kernel(const std::vector<BootKernel>& kernels,
                                          std::string_view grub_cfg, const SavedEntries& saved) {
  const std::string by_menu = kernel_of_entry(menu_entries(grub_cfg), next_choice(grub_cfg, saved));
  const auto named = std::ranges::find_if(kernels, [&](const BootKernel& kernel) {
    return kernel.version == by_menu || (by_menu.empty() && default_is(grub_cfg, kernel.version));
  });
  if (named != kernels.end()) return named->version;
  const std::vector<std::string> menu = kernels_in(grub_cfg);
  const auto listed = std::ranges::find_if(kernels, [&](const BootKernel& kernel) {
    return std::ranges::find(menu, kernel.version) != menu.end();
  });
  if (listed != kernels.end()) return listed->version;
  return kernels.empty() ? std::nullopt : std::optional(kernels.front().version);
}

std::vector<BootKernel> in_menu_order(std::vector<BootKernel> kernels, std::string_view grub_cfg) {
  const std::vector<std::string> listed = kernels_in(grub_cfg);
  const auto place = [&](const BootKernel& kernel) {
    return std::ranges::find(listed, kernel.version) - listed.begin();
  };
  std::vector<BootKernel> known;
  for (const BootKernel& kernel : kernels)
    if (std::ranges::find(listed, kernel.version) != listed.end()) known.push_back(kernel);
  std::ranges::sort(known, {}, place);
  auto next = known.begin();
  for (BootKernel& kernel : kernels)
    if (std::ranges::find(listed, kernel.version) != listed.end()) kernel = *next++;
  return kernels;
}

bool starts_without_image(std::string_view grub_cfg, std::string_view version) {
  bool ours = false;   // within an entry that starts this kernel
  bool image = false;  // … and has its image
  for (const std::string_view line : split_lines(grub_cfg)) {
    const std::vector<Field> words = split_fields(line);
    if (words.empty()) continue;
    if (const std::string kernel = kernel_of_line(line); !kernel.empty()) ours = kernel == version;
    // For a hypervisor it is a module, as the kernel is.
    image = image || std::ranges::any_of(words, [&](const Field& word) {
              return version_in(word.text, "initrd.img-") == version;
            });
    if (words[0].text != "}") continue;
    if (ours && !image) return true;
    ours = image = false;
  }
  return false;
}

bool default_is(std::string_view grub_cfg, std::string_view version, const std::string& saved) {
  const std::string choice = menu_default(grub_cfg, saved);
  if (choice != "0" && !version.empty() &&
      kernel_of_entry(menu_entries(grub_cfg), choice) == version)
    return true;
  const std::string name = "gnulinux-" + std::string(version) + "-advanced-";
  return std::ranges::any_of(split_lines(grub_cfg), [&](std::string_view line) {
    const std::vector<Field> words = split_fields(line);
    return words.size() > 1 && words[0].text == "set" && words[1].text.starts_with("default=") &&
           words[1].text.find(name) != std::string_view::npos;
  });
}

bool opens_encrypted(std::string_view grub_cfg) {
  int entries = 0;
  bool inside = false;
  for (const std::string_view line : split_lines(grub_cfg)) {
    const std::vector<Field> words = split_fields(line);
    if (words.empty()) continue;
    if (words[0].text == "menuentry") inside = ++entries > 0;
    if (words[0].text == "}") inside = false;
    if (words[0].text == "cryptomount" && (!inside || entries == 1)) return true;
  }
  return false;
}

}  // namespace latchkey
