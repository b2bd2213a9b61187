// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/rebuild.hpp"

#include <algorithm>

#include "core/image_build.hpp"
#include "core/text.hpp"
#include "latchkey/check.hpp"
#include "latchkey/terminal.hpp"
#include "sys/process.hpp"

namespace latchkey {
namespace {

bool all_good(const Findings& findings) {
  return std::ranges::all_of(findings,
                             [](const Finding& f) { return f.level == Finding::Level::ok; });
}

// With --verbose everything was said already.
void tell_why(const Globals& globals, const std::string& output) {
  if (globals.verbose) return;
  for (const std::string& line : build_reasons(output)) say(globals, line);
}

}  // namespace

Result<> bring_images_up_to_date(const Globals& globals) {
  if (auto unmounted = unmounted_boot(globals.paths)) return *unmounted;
  if (all_good(check_images(globals.paths, read_early_inputs(globals.paths)))) return Ok{};
  say(globals, "rebuilding the image of every kernel; this may take minutes");
  // What the hook says of a faulty image is for the person who ran this.
  const auto built = run({"update-initramfs", "-u", "-k", "all"}, {.keeps_lock = true});
  if (!built) {
    Error error = built.error();
    if (error.code == Code::missing) error.hint = "run: apt install initramfs-tools";
    return error;
  }
  for (const std::string_view line : split_lines(built->output))
    if (line.starts_with("latchkey: ") || globals.verbose) say(globals, printable(line, 500));
  if (built->status != 0) {
    tell_why(globals, built->output);
    return Error{Code::io, "cannot rebuild the images",
                 "update-initramfs ended with status " + std::to_string(built->status),
                 "run: update-initramfs -u -k all"};
  }
  // The hook makes what is missing (host keys): read again.
  const Findings after = check_images(globals.paths, read_early_inputs(globals.paths));
  bool reachable = true;
  for (const Finding& finding : after) {
    if (finding.level == Finding::Level::ok) continue;
    report_warning(finding.text);
    if (finding.level == Finding::Level::error) reachable = false;
  }
  if (reachable) return Ok{};
  // It ends well, too, where it builds nothing: on a /boot that cannot be written, or by its
  // own settings.
  tell_why(globals, built->output);
  return Error{Code::refused, "the next boot could not be unlocked over early ssh",
               "an image lacks what is told above",
               "mend it, then run: update-initramfs -u -k all"};
}

}  // namespace latchkey
