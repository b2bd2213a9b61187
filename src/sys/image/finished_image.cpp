// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/finished_image.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <set>
#include <utility>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/image/image_room.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/memory.hpp"
#include "sys/image/boot_menu.hpp"
#include "sys/image/door_faults.hpp"
#include "sys/image/image.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/known_lv.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Also in hooks/systemd/tmpfiles.conf.
const std::string scratch_place = "/var/tmp";
const std::string scratch_name = "latchkey-unpacked-";

// Nobody else finds it between its making and its lock, and unpackers that go on for a while
// without us are not disturbed.
constexpr std::time_t left_for_good = 600;

Fd locked_directory(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

// Whole images: a few of them fill /var, which a reboot need not empty.
void remove_left_over() {
  for (const std::string& name : names_in(scratch_place)) {
    const std::string path = scratch_place + "/" + name;
    struct stat info {};
    if (!name.starts_with(scratch_name) || ::lstat(path.c_str(), &info) != 0) continue;
    // Anybody can put something of this name there.
    if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 07777U) != 0700)
      continue;
    if (std::time(nullptr) - info.st_mtime < left_for_good) continue;
    std::error_code failed;
    if (const Fd ours = locked_directory(path)) fs::remove_all(path, failed);
  }
}

// The size of all that is in a directory, in bytes; what has two names counts once.
std::uint64_t size_within(const std::string& directory) {
  std::uint64_t out = 0;
  std::set<std::uint64_t> known;
  std::error_code failed;
  for (auto at = fs::recursive_directory_iterator(directory, failed);
       !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    struct stat info {};
    if (::lstat(at->path().c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
        known.insert(info.st_ino).second)
      out += static_cast<std::uint64_t>(info.st_size);
  }
  return out;
}

// What early boot lacks of memory for an image, as a fault or as a warning. In a chroot it is for
// another machine, whose memory nobody knows.
void judge_room(const Paths& paths, const std::string& tree, const std::string& file,
                const std::string& what, ImageVerdict& verdict) {
  if (paths.root.empty() && !disks_are_ours()) return;
  const std::uint64_t memory = machine_memory_kib(paths.root) * 1024;
  if (memory == 0) return;
  std::error_code failed;
  const std::uint64_t packed = fs::file_size(file, failed);
  const std::uint64_t unpacked = size_within(tree);
  const ImageRoom room = failed ? ImageRoom::enough : image_room(memory, packed, unpacked);
  if (room == ImageRoom::enough) return;
  const Error text{
      Code::memory,
      what + (room == ImageRoom::none ? " does not fit into the machine's memory"
                                      : " leaves early boot little memory"),
      "it has " + size_text(packed) + ", and " + size_text(unpacked) + " unpacked, of " +
          size_text(memory),
      "set MODULES=dep in /etc/initramfs-tools/initramfs.conf, or strip the modules of "
      "a kernel of your own (INSTALL_MOD_STRIP=1)"};
  if (room == ImageRoom::little) {
    verdict.warnings.push_back(text);
    return;
  }
  // Before all else: whatever it does, it is not come to.
  verdict.kind = ImageVerdict::Kind::lost;
  verdict.faults.insert(verdict.faults.begin(), text);
}

// The parts of an unpacked image, in the order in which the kernel lays them over each other.
std::vector<std::string> parts_of(const std::string& directory) {
  std::vector<std::string> parts;
  for (const std::string& name : names_in(directory))
    if (name.starts_with("early") || name.starts_with("main"))
      parts.push_back(directory + "/" + name);
  return parts;
}

}  // namespace

FinishedImage::FinishedImage(FinishedImage&& other) noexcept
    : held_(std::move(other.held_)),
      in_use_(std::move(other.in_use_)),
      scratch_(std::exchange(other.scratch_, {})),
      tree_(std::exchange(other.tree_, {})) {}

FinishedImage::~FinishedImage() {
  std::error_code failed;
  if (!scratch_.empty()) fs::remove_all(scratch_, failed);
}

Result<FinishedImage> FinishedImage::open(const std::string& file) {
  const std::string what = "cannot look into the image '" + file + "'";
  remove_left_over();
  FinishedImage image;
  std::string scratch = scratch_place + "/" + scratch_name + "XXXXXX";
  if (::mkdtemp(scratch.data()) == nullptr) return system_error(errno, what);
  image.scratch_ = scratch;
  image.in_use_ = locked_directory(scratch);
  image.tree_ = scratch + "/image";
  if (const auto said = run_ok({"unmkinitramfs", "--", file, image.tree_}, what,
                               {.timeout = 300s, .hopeless = end_is_asked});
      !said)
    return said.error();
  const std::vector<std::string> parts = parts_of(image.tree_);
  if (parts.empty()) return image;
  image.tree_ = scratch + "/merged";
  for (const std::string& part : parts)
    if (const auto laid =
            run_ok({"cp", "-al", "--", part + "/.", image.tree_}, what, {.timeout = 60s});
        !laid)
      return laid.error();
  return image;
}

namespace {

ImageVerdict judge_contents(const Paths& paths, const FinishedImage& image, const std::string& what,
                            const std::string& kernel) {
  using Kind = ImageVerdict::Kind;
  const auto text = read_file(image.tree() + "/etc/latchkey/image");
  if (!text)
    return {Kind::boots_on,
            {{Code::missing, what + " has no unlocker",
              "it was built before Latchkey was configured, or by something else", ""}}};
  const auto info = parse_image_info(*text);
  if (!info)
    return {Kind::lost, {{Code::damaged, what + " is damaged", sentence(info.error()), ""}}};
  if (!info->wait)
    return {Kind::boots_on,
            {{Code::refused, what + " boots on without waiting for an unlock", info->reason, ""}},
            *info};
  ImageVerdict verdict{Kind::unlocks, image_faults({paths, image.tree(), kernel}, *info), *info,
                       script_doubts(image.tree())};
  const std::vector<Error> scripts = script_faults(image.tree());
  verdict.faults.insert(verdict.faults.end(), scripts.begin(), scripts.end());
  if (!verdict.faults.empty()) verdict.kind = Kind::lost;
  for (Error& fault : verdict.faults)
    fault = {fault.code, what + " cannot be unlocked", sentence(fault), fault.hint};
  for (Error& doubt : verdict.doubts)
    doubt = {doubt.code, what + " is not as it was built", sentence(doubt), doubt.hint};
  return verdict;
}

}  // namespace

ImageVerdict judge_finished(const Paths& paths, const FinishedImage& image, const std::string& file,
                            const std::string& kernel) {
  const std::string what = "the image '" + file + "'";
  ImageVerdict verdict = judge_contents(paths, image, what, kernel);
  judge_room(paths, image.tree(), file, what, verdict);
  return verdict;
}

bool mode_is_the_mounts(const std::string& file) {
  struct statfs info {};
  return ::statfs(file.c_str(), &info) == 0 && info.f_type == MSDOS_SUPER_MAGIC;
}

std::string image_path(const Paths& paths, const std::string& version) {
  return paths.root + "/boot/initrd.img-" + version;
}

std::vector<BootKernel> kernels_by_version(const Paths& paths) {
  std::vector<std::string> versions;
  for (const std::string& name : names_in(paths.root + "/boot"))
    add_once(versions, kernel_version(name));
  std::string lines;
  for (const std::string& version : versions) lines += version + "\n";
  if (const auto sorted = run({"linux-version", "sort"}, {.timeout = 30s, .input = lines});
      sorted && sorted->status == 0) {
    versions.clear();
    for (const std::string_view line : split_lines(sorted->output))
      if (!line.empty()) versions.emplace_back(line);
  }
  std::ranges::reverse(versions);
  std::vector<BootKernel> kernels;
  for (const std::string& version : versions)
    kernels.push_back({version, ::access(image_path(paths, version).c_str(), F_OK) == 0});
  return kernels;
}

std::vector<BootKernel> boot_kernels(const Paths& paths) {
  return in_menu_order(kernels_by_version(paths), read_boot_menu(paths));
}

bool left_over(const Paths& paths, const std::string& version) {
  const std::string modules = paths.root + "/lib/modules/" + version;
  return version.ends_with(".old") || version.ends_with(".bak") ||
         ::access(modules.c_str(), F_OK) != 0;
}

bool modules_are_lost(const Paths& paths, const std::string& version, const std::string& file) {
  if (::access((paths.root + "/lib/modules/" + version).c_str(), F_OK) == 0 ||
      ::access(file.c_str(), F_OK) != 0)
    return false;
  const auto image = FinishedImage::open(file);
  return image && ::access((image->tree() + "/usr/lib/modules/" + version).c_str(), F_OK) == 0;
}

Error lost_modules(const std::string& version) {
  return {Code::missing, "the modules of kernel " + printable(version) + " are not on this root",
          "its image cannot be made anew; was root put back to an earlier state, without /boot?",
          "install that kernel's package again; or, if it is one that is not wanted, remove its "
          "files from /boot and run: update-grub"};
}

}  // namespace latchkey
