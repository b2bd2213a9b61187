// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/cli/terminal.hpp"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/mount/fsck_bar.hpp"
#include "core/plan/plan_text.hpp"

namespace latchkey {
namespace {

bool is_drawable(int fd) {
  const char* kind = std::getenv("TERM");
  return ::isatty(fd) == 1 && kind != nullptr && *kind != '\0' && std::string_view(kind) != "dumb";
}

}  // namespace

TerminalReporter::TerminalReporter(const Globals& globals)
    : globals_(globals), redraws_(!globals.quiet && is_drawable(STDERR_FILENO)) {}

TerminalReporter::~TerminalReporter() { clear(); }

void TerminalReporter::clear() {
  if (drawn_) to_stderr("\r\033[K");
  drawn_ = false;
}

void TerminalReporter::draw() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) size.ws_col = 80;
  const std::string bar = check_bar(checks_, size.ws_col);
  if (bar.empty()) return clear();
  to_stderr("\r" + bar + "\033[K");
  drawn_ = true;
}

void TerminalReporter::progress(const std::string& volume, const CheckProgress& progress) {
  if (!redraws_) return;
  checks_[volume] = progress;
  draw();
}

void TerminalReporter::remember_opening(const Step& step, const Error* error) {
  const bool opens = std::holds_alternative<OpenVolume>(step.action);
  // A device that is missing costs its volume the opening, too.
  const bool misses = error != nullptr && std::holds_alternative<FindDevice>(step.action);
  if (step.volume.empty() || (!opens && !misses)) return;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun_[step.volume];
  if (error == nullptr)
    opened_.push_back({step.volume, true, took.count()});
  else
    opened_.push_back({step.volume, false, 0, sentence(*error), error->hint});
}

void TerminalReporter::started(const Step& step) {
  clear();
  if (std::holds_alternative<OpenVolume>(step.action))
    begun_[step.volume] = std::chrono::steady_clock::now();
  const std::string text = progress_text(step.action);
  if (!text.empty())
    say(globals_, text);
  else if (globals_.verbose)
    say(globals_, describe(step.action));
}

void TerminalReporter::finished(const Step& step, const std::string& detail) {
  clear();
  if (std::holds_alternative<CheckFs>(step.action)) {
    checks_.erase(step.volume);
    details_[step.volume] = printable(detail);
  }
  remember_opening(step, nullptr);
  const std::string text = success_text(step.action);
  const std::string more = detail.empty() ? "" : " (" + printable(detail) + ")";
  if (!text.empty())
    say(globals_, text + more);
  else if (globals_.verbose && !detail.empty())
    say(globals_, describe(step.action) + more);
}

void TerminalReporter::failed(const Step& step, const Error& error) {
  clear();
  if (std::holds_alternative<CheckFs>(step.action)) checks_.erase(step.volume);
  (void)report_error(error);
  remember_opening(step, &error);
  const auto* release = std::get_if<ReleaseUnit>(&step.action);
  const std::string& name = release != nullptr ? release->unit : step.volume;
  if (!name.empty()) reasons_.emplace(name, error);
}

void TerminalReporter::skipped(const Step& step, const std::string& lacking) {
  // The table at the end says it better; this is for those who want every step.
  if (globals_.verbose)
    say(globals_, "not done: " + describe(step.action) + ", lacking: " + lacking);
}

void TerminalReporter::note(const std::string& text) {
  clear();
  say(globals_, printable(text, 1000));
}

void outlive_connection() noexcept {
  for (const int number : {SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
}

OutlivesConnection::OutlivesConnection() noexcept {
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &ignored, &hang_up_);
  ::sigaction(SIGPIPE, &ignored, &pipe_);
}

OutlivesConnection::~OutlivesConnection() {
  ::sigaction(SIGHUP, &hang_up_, nullptr);
  ::sigaction(SIGPIPE, &pipe_, nullptr);
}

bool colour_wanted() {
  const char* no = std::getenv("NO_COLOR");
  return (no == nullptr || *no == '\0') && is_drawable(STDOUT_FILENO);
}

}  // namespace latchkey
