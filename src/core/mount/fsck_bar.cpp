// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/fsck_bar.hpp"

#include <algorithm>

namespace latchkey {
namespace {

constexpr std::size_t bar_cells = 20;

std::string one(const std::string& name, const CheckProgress& progress) {
  const auto done = static_cast<std::size_t>(std::clamp(progress.percent, 0, 100)) * bar_cells / 100;
  return "'" + name + "' [" + std::string(done, '#') + std::string(bar_cells - done, '.') + "] " +
         progress_words(progress);
}

}  // namespace

std::string check_bar(const std::map<std::string, CheckProgress>& checks, std::size_t columns) {
  std::string out = "checking ";
  std::size_t left = checks.size();
  for (const auto& [name, progress] : checks) {
    const std::string next = (left == checks.size() ? "" : "; ") + one(name, progress);
    const std::string rest = left > 1 ? "; " + std::to_string(left - 1) + " more" : "";
    if (out.size() + next.size() + rest.size() >= columns) break;
    out += next;
    --left;
  }
  if (left == 0) return checks.empty() ? "" : out;
  const std::string number = std::to_string(left);
  const std::string rest = left == checks.size() ? number + " volumes" : "; " + number + " more";
  return (out + rest).substr(0, columns == 0 ? 0 : columns - 1);
}

}  // namespace latchkey
