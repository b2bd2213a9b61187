// SPDX-License-Identifier: GPL-3.0-or-later
// Copies of images on a partition of the firmware's: there, what is started is not what lies
// in /boot, and a hook that failed, or a file system that was full, leaves an old one. Nor are
// its modes those of /boot: FAT has none.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/image/loader_entry.hpp"
#include "core/image/raspi_boot.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/check/image_mode.hpp"
#include "latchkey/check/stale_copies.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/kernel/boot_places.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view image_prefix = "initrd.img-";

bool same_content(const std::string& one, const std::string& other) {
  std::error_code failed;
  if (fs::equivalent(one, other, failed)) return true;
  const auto size = fs::file_size(one, failed);
  if (failed || size != fs::file_size(other, failed) || failed) return false;
  std::ifstream left(one, std::ios::binary);
  std::ifstream right(other, std::ios::binary);
  std::array<char, 65536> a{};
  std::array<char, 65536> b{};
  while (left && right) {
    left.read(a.data(), a.size());
    right.read(b.data(), b.size());
    if (left.gcount() != right.gcount() ||
        !std::equal(a.begin(), a.begin() + left.gcount(), b.begin()))
      return false;
  }
  return left.eof() && right.eof();
}

bool is_there(const std::string& file) {
  std::error_code failed;
  return fs::exists(file, failed);
}

class BootCopies {
 public:
  explicit BootCopies(const Paths& paths) : paths_(paths), kernels_(kernels_by_version(paths)) {
    const auto id = read_file(paths.root + "/etc/machine-id", 4096);
    if (id) machine_ = trim(*id);
  }

  void look() {
    for (const char* place : entry_places) look_at(place);
    firmware();
    raspberry();
    proxmox();
  }

  Findings found{};
  std::vector<Error> stale{};  ///< of `found`, those that a boot starts by itself

 private:
  // What lies there of one kernel's image.
  struct Copies {
    bool good = false;
    std::vector<Error> stale{};
  };

  // The partition that is mounted at `place`: systemd-boot's entries and unified images.
  void look_at(const std::string& place) {
    std::error_code failed;
    const std::string at = fs::canonical(paths_.root + place, failed).string();
    if (failed || std::ranges::find(seen_, at) != seen_.end()) return;
    seen_.push_back(at);
    std::map<std::string, Copies> entries;  // by the kernel's version
    for (const std::string& name : names_in(at + "/loader/entries"))
      if (name.ends_with(".conf")) entry(entries, at, at + "/loader/entries/" + name);
    if (has_systemd_boot()) started(entries);
    stubs(at + "/EFI");
    for (const std::string& name : names_in(at + "/EFI/Linux"))
      if (name.ends_with(".efi"))
        found.push_back(doubtful({Code::config,
                                  "'" + printable(at + "/EFI/Linux/" + name) + "' is not looked at",
                                  "a unified kernel image has an image of its own in it",
                                  "see that it is built anew after each update-initramfs"}));
  }

  // Kernels that the firmware starts without a boot loader (EFI stub): a script of the owner's
  // copies each with its image, which after a build of all may be that of another kernel.
  void stubs(const std::string& efi) {
    std::map<std::string, Copies> all;
    for (const std::string& folder : names_in(efi)) {
      const std::string at = efi + "/" + folder + "/";
      for (const std::string& name : names_in(at)) {
        constexpr std::string_view kernel = "vmlinuz";
        if (!name.starts_with(kernel)) continue;
        const std::string suffix = name.substr(kernel.size());
        for (const char* const stem : {"initrd.img", "initrd", "initramfs"})
          if (const std::string copy = at + stem + suffix; is_there(copy))
            stub(all, at + name, copy);
      }
    }
    started(all);
  }

  void stub(std::map<std::string, Copies>& all, const std::string& kernel,
            const std::string& copy) {
    const auto is_of = [&](const BootKernel& one) {
      return same_content(kernel, paths_.root + "/boot/vmlinuz-" + one.version);
    };
    const auto known = std::ranges::find_if(kernels_, is_of);
    if (known == kernels_.end()) return;
    const std::string image = image_path(paths_, known->version);
    mode(copy, image);
    if (!is_there(image)) return;
    if (same_content(copy, image)) {
      all[known->version].good = true;
      return;
    }
    Finding one =
        another(known->version, "'" + printable(copy) + "' beside that kernel is not the same",
                "run: cp " + shell_word(printable(image)) + " " + shell_word(printable(copy)) +
                    "; and see that what copies it takes the image of the kernel beside it");
    all[known->version].stale.push_back(one.text);
    // With the modules of another kernel it mounts no root.
    const bool of_another = std::ranges::any_of(kernels_, [&](const BootKernel& other) {
      return other.version != known->version &&
             same_content(copy, image_path(paths_, other.version));
    });
    if (of_another) one = bad(std::move(one.text));
    found.push_back(std::move(one));
  }

  // proxmox-boot-tool copies kernels and images to partitions that it mounts for that alone.
  void proxmox() {
    const std::string list = "/etc/kernel/proxmox-boot-uuids";
    const auto text = read_file(paths_.root + list);
    if (!text || trim(*text).empty()) return;
    found.push_back(doubtful({Code::config, "the partitions of '" + list + "' are not looked at",
                              "the machine starts the copies there, and they are not mounted",
                              "see that they are up to date: proxmox-boot-tool refresh"}));
  }

  // Its entries outlive it on a machine that went back to GRUB, and nothing starts them then.
  [[nodiscard]] bool has_systemd_boot() const {
    for (const char* place : entry_places)
      for (const std::string& name : names_in(paths_.root + place + "/EFI/systemd"))
        if (name.starts_with("systemd-boot")) return true;
    // Or this boot came by it, from a partition that is not mounted now. The text, behind four
    // bytes of attributes, is UTF-16 (the Boot Loader Interface of systemd).
    std::string loader = text_or_empty(
        paths_.root + "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f");
    std::erase(loader, '\0');
    return loader.find("systemd-boot") != std::string::npos;
  }

  // Debian's raspi-firmware copies each image, with its name.
  void firmware() {
    const std::string at = paths_.root + firmware_place;
    const auto text = read_file(at + "/config.txt");
    const RaspiConfig config = text ? parse_raspi_config(*text) : RaspiConfig{};
    std::map<std::string, Copies> all;
    for (const std::string& name : names_in(at)) {
      if (!name.starts_with(image_prefix)) continue;
      const std::string version = name.substr(image_prefix.size());
      const std::string image = image_path(paths_, version);
      mode(at + "/" + name, image);
      if (!is_there(image)) continue;
      // It names the one that is started; those of older kernels are left as they are.
      const bool counts = config.named.empty() || config.takes(name);
      if (same_content(at + "/" + name, image)) {
        if (counts) all[version].good = true;
        continue;
      }
      Finding one = another(version, "'" + printable(at + "/" + name) + "' is not the same",
                            "run: update-initramfs -u -k " + printable(version));
      if (counts) all[version].stale.push_back(one.text);
      found.push_back(std::move(one));
    }
    started(all);
  }

  // Raspberry Pi OS copies only the newest image of each kind of kernel, by a name without the
  // version, and has the firmware look for it in config.txt.
  void raspberry() {
    const std::string at = paths_.root + "/boot/firmware";
    const auto text = read_file(at + "/config.txt");
    const RaspiConfig config = text ? parse_raspi_config(*text) : RaspiConfig{.by_kernel = true};
    bool any = false;
    for (const RaspiImage& kind : raspi_images()) {
      const auto version = newest_of_kind(kernels_, kind);
      const std::string copy = at + "/" + std::string(kind.file);
      mode(copy, version ? image_path(paths_, *version) : "");
      if (!version || (!text && !is_there(copy))) continue;
      any = true;
      if (!config.takes(kind.file) || same_content(copy, image_path(paths_, *version))) continue;
      found.push_back(
          another(*version, "'" + copy + "' is " + (is_there(copy) ? "not the same" : "not there"),
                  "run: update-initramfs -u -k " + printable(*version)));
      // One that is not there may be of another board's kind.
      if (is_there(copy)) stale.push_back(found.back().text);
    }
    if (any && !config.any())
      found.push_back(
          doubtful({Code::config, "the firmware starts kernels without their images",
                    "'" + at + "/config.txt' has no auto_initramfs=1", "add that line to it"}));
  }

  // Boot loaders start the newest kernel that they know. One good copy of its image is enough
  // to count: beside it there may be an entry that its owner has made for a rescue.
  void started(const std::map<std::string, Copies>& all) {
    if (all.empty()) return;
    for (const BootKernel& kernel : kernels_) {
      const auto copies = all.find(kernel.version);
      if (copies == all.end()) continue;
      if (!copies->second.good)
        stale.insert(stale.end(), copies->second.stale.begin(), copies->second.stale.end());
      return;
    }
  }

  void entry(std::map<std::string, Copies>& all, const std::string& partition,
             const std::string& file) {
    const auto text = read_file(file, 65536);
    if (!text) return;
    const LoaderEntry is = parse_loader_entry(*text);
    const std::string image = image_path(paths_, is.version);
    // One of another system is none of ours.
    const bool foreign = !is.machine.empty() && is.machine != machine_;
    if (is.version.empty() || foreign || !is_there(image)) return;
    std::string why = "'" + printable(file) + "' names none";
    std::vector<std::string> copies;
    for (const std::string& named : is.images) {
      copies.push_back((fs::path(partition) / fs::path(named).relative_path()).string());
      // A processor's own part has no keys in it.
      if (!copies.back().ends_with("ucode.img")) mode(copies.back(), image);
    }
    for (const std::string& copy : copies) {
      if (is_there(copy) && same_content(copy, image)) {
        all[is.version].good = true;
        return;
      }
      why = "'" + printable(copy) + "' is " + (is_there(copy) ? "not the same" : "not there");
    }
    const std::string version = printable(is.version);
    found.push_back(another(version, why,
                            "run: kernel-install add " + version + " /boot/vmlinuz-" + version +
                                " /boot/initrd.img-" + version));
    // One without any may be for a unified kernel image.
    if (!copies.empty()) all[is.version].stale.push_back(found.back().text);
  }

  // A partition of the firmware's has no modes of its own. One that several entries name is told
  // once, and where it is the image itself, that was looked at.
  void mode(const std::string& copy, const std::string& image) {
    std::error_code failed;
    if (fs::equivalent(copy, image, failed) || std::ranges::find(judged_, copy) != judged_.end())
      return;
    judged_.push_back(copy);
    check_image_mode(found, copy);
  }

  [[nodiscard]] Finding another(const std::string& version, std::string why,
                                std::string hint) const {
    return doubtful(
        {Code::config,
         "the firmware starts another image than '" + printable(image_path(paths_, version)) + "'",
         std::move(why), std::move(hint)});
  }

  const Paths& paths_;
  std::vector<BootKernel> kernels_;  // the newest first
  std::string machine_{};
  std::vector<std::string> seen_{};
  std::vector<std::string> judged_{};
};

bool any_name(const std::string& directory, std::string_view begin, std::string_view end) {
  return std::ranges::any_of(names_in(directory), [&](const std::string& name) {
    return name.starts_with(begin) && name.ends_with(end);
  });
}

}  // namespace

bool starts_copies(const Paths& paths) {
  for (const char* place : efi_places)
    if (any_name(paths.root + place + "/loader/entries", "", ".conf") ||
        any_name(paths.root + place + "/EFI/Linux", "", ".efi"))
      return true;
  const std::string firmware = paths.root + firmware_place;
  return any_name(firmware, image_prefix, "") || any_name(firmware, "initramfs", "");
}

Findings check_boot_copies(const Paths& paths) {
  BootCopies copies(paths);
  copies.look();
  return std::move(copies.found);
}

std::vector<Error> stale_copies(const Paths& paths) {
  BootCopies copies(paths);
  copies.look();
  return std::move(copies.stale);
}

}  // namespace latchkey
