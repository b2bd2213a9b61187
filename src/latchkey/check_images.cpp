// SPDX-License-Identifier: GPL-3.0-or-later
// Looks into finished images, which initramfs-tools' own program unpacks.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "core/message.hpp"
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "sys/fd.hpp"
#include "sys/image.hpp"
#include "sys/process.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* prefix = "initrd.img-";

// A private directory (it will hold host keys) that goes away with its owner.
class Scratch {
 public:
  Scratch() {
    std::string name = "/var/tmp/latchkey-check-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code failed;
    if (!path_.empty()) fs::remove_all(path_, failed);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Unpacks an image into `scratch`; gives the directory that is its root. An
// image of several archives comes out as early, main, main2 …: laid over each
// other, as the kernel does.
Result<std::string> unpack(const std::string& image, const Scratch& scratch) {
  const std::string what = "cannot look into the image '" + image + "'";
  if (scratch.path().empty()) return system_error(errno, what);
  const std::string out = scratch.path() + "/image";
  const auto said = run_ok({"unmkinitramfs", "--", image, out}, what, {.timeout = 300s});
  if (!said) return said.error();
  std::vector<std::string> parts;
  std::error_code failed;
  for (fs::directory_iterator at(out, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename();
    if (name.starts_with("early") || name.starts_with("main")) parts.push_back(at->path());
  }
  if (parts.empty()) return out;
  std::ranges::sort(parts);
  const std::string merged = scratch.path() + "/merged";
  for (const std::string& part : parts)
    if (const auto laid = run_ok({"cp", "-al", "--", part + "/.", merged}, what, {.timeout = 60s});
        !laid)
      return laid.error();
  return merged;
}

// True when early boot is ended before udev: nothing can be, once /dev has moved.
bool ended_in_order(const std::string& tree) {
  const auto order = read_file(tree + "/scripts/init-bottom/ORDER");
  if (!order) return false;
  const std::size_t ours = order->find("/init-bottom/latchkey ");
  const std::size_t udev = order->find("/init-bottom/udev ");
  return ours != std::string::npos && (udev == std::string::npos || ours < udev);
}

void check_mode(Findings& out, const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return;
  if ((info.st_mode & 077U) != 0 || info.st_uid != 0)
    out.push_back(bad({Code::refused, "the image '" + file + "' can be read by others than root",
                       "it holds the host keys of early boot", "run: chmod 600 " + file}));
}

}  // namespace

Findings check_image(const Paths& paths, const EarlyInputs& inputs, const std::string& file) {
  Findings out;
  const std::string name = file.substr(file.rfind('/') + 1);
  const std::string kernel =
      name.starts_with(prefix) ? name.substr(std::string_view(prefix).size()) : name;
  const std::string hint = "run: update-initramfs -u -k " + kernel;
  const std::string image = "the image '" + file + "'";
  check_mode(out, file);
  const Scratch scratch;
  const auto tree = unpack(file, scratch);
  if (!tree) {
    out.push_back(bad(tree.error()));
    return out;
  }
  const auto text = read_file(*tree + "/etc/latchkey/image");
  if (!text) {
    out.push_back(bad({Code::missing, image + " has no unlocker",
                       "it was built before Latchkey was configured, or by something else", hint}));
    return out;
  }
  const auto info = parse_image_info(*text);
  if (!info || !info->wait) {
    out.push_back(bad({Code::refused, image + " boots on without waiting for an unlock",
                       info ? info->reason : sentence(info.error()), "mend that, then " + hint}));
    return out;
  }
  for (const Error& fault : image_faults({paths, *tree, kernel}))
    out.push_back(bad({fault.code, image + " cannot be unlocked", sentence(fault), hint}));
  if (info->config != inputs.digest)
    out.push_back(bad({Code::config, image + " is out of date",
                       "the configuration, the keys or the programs have changed since", hint}));
  if (!ended_in_order(*tree))
    out.push_back(bad({Code::config, image + " ends early boot too late",
                       "its script in init-bottom does not run before udev's", hint}));
  if (std::ranges::none_of(out, [](const Finding& f) { return f.level == Finding::Level::error; }))
    out.push_back(good(image + " can be unlocked over ssh"));
  return out;
}

Findings check_images(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  std::vector<std::string> kernels;
  const std::string boot = paths.root + "/boot";
  std::error_code failed;
  for (fs::directory_iterator at(boot, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename();
    constexpr std::string_view kernel = "vmlinuz-";
    if (name.starts_with(kernel)) kernels.push_back(name.substr(kernel.size()));
  }
  std::ranges::sort(kernels);
  for (const std::string& kernel : kernels) {
    const std::string file = boot + "/" + prefix + kernel;
    if (::access(file.c_str(), F_OK) != 0) {
      out.push_back(bad({Code::missing, "the kernel " + kernel + " has no image",
                         "there is no '" + file + "', so it would not boot",
                         "run: update-initramfs -c -k " + kernel}));
      continue;
    }
    Findings of = check_image(paths, inputs, file);
    out.insert(out.end(), std::make_move_iterator(of.begin()), std::make_move_iterator(of.end()));
  }
  if (kernels.empty())
    out.push_back(doubtful(
        {Code::missing, "there is no kernel in '" + boot + "'", "so no image was looked at", ""}));
  return out;
}

}  // namespace latchkey
