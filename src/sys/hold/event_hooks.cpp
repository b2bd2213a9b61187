// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/event_hooks.hpp"

#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <utility>

#include "core/base/text.hpp"
#include "core/hold/event_hooks.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

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
  return {Code::refused, "the hook '" + printable(path) + "' is not run", why,
          "see HOOKS in latchkey(8)"};
}

// A file among an event's hooks, or why it is not run: it, or all of them.
struct Candidate {
  std::string name{};
  std::string path{};
  std::optional<Error> refusal{};
};

std::vector<Candidate> candidates(const std::string& directory, const std::string& event) {
  const std::string place = directory + "/" + event;
  for (const std::string& one : {directory, place}) {
    const auto found = look_at(one, "");
    if (!found) return {};
    const auto why = hook_directory_refusal(*found);
    if (!why) continue;
    if (!any_hook(directory, event)) return {};
    return {{.refusal = Error{Code::refused, "no hook in '" + place + "' is run",
                              "'" + one + "' is not safe: " + *why,
                              "run: chown root: " + one + "; chmod go-w " + one}}};
  }
  std::vector<Candidate> out;
  for (const std::string& name : names_in(place)) {
    Candidate one{name, place + "/" + name};
    const auto found = look_at(one.path, name);
    if (!found) continue;
    if (const auto why = hook_refusal(*found)) one.refusal = refused(one.path, *why);
    out.push_back(std::move(one));
  }
  return out;
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
  for (const Candidate& one : candidates(hooks.directory, hooks.event))
    if (one.refusal)
      hooks.warn(*one.refusal);
    else
      run_hook(hooks, one.path, one.name);
}

std::vector<Error> refused_hooks(const std::string& directory, const std::string& event) {
  std::vector<Error> out;
  for (const Candidate& one : candidates(directory, event))
    if (one.refusal) out.push_back(*one.refusal);
  return out;
}

}  // namespace latchkey
