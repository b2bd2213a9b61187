// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/image/rebuild.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/text.hpp"
#include "core/image/image_build.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/check/stale_copies.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/boot_sync.hpp"
#include "sys/kernel/boot_places.hpp"
#include "sys/process/process.hpp"

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

// While this is there, an update-initramfs that was begun did not come to a good end. The images
// in /boot may be good even so: what the firmware starts is written after them, by other packages'
// hooks, to places that nobody but them knows.
std::string mark_of(const Paths& paths) { return paths.etc("unfinished/images"); }

Result<> set_mark(const Paths& paths) {
  if (auto made = make_directories(paths.etc("unfinished"), 0700); !made) return made;
  return write_file(mark_of(paths),
                    "update-initramfs was begun, and did not come to a good end: the next command "
                    "that needs the images has them built anew\n",
                    0600);
}

// What is asked for next may remove what the images of before open: until then the images and
// their copies must be on their disks.
Result<> sync_copies(const Paths& paths) {
  for (const char* place : image_places)
    if (auto synced = sync_for_boot(paths.root + place); !synced) return synced;
  return Ok{};
}

Result<> drop_mark(const Paths& paths) {
  // Should it come back after a power cut, it costs one more build.
  if (::unlink(mark_of(paths).c_str()) == 0 || errno == ENOENT) return Ok{};
  return system_error(errno, "cannot remove '" + mark_of(paths) + "'");
}

bool up_to_date(const Paths& paths) {
  return ::access(mark_of(paths).c_str(), F_OK) != 0 &&
         all_good(check_images(paths, read_early_inputs(paths))) && stale_copies(paths).empty();
}

// Has update-initramfs build them all; gives what it said.
Result<std::string> build(const Globals& globals) {
  if (auto set = set_mark(globals.paths); !set) return set.error();
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
                 "mend what is told above, then run: update-initramfs -u -k all"};
  }
  if (auto synced = sync_copies(globals.paths); !synced) return synced.error();
  if (auto dropped = drop_mark(globals.paths); !dropped) return dropped.error();
  return built->output;
}

}  // namespace

Result<> bring_images_up_to_date(const Globals& globals) {
  if (auto unmounted = unmounted_boot(globals.paths)) return *unmounted;
  // Somebody else may have made them a moment ago.
  if (up_to_date(globals.paths)) return sync_copies(globals.paths);
  say(globals, "rebuilding the image of every kernel; this may take minutes");
  const auto said = build(globals);
  if (!said) return said.error();
  // The hook makes what is missing (host keys): read again.
  const Findings after = check_images(globals.paths, read_early_inputs(globals.paths));
  bool reachable = true;
  for (const Finding& finding : after) {
    if (finding.level == Finding::Level::ok) continue;
    report_warning(finding.text);
    if (finding.level == Finding::Level::error) reachable = false;
  }
  const std::vector<Error> stale = stale_copies(globals.paths);
  for (const Error& copy : stale) report_warning(copy);
  if (!reachable) {
    // It ends well, too, where it builds nothing: on a /boot that cannot be written, or by its
    // own settings.
    tell_why(globals, *said);
    return Error{Code::refused, "the next boot could not be unlocked over early ssh",
                 "an image lacks what is told above",
                 "mend it, then run: update-initramfs -u -k all"};
  }
  if (stale.empty()) return Ok{};
  tell_why(globals, *said);
  return Error{Code::refused, "the next boot would start an image of before",
               "the copy that is told above was not made anew",
               "see whether its partition is full, and do what is said there; or remove the entry, "
               "if nothing starts it"};
}

}  // namespace latchkey
