// SPDX-License-Identifier: GPL-3.0-or-later
// Finished images, one for each kernel.
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "core/image/then_build.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/check/image_mode.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/boot_menu.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/image/kernel_lacks.hpp"
#include "sys/image/late_storage.hpp"
#include "sys/storage/known_lv.hpp"

namespace latchkey {
namespace {

constexpr std::string_view prefix = "initrd.img-";

// What the kernel that a boot starts lacks is an error; others are started by hand only.
Finding without_image(const std::string& version, const std::string& file, bool started) {
  const Error text{Code::missing, "the kernel " + version + " has no image",
                   "there is no '" + file + "', so it would not boot",
                   "run: update-initramfs -c -k " + version};
  return started ? bad(text) : doubtful(text);
}

// The kernels in /boot that count, and which of them a boot starts by itself.
struct CheckedKernels {
  std::vector<BootKernel> all{};
  std::string started{};
};

CheckedKernels checked_kernels(const Paths& paths) {
  CheckedKernels out{.all = boot_kernels(paths)};
  out.started = started_kernel(out.all, read_boot_menu(paths), saved_entries(paths)).value_or("");
  std::erase_if(out.all, [&](const BootKernel& kernel) {
    return kernel.version != out.started && left_over(paths, kernel.version);
  });
  return out;
}

// What starts this machine may have kernels of its own: a provider's, or those of a server that
// it boots from. Not asked in a rescue system, whose kernel runs.
std::optional<Finding> foreign_kernel(const Paths& paths, const std::vector<BootKernel>& kernels) {
  utsname running{};
  if (!paths.root.empty() || kernels.empty() || !disks_are_ours() || ::uname(&running) != 0)
    return {};
  const std::string version = running.release;
  if (std::ranges::find(kernels, version, &BootKernel::version) != kernels.end()) return {};
  return doubtful({Code::missing,
                   "the running kernel " + printable(version) + " has no file in /boot",
                   "what starts this machine may start no image of it, and then nobody is asked "
                   "for the passphrase",
                   "see what it boots from (the provider's boot profile, the network); if that "
                   "kernel was removed since the last boot, all is well"});
}

// An image whose kernel is not seen may be what the next boot starts.
Finding no_kernel(const std::string& place) {
  const bool images = std::ranges::any_of(
      names_in(place), [](const std::string& name) { return name.starts_with(prefix); });
  const Error text{Code::missing, "there is no kernel in '" + place + "'",
                   "so no image was looked at",
                   images ? "only files called vmlinuz-VERSION or vmlinux-VERSION are taken for "
                            "kernels"
                          : ""};
  return images ? bad(text) : doubtful(text);
}

// By the file's name; where no kernel has that, as that of a copy or of Raspberry Pi's firmware,
// by the modules in it.
std::string kernel_of_image(const Paths& paths, const std::string& file, const std::string& tree) {
  const std::string name = file.substr(file.rfind('/') + 1);
  const std::string named = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  if (::access((paths.root + "/lib/modules/" + named).c_str(), F_OK) == 0) return named;
  const std::vector<std::string> inside = names_in(tree + "/usr/lib/modules");
  return inside.size() == 1 ? inside.front() : named;
}

}  // namespace

Findings check_image(const Paths& paths, const EarlyInputs& inputs, const std::string& file) {
  Findings out;
  const std::string what = "the image '" + file + "'";
  check_image_mode(out, file);
  const auto image = FinishedImage::open(file);
  if (!image) {
    out.push_back(bad(image.error()));
    return out;
  }
  const std::string kernel = kernel_of_image(paths, file, image->tree());
  const std::string hint = "run: update-initramfs -u -k " + kernel;
  ImageVerdict verdict = judge_finished(paths, *image, file, kernel);
  for (Error& fault : verdict.faults) {
    fault.hint = fault.hint.empty() && verdict.info.wait ? hint : then_build(fault.hint, kernel);
    out.push_back(bad(std::move(fault)));
  }
  if (verdict.kind == ImageVerdict::Kind::boots_on) return out;
  for (Error& doubt : image_doubts({paths, image->tree(), kernel})) {
    doubt.hint = hint;
    out.push_back(doubtful(std::move(doubt)));
  }
  if (!inputs.keys_type.empty())
    for (Error& fault : keys_type_faults({paths, image->tree(), kernel}, inputs.keys_type))
      out.push_back(bad(std::move(fault)));
  Findings late = late_storage({paths, image->tree(), kernel}, inputs);
  out.insert(out.end(), std::make_move_iterator(late.begin()), std::make_move_iterator(late.end()));
  if (verdict.info.config != inputs.digest)
    out.push_back(bad({Code::config, what + " is out of date",
                       "the configuration, the keys or the programs have changed since", hint}));
  for (Error& doubt : verdict.doubts) {
    doubt.hint = hint;
    out.push_back(bad(std::move(doubt)));
  }
  if (std::ranges::none_of(out, [](const Finding& f) { return f.level == Finding::Level::error; }))
    out.push_back(good(what + " can be unlocked over ssh"));
  return out;
}

Findings check_images(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  const CheckedKernels kernels = checked_kernels(paths);
  for (const BootKernel& kernel : kernels.all) {
    const std::string file = image_path(paths, kernel.version);
    if (!kernel.has_image) {
      out.push_back(without_image(kernel.version, file, kernel.version == kernels.started));
      continue;
    }
    // What its image has is compared with what is on this root.
    if (modules_are_lost(paths, kernel.version, file)) {
      out.push_back(bad(lost_modules(kernel.version)));
      continue;
    }
    Findings of = check_image(paths, inputs, file);
    out.insert(out.end(), std::make_move_iterator(of.begin()), std::make_move_iterator(of.end()));
  }
  if (out.empty()) out.push_back(no_kernel(paths.root + "/boot"));
  return out;
}

Findings check_drivers(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  const CheckedKernels kernels = checked_kernels(paths);
  for (const BootKernel& kernel : kernels.all) {
    KernelLacks lacks = kernel_lacks(paths, kernel.version, inputs);
    for (Error& fault : lacks.faults) {
      fault.hint = then_build(fault.hint, kernel.version);
      out.push_back(kernel.version == kernels.started ? bad(fault) : doubtful(fault));
    }
    for (Error& warning : lacks.warnings) out.push_back(doubtful(std::move(warning)));
  }
  if (auto foreign = foreign_kernel(paths, kernels.all)) out.push_back(std::move(*foreign));
  return out;
}

}  // namespace latchkey
