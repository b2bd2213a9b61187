// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/setup/legacy_callers.hpp"

#include <filesystem>
#include <initializer_list>
#include <string_view>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/config/legacy.hpp"
#include "core/hold/cron_lines.hpp"
#include "core/units/named_paths.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

const std::initializer_list<std::string_view> files{"/etc/crontab",  "/etc/rc.local",
                                                    "/etc/inittab",  "/root/.profile",
                                                    "/root/.bashrc", "/root/.bash_aliases"};
const std::initializer_list<std::string_view> directories{
    "/etc/init.d",          "/etc/systemd/system",      "/etc/cron.d",
    "/etc/cron.hourly",     "/etc/cron.daily",          "/etc/cron.weekly",
    "/etc/cron.monthly",    "/var/spool/cron/crontabs", "/etc/profile.d",
    "/etc/network/if-up.d", "/etc/network/if-down.d",   "/usr/local/bin",
    "/usr/local/sbin"};

// By the names that the link has, and by where it ends through all links on its way.
bool link_leads_into(const std::string& root, const std::string& path,
                     const std::string& directory) {
  std::error_code failed;
  const std::string target = fs::read_symlink(root + path, failed).string();
  if (failed) return false;
  if (leads_into(target, path, directory)) return true;
  const std::string end = fs::canonical(root + path, failed).string();
  return !failed && leads_into(end, path, directory);
}

// Cron begins in the home of whose table it is.
std::vector<std::string> homes_for(const std::string& path) {
  constexpr std::string_view tables = "/var/spool/cron/crontabs/";
  std::vector<std::string> homes{"/root"};
  if (path.starts_with(tables)) add_once(homes, home_of_crontab(path.substr(tables.size())));
  return homes;
}

void look(std::vector<std::string>& out, const std::string& root, const std::string& path,
          const std::string& directory) {
  std::error_code failed;
  const fs::path file = root + path;
  const auto status = fs::symlink_status(file, failed);
  if (failed) return;
  if (fs::is_symlink(status)) {
    if (link_leads_into(root, path, directory)) out.push_back(printable(path) + " (a link)");
    return;
  }
  if (!fs::is_regular_file(status)) return;
  const auto text = read_file(file.string());
  if (!text) return;
  for (const std::size_t line : lines_naming(*text, directory, homes_for(path)))
    out.push_back(printable(path) + ":" + std::to_string(line));
}

}  // namespace

std::vector<std::string> legacy_callers(const std::string& root, const std::string& directory) {
  std::vector<std::string> out;
  for (const std::string_view file : files) look(out, root, std::string(file), directory);
  for (const std::string_view place : directories)
    for (const std::string& name : names_in(root + std::string(place)))
      look(out, root, std::string(place) + "/" + name, directory);
  return out;
}

}  // namespace latchkey
