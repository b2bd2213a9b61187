// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/image/image_gate.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "core/base/message.hpp"
#include "core/image/then_build.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/boot_menu.hpp"
#include "sys/image/boot_sync.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/image/image_door.hpp"
#include "sys/image/kernel_lacks.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

using namespace std::chrono_literals;
using Kind = ImageVerdict::Kind;

// update-initramfs keeps the image that it replaces until its post-update hooks are done.
constexpr const char* kept_suffix = ".dpkg-bak";
// Our own, which are there while we are at work.
constexpr const char* fresh_suffix = ".latchkey-new";
constexpr const char* aside_suffix = ".latchkey-refused";

void remove(const std::string& file) {
  std::error_code gone;
  std::filesystem::remove(file, gone);
}

ImageVerdict judge(const Paths& paths, const std::string& file, const std::string& version) {
  const auto image = FinishedImage::open(file);
  if (!image) return {Kind::unknown, {image.error()}};
  remember_door(paths, file, image->tree());
  return judge_finished(paths, *image, file, version);
}

Result<> put_in_place(const std::string& from, const std::string& file) {
  const bool safe = ::chmod(from.c_str(), 0600) == 0 || mode_is_the_mounts(from);
  if (!safe || ::rename(from.c_str(), file.c_str()) != 0)
    return system_error(errno, "cannot put '" + from + "' in the place of '" + file + "'");
  // What depends on the image is done only once it is on the disk.
  return sync_for_boot(file);
}

// Builds an image that waits for nobody, beside the one that it replaces.
Result<> build_boot_on(const Paths& paths, const std::string& file, const std::string& version,
                       const Error& fault) {
  const std::string fresh = file + fresh_suffix;
  const std::string what = "cannot build an image that boots on for kernel " + version;
  const auto built =
      run_ok({"mkinitramfs", "-o", fresh, version}, what,
             {.timeout = 900s, .environment = {"LATCHKEY_BOOT_ON=" + sentence(fault)}});
  Result<> done = Ok{};
  if (!built)
    done = built.error();
  else if (const auto verdict = judge(paths, fresh, version); verdict.kind != Kind::boots_on)
    done = Error{Code::refused, what, "what was built waits all the same", ""};
  else
    done = put_in_place(fresh, file);
  remove(fresh);
  return done;
}

// The menu was made while this kernel had no image.
void refresh_menu(const Globals& globals) {
  if (read_boot_menu(globals.paths).empty()) return;
  say(globals, "making the boot loader's menu again");
  if (const auto made = remake_boot_menu(); !made) report_warning(made.error());
}

// True when GRUB starts another kernel once this one has no image: where its menu is ours
// to have made, and its owner has set no default of their own.
bool another_would_start(const Paths& paths, const std::string& version) {
  return !read_boot_menu(paths).empty() && owners_default(paths).empty() &&
         std::ranges::any_of(boot_kernels(paths), [&](const BootKernel& kernel) {
           return kernel.has_image && kernel.version != version;
         });
}

// Why the kernel that GRUB starts without this image serves better: it drives what this one
// has no driver for. Nothing where this is not the kernel that is started now.
std::optional<Error> better_kernel(const Paths& paths, const EarlyInputs& inputs,
                                   const std::string& version) {
  if (!another_would_start(paths, version)) return std::nullopt;
  std::vector<BootKernel> kernels = boot_kernels(paths);
  std::erase_if(kernels, [](const BootKernel& kernel) { return !kernel.has_image; });
  if (kernels.size() < 2 || kernels[0].version != version) return std::nullopt;
  // GRUB starts the next one whatever it is, and without its modules nothing can be said of it.
  if (left_over(paths, kernels[1].version)) return std::nullopt;
  const KernelLacks lacks = kernel_lacks(paths, version, inputs);
  if (lacks.faults.empty() || !kernel_lacks(paths, kernels[1].version, inputs).faults.empty())
    return std::nullopt;
  return lacks.faults.front();
}

// Has the menu made again, and looks at what came of it: another of GRUB's files may have the last
// word on what is started.
Result<> start_another(const Paths& paths) {
  if (auto made = remake_boot_menu(); !made) return made;
  const std::string menu = read_boot_menu(paths);
  const SavedEntries saved = saved_entries(paths);
  const std::vector<BootKernel> kernels = boot_kernels(paths);
  const auto started = started_kernel(kernels, menu, saved);
  const std::string what = "cannot have GRUB start another kernel";
  const std::string hint =
      "see which file in /etc/default/grub.d or /etc/grub.d has the last word on the default";
  if (!started || !has_image(kernels, *started))
    return Error{Code::refused, what,
                 "its menu starts " + (started ? "kernel " + *started + ", which has no image"
                                               : std::string("none that is known")),
                 hint};
  if (asks_before_boot(menu, saved))
    return Error{Code::refused, what, "it would ask for a user's name first, at the console", hint};
  return Ok{};
}

// Takes the image away, unless the menu goes on starting its kernel.
Result<> withdraw(const Paths& paths, const std::string& file) {
  const std::string aside = file + aside_suffix;
  const std::string what = "cannot remove the image '" + file + "'";
  if (::rename(file.c_str(), aside.c_str()) != 0) return system_error(errno, what);
  if (auto another = start_another(paths); !another) {
    if (::rename(aside.c_str(), file.c_str()) != 0) return system_error(errno, what);
    (void)remake_boot_menu();  // that it names the image again
    return another;
  }
  if (::unlink(aside.c_str()) != 0) return system_error(errno, what);
  return sync_for_boot(std::filesystem::path(file).parent_path().string());
}

int refuse(const std::string& version, const std::string& outcome, const Error& fault) {
  return report_error({Code::refused, "the new image of kernel " + version + " " + outcome,
                       sentence(fault), then_build(fault.hint, version)});
}

int refuse_and_withdraw(const Paths& paths, const std::string& version, const std::string& file,
                        const Error& fault) {
  if (auto gone = withdraw(paths, file); !gone) {
    report_error(gone.error());
    return refuse(version, "could not be unlocked over ssh. DO NOT REBOOT before it can", fault);
  }
  return refuse(version,
                "could not be unlocked over ssh: it is removed, and another kernel is booted",
                fault);
}

int carry_out(const Globals& globals, const GateFacts& facts, const Error& fault,
              const std::string& version, const std::string& file) {
  switch (gate_step(facts)) {
    case GateStep::keep:
    case GateStep::keep_warning:
      break;
    case GateStep::restore:
      if (auto done = put_in_place(file + kept_suffix, file); !done) {
        report_error(done.error());
        return refuse(version, "could not be unlocked over ssh. DO NOT REBOOT into it", fault);
      }
      return refuse(version, "could not be unlocked over ssh: the one before it is back", fault);
    case GateStep::boot_on:
      if (auto done = build_boot_on(globals.paths, file, version, fault); !done) {
        report_error(done.error());
        if (facts.another_kernel) return refuse_and_withdraw(globals.paths, version, file, fault);
        return refuse(version, "could not be unlocked over ssh. DO NOT REBOOT into it", fault);
      }
      report_warning({Code::config,
                      "the image for kernel " + version + " boots on WITHOUT waiting for an unlock",
                      sentence(fault),
                      "the machine comes up with its own sshd and closed volumes; mend that, "
                      "then run: update-initramfs -u -k " +
                          version});
      return 0;
    case GateStep::withdraw:
      return refuse_and_withdraw(globals.paths, version, file, fault);
    case GateStep::keep_lost:
      return refuse(version, "could not be unlocked over ssh. DO NOT REBOOT before it can", fault);
  }
  return 0;
}

// Where we fail, update-initramfs ends before it removes what it kept, and the next one would
// need room for three images. What could not be looked into may be good.
void drop_kept(const GateFacts& facts, const std::string& file) {
  if (gate_step(facts) == GateStep::restore) return;
  if (!facts.last || facts.last->kind != Kind::unknown) remove(file + kept_suffix);
}

// Of a kernel whose modules are not on this root, as where root was put back to an earlier state
// and /boot was not: what was built now has none, and cannot mount root. The image of before has
// them: it stays. Gives the exit status, or nothing where this is not so, as for a kernel that
// never had any.
std::optional<int> keep_for_lost_modules(const Globals& globals, const std::string& version,
                                         const std::string& file) {
  if (!modules_are_lost(globals.paths, version, file + kept_suffix)) return {};
  const Error fault = lost_modules(version);
  if (auto done = put_in_place(file + kept_suffix, file); !done) {
    report_error(done.error());
    return refuse(version, "could not mount root. DO NOT REBOOT into it", fault);
  }
  report_warning({fault.code, "the image of kernel " + version + " stays as it was",
                  sentence(fault), fault.hint});
  return 0;
}

}  // namespace

int gate_image(const Globals& globals, const std::string& version, const std::string& file) {
  const EarlyInputs inputs = read_early_inputs(globals.paths);
  if (!inputs.configured) return 0;
  // Left by a power cut, when no one was told of them. Each takes as much of /boot as an image.
  for (const char* suffix : {fresh_suffix, aside_suffix}) remove(file + suffix);
  if (const auto kept = keep_for_lost_modules(globals, version, file)) return *kept;
  // Once for all that look below it: each waking is two calls of LVM.
  std::optional<WokenLv> woken;
  if (inputs.config && globals.paths.root.empty()) woken.emplace(inputs.config->keys.device);
  // Another package's setting may have given it a mode that others read the host keys by.
  if (!mode_is_the_mounts(file) && ::chmod(file.c_str(), 0600) != 0 && errno != ENOENT)
    report_warning(system_error(errno, "cannot keep others from reading '" + file + "'"));
  GateFacts facts;
  facts.root_is_a_volume = inputs.root_is_a_volume;
  facts.fresh = judge(globals.paths, file, version);
  // Unpacking takes seconds: what else there is, is asked only when it matters.
  if (facts.fresh.kind != Kind::unlocks) {
    if (::access((file + kept_suffix).c_str(), F_OK) == 0)
      facts.last = judge(globals.paths, file + kept_suffix, version);
    facts.another_kernel = another_would_start(globals.paths, version);
  }
  const auto better = better_kernel(globals.paths, inputs, version);
  facts.better_kernel = better.has_value();
  woken.reset();  // what is run from here on may look at every device
  const GateStep step = gate_step(facts);
  Error fault;
  if (better)
    fault = *better;
  else if (!facts.fresh.faults.empty())
    fault = facts.fresh.faults.front();
  // One that says itself that it boots on was told of while it was built.
  if (step == GateStep::keep_warning && facts.fresh.info.wait) report_warning(fault);
  for (const Error& doubt : facts.fresh.doubts) report_warning(doubt);
  for (const Error& warning : facts.fresh.warnings) report_warning(warning);
  if (const int failed = carry_out(globals, facts, fault, version, file); failed != 0) {
    drop_kept(facts, file);
    return failed;
  }
  if (starts_without_image(read_boot_menu(globals.paths), version)) refresh_menu(globals);
  if (auto synced = sync_for_boot(file); !synced) report_warning(synced.error());
  return 0;
}

int print_pinned_kernel(const Globals& globals, const std::string& choice) {
  if (::access(globals.paths.etc("latchkey.conf").c_str(), F_OK) != 0) return 0;
  const std::string menu = read_boot_menu(globals.paths);
  const std::vector<BootKernel> kernels = kernels_by_version(globals.paths);
  if (is_own_default(choice, menu, kernels)) return 0;
  if (const auto pinned = kernel_to_pin(kernels, menu)) std::puts(pinned->c_str());
  return std::fflush(stdout) == 0 ? 0 : exit_status(Code::io);
}

}  // namespace latchkey
