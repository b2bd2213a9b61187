// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hooks.hpp"

#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/hooks.hpp"
#include "core/message.hpp"
#include "core/text.hpp"
#include "sys/fd.hpp"
#include "sys/process.hpp"

namespace latchkey {
namespace {

constexpr unsigned most_lines = 200;

// Nothing when it is not there.
std::optional<HookFile> look_at(const std::string& path, const std::string& name) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  return HookFile{name, S_ISREG(info.st_mode), info.st_uid == 0, info.st_mode & 07777U};
}

Error refused(const std::string& path, const std::string& why) {
  return {Code::refused, "the hook '" + printable(path) + "' is not run", why, ""};
}

void run_hook(const HookRun& hooks, const std::string& path, const std::string& name) {
  unsigned lines = 0;
  RunOptions options{.timeout = hooks.bound,
                     .environment = {"LATCHKEY_EVENT=" + hooks.event},
                     .input = hooks.document,
                     .until_exit = true};
  options.on_line = [&](std::string_view line) {
    if (++lines <= most_lines) hooks.tell(name + ": " + printable(line, 1000));
    if (lines == most_lines + 1) hooks.tell(name + ": and more, which is left out");
    return true;
  };
  const auto ran = run({path}, options);
  if (!ran)
    hooks.warn({ran.error().code, "the hook '" + path + "' failed", ran.error().why, ""});
  else if (ran->status != 0)
    hooks.warn({Code::io, "the hook '" + path + "' failed",
                "it ended with status " + std::to_string(ran->status), ""});
}

}  // namespace

bool any_hook(const std::string& directory, const std::string& event) {
  return !names_in(directory + "/" + event).empty();
}

void run_hooks(const HookRun& hooks) {
  // Ours are closed by an exec anyway; this is for what our own caller left open.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  const std::string place = hooks.directory + "/" + hooks.event;
  for (const std::string& directory : {hooks.directory, place}) {
    const auto found = look_at(directory, "");
    if (!found) return;
    if (const auto why = hook_directory_refusal(*found)) {
      if (any_hook(hooks.directory, hooks.event))
        hooks.warn({Code::refused, "no hook in '" + place + "' is run",
                    "'" + directory + "' is not safe: " + *why,
                    "run: chown root: " + directory + "; chmod go-w " + directory});
      return;
    }
  }
  for (const std::string& name : names_in(place)) {
    const std::string path = place + "/" + name;
    const auto found = look_at(path, name);
    if (!found) continue;
    if (const auto why = hook_refusal(*found))
      hooks.warn(refused(path, *why));
    else
      run_hook(hooks, path, name);
  }
}

}  // namespace latchkey
