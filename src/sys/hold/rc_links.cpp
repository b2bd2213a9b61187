// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/rc_links.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/base/text.hpp"
#include "core/hold/hold.hpp"
#include "core/hold/init_script.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

constexpr std::string_view head =
    "# Written by latchkey hold: the links in /etc/rc?.d that init scripts had before.\n"
    "# unit  link ...\n";

std::string below_etc(const Paths& paths, const std::string& link) {
  return paths.root + "/etc/" + link;
}

Result<std::string> record_text(const Paths& paths) {
  auto text = read_file(paths.etc("links"));
  if (!text && text.error().code == Code::missing) return std::string(head);
  return text;
}

// The name of the script that recorded links are for.
std::string script_of_links(const std::vector<std::string>& links, const std::string& unit) {
  for (const std::string& name : {script_of(unit), script_of(unit) + ".sh"})
    if (std::ranges::all_of(links,
                            [&](const std::string& link) { return is_link_path(link, name); }))
      return name;
  return {};
}

Result<> make_links(const Paths& paths, const std::string& script,
                    const std::vector<std::string>& wanted) {
  for (const std::string& link : links_of(paths, script))
    if (std::ranges::find(wanted, link) == wanted.end() &&
        ::unlink(below_etc(paths, link).c_str()) != 0)
      return system_error(errno, "cannot remove '" + below_etc(paths, link) + "'");
  for (const std::string& link : wanted)
    if (::symlink(("../init.d/" + script).c_str(), below_etc(paths, link).c_str()) != 0 &&
        errno != EEXIST)
      return system_error(errno, "cannot make '" + below_etc(paths, link) + "' again");
  return Ok{};
}

// insserv starts by a list beside the links, and may give other numbers to what is
// there; it leaves what starts and what does not. `update-rc.d disable` would also
// switch off a unit of the same name for the day on which systemd runs.
void tell_insserv(const Paths& paths, const std::string& script) {
  if (paths.root.empty())
    (void)run({"update-rc.d", script, "defaults"}, {.timeout = std::chrono::minutes(2)});
}

Result<> forget_record(const Paths& paths, const std::string& unit) {
  const auto text = record_text(paths);
  if (!text) return text.error();
  const std::string after = without_line(*text, unit);
  if (after != head) return write_file(paths.etc("links"), after, 0644);
  if (::unlink(paths.etc("links").c_str()) == 0 || errno == ENOENT) return Ok{};
  return system_error(errno, "cannot remove '" + paths.etc("links") + "'");
}

}  // namespace

std::vector<std::string> links_of(const Paths& paths, const std::string& script) {
  std::vector<std::string> out;
  for (const std::string& directory : link_directories())
    for (const std::string& name : names_in(below_etc(paths, directory)))
      if (is_link_name(name, script)) out.push_back(directory + "/" + name);
  return out;
}

std::string early_link(const Paths& paths, const std::string& script) {
  for (const std::string& link : links_of(paths, script))
    if (link.starts_with("rcS.d/S")) return link;
  return {};
}

Result<> disable_links(const Paths& paths, const std::string& unit, const std::string& script) {
  const std::string what = "cannot disable the init script '" + script + "'";
  const std::vector<std::string> before = links_of(paths, script);
  if (!starts_at_boot(before)) return Ok{};
  const auto text = record_text(paths);
  if (!text) return text.error();
  if (!words_of_line(*text, unit))
    if (auto done = write_file(paths.etc("links"), with_line(*text, unit, before), 0644); !done)
      return done;
  if (auto made = make_links(paths, script, disabled_links(before)); !made) return made;
  tell_insserv(paths, script);
  if (!starts_at_boot(links_of(paths, script))) return Ok{};
  return Error{Code::io, what,
               "links in /etc/rc?.d start it again after: update-rc.d " + script + " defaults",
               "see: ls -l /etc/rc?.d/*" + script};
}

Result<> restore_links(const Paths& paths, const std::string& unit) {
  const auto text = record_text(paths);
  if (!text) return text.error();
  const auto links = words_of_line(*text, unit);
  if (!links) return Ok{};
  const std::string script = script_of_links(*links, unit);
  if (script.empty())
    return Error{Code::config, "cannot restore the links of '" + unit + "'",
                 "what '" + paths.etc("links") + "' says of it is no list of its links",
                 "correct the line, or remove it and run: update-rc.d NAME defaults"};
  // Purged meanwhile: links to nothing help nobody.
  if (::access(below_etc(paths, "init.d/" + script).c_str(), F_OK) == 0) {
    if (auto made = make_links(paths, script, *links); !made) return made;
    tell_insserv(paths, script);
    if (auto made = make_links(paths, script, *links); !made) return made;
  }
  return forget_record(paths, unit);
}

std::vector<std::string> recorded_units(const Paths& paths) {
  std::vector<std::string> out;
  const auto text = record_text(paths);
  if (!text) return out;
  for (const std::string_view line : split_lines(*text)) {
    const auto fields = split_fields(line);
    if (!fields.empty() && !fields[0].text.starts_with('#'))
      out.push_back(full_unit_name(fields[0].text));
  }
  return out;
}

}  // namespace latchkey
