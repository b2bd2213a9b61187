// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey image: what the hooks of initramfs-tools and GRUB ask. Orders for the shell go
// to stdout, everything for people to stderr.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "core/base/message.hpp"
#include "latchkey/cli/command.hpp"
#include "latchkey/image/image_gate.hpp"
#include "sys/image/image.hpp"
#include "sys/ssh/host_keys.hpp"

namespace latchkey {
namespace {

struct Options {
  std::string tree;
  std::string kernel;
  std::string boot_on;
  std::string file;
  std::string choice;
};

void say(const std::string& text) { std::fputs(text.c_str(), stderr); }

// A warning must never fail a package operation, but nobody may overlook it.
void tell_boot_on(const ImageOutcome& outcome, const std::string& kernel) {
  for (const Error& fault : outcome.faults) say(error_text("latchkey", fault));
  say(warning_text(
      "latchkey",
      {Code::config, "the image for kernel " + kernel + " boots on WITHOUT waiting for an unlock",
       "early ssh could not work in it",
       "the machine comes up with its own sshd and closed volumes; mend the above, then run: "
       "update-initramfs -u -k " +
           kernel}));
}

int carry_out(const Result<ImageOutcome>& result, const std::string& kernel) {
  if (!result) {
    say(error_text("latchkey", result.error()));
    return exit_status(result.error().code);
  }
  for (const Error& warning : result->warnings) say(warning_text("latchkey", warning));
  if (!result->faults.empty()) tell_boot_on(*result, kernel);
  for (const std::string& order : result->orders) std::puts(order.c_str());
  return std::fflush(stdout) == 0 ? 0 : exit_status(Code::io);
}

}  // namespace

Run declare_image(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  const auto place = [options](CLI::App* sub) {
    sub->add_option("tree", options->tree, "the image's root")->required();
    sub->add_option("--kernel", options->kernel, "version of its kernel")->required();
    return sub;
  };
  CLI::App* stage = place(app.add_subcommand("stage", "write our files into an image's tree"));
  stage->add_option("--boot-on", options->boot_on, "why it is to boot on without an unlock");
  CLI::App* judge = place(app.add_subcommand("judge", "look whether the tree can be unlocked"));
  CLI::App* keys = app.add_subcommand("host-keys", "make early boot's host keys if there are none");
  CLI::App* gate = app.add_subcommand("gate", "look into a finished image, or bring back the last");
  gate->add_option("kernel", options->kernel, "version of its kernel")->required();
  gate->add_option("file", options->file, "the finished image")->required();
  CLI::App* pin = app.add_subcommand("pin", "the kernel to boot while the newest has no image");
  pin->add_option("--default", options->choice, "what GRUB would start: an entry of its menu");
  return [options, stage, judge, keys, gate, pin, &globals] {
    // Nothing that is made here is ever readable by others, not even at first.
    ::umask(077);
    if (gate->parsed()) return gate_image(globals, options->kernel, options->file);
    if (pin->parsed()) return print_pinned_kernel(globals, options->choice);
    const ImageRequest request{globals.paths, options->tree, options->kernel, options->boot_on};
    if (stage->parsed()) return carry_out(stage_image(request), options->kernel);
    if (judge->parsed()) return carry_out(judge_image(request), options->kernel);
    if (keys->parsed()) {
      const auto made = make_host_keys(globals.paths);
      if (!made) say(error_text("latchkey", made.error()));
      return made ? 0 : exit_status(made.error().code);
    }
    return exit_status(Code::usage);
  };
}

}  // namespace latchkey
