// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/fsck.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.hpp"
#include "core/mount/file_system.hpp"

namespace latchkey {

Result<std::string> judge_fsck(int status, const std::string& volume, const std::string& device,
                               const std::string& type) {
  const std::string what = "cannot mount '" + volume + "'";
  const std::string repair = "run: " + repair_command(type, device) + ", then: release-services";
  const auto bits = static_cast<unsigned>(status);
  if (status == 0) return std::string(checks_itself(type) ? "checked as it is mounted" : "clean");
  if (status < 0 || (bits & 128U) != 0)
    return Error{Code::io, what, "fsck." + type + " could not run", repair};
  if ((bits & 32U) != 0) return Error{Code::io, what, "the file system check was cancelled", repair};
  if ((bits & 16U) != 0)
    return Error{Code::usage, what, "fsck." + type + " did not understand how it was called",
                 repair};
  if ((bits & 8U) != 0)
    return Error{Code::io, what, "fsck." + type + " met an error while it ran", repair};
  if ((bits & 4U) != 0)
    return Error{Code::damaged, what, "its file system has errors that need a person", repair};
  if ((bits & 2U) != 0)
    return Error{Code::damaged, what, "its file system was repaired and wants a restart",
                 "reboot, or run: release-services"};
  return std::string("repaired");
}

bool takes_no_arguments(int status, const std::string& type) {
  return status == 16 && fsck_package(type).empty();
}

CheckWish check_wish(std::string_view command_line) {
  CheckWish out;
  for (const std::string& word : command_line_words(command_line)) {
    if (word.starts_with("fsck.mode=")) {
      out.skip = word == "fsck.mode=skip";
      out.force = word == "fsck.mode=force";
    }
    if (word.starts_with("fsck.repair=")) {
      out.yes = word == "fsck.repair=yes";
      out.no = word == "fsck.repair=no";
    }
  }
  return out;
}

bool can_only_look(const std::string& type) { return is_ext(type) || checks_itself(type); }

std::vector<std::string> check_arguments(const std::string& type, const CheckWish& wish) {
  std::vector<std::string> out{wish.yes ? "-y" : wish.no && is_ext(type) ? "-n" : "-p"};
  if (!is_ext(type)) return out;
  if (wish.force) out.emplace_back("-f");
  out.insert(out.end(), {"-C", "1"});
  return out;
}

std::optional<CheckProgress> parse_check_progress(std::string_view line) {
  constexpr std::uint64_t passes = 5;  // of e2fsck
  const auto words = split_fields(line);
  if (words.size() != 4 || !words[3].text.starts_with('/')) return {};
  const auto pass = parse_number(words[0].text, passes);
  const auto current = parse_number(words[1].text, UINT32_MAX);
  const auto most = parse_number(words[2].text, UINT32_MAX);
  if (!pass || !current || !most || *pass == 0 || *most == 0) return {};
  const std::uint64_t percent = std::min<std::uint64_t>(100, 100 * *current / *most);
  return CheckProgress{static_cast<int>(*pass), static_cast<int>(passes),
                       static_cast<int>(percent)};
}

std::string progress_words(const CheckProgress& progress) {
  return "pass " + std::to_string(progress.pass) + " of " + std::to_string(progress.passes) + ", " +
         std::to_string(progress.percent) + " %";
}

bool checks_itself(const std::string& type) { return type == "xfs" || type == "btrfs"; }

std::string repair_command(const std::string& type, const std::string& device) {
  if (type == "xfs") return "xfs_repair " + device;
  if (type == "btrfs") return "btrfs check " + device;
  return "fsck." + type + " " + device;
}

std::string fsck_package(const std::string& type) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> packages{
      {{"ext2", "e2fsprogs"},
       {"ext3", "e2fsprogs"},
       {"ext4", "e2fsprogs"},
       {"xfs", "xfsprogs"},
       {"btrfs", "btrfs-progs"},
       {"f2fs", "f2fs-tools"},
       {"vfat", "dosfstools"},
       {"exfat", "exfatprogs"},
       {"jfs", "jfsutils"},
       {"reiserfs", "reiserfsprogs"}}};
  for (const auto& [name, package] : packages)
    if (name == type) return std::string(package);
  return {};
}

}  // namespace latchkey
