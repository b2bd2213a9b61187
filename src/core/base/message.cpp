// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/message.hpp"

#include <cstdio>

namespace latchkey {
namespace {

std::string lines(const std::string& program, const char* kind, const Error& error) {
  std::string out = program + ": " + kind + ": " + sentence(error) + "\n";
  if (!error.hint.empty()) out += program + ": hint: " + error.hint + "\n";
  return out;
}

}  // namespace

std::string sentence(const Error& error) {
  return error.why.empty() ? error.what : error.what + ": " + error.why;
}

std::string error_text(const std::string& program, const Error& error) {
  return lines(program, "error", error);
}

std::string warning_text(const std::string& program, const Error& error) {
  return lines(program, "warning", error);
}

std::string duration_text(double seconds) {
  char text[64];
  if (seconds < 10)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else if (seconds < 120)
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  else
    std::snprintf(text, sizeof text, "%d min %d s", static_cast<int>(seconds) / 60,
                  static_cast<int>(seconds) % 60);
  return text;
}

std::string failing_disk_hint() {
  return "see: dmesg; once its disk is well: latchkey lock, then: release-services";
}

std::string missing_disk_hint() { return "is its disk there? look at: lvm lvs, lsblk"; }

std::string unread_disk_hint() { return "see: dmesg; " + missing_disk_hint(); }

std::string by_hooks() {
  return "have a program in /etc/latchkey/hooks.d/released, and in failed beside it for when "
         "something else is down,";
}

}  // namespace latchkey
