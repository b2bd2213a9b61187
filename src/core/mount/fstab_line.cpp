// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mount/fstab_line.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Those of which systemd makes a part of remote-fs.target: sshd waits for it nowhere.
constexpr std::array<std::string_view, 12> network_types{"afs",       "ceph",   "cifs",  "davfs",
                                                         "glusterfs", "lustre", "nfs4",  "nfs",
                                                         "ncpfs",     "smb3",   "smbfs", "sshfs"};

constexpr std::array<std::string_view, 5> layer_options{
    "lowerdir=", "lowerdir+=", "datadir+=", "upperdir=", "workdir="};

bool over_network(const FstabLine& line) {
  const std::string_view type = line.type;
  return line.has("_netdev") || std::ranges::any_of(network_types, [&](std::string_view name) {
           return type == name || (type.starts_with("fuse.") && type.substr(5) == name);
         });
}

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == ".." && !out.empty())
      out.pop_back();
    else if (!part.empty() && part != "." && part != "..")
      out.push_back(part);
    at = end + 1;
  }
  return out;
}

// Several in a row stand with colons between; a name may hold one as well.
void add_paths(std::vector<std::string>& out, const std::string& text) {
  if (text.find(':') != std::string::npos) out.push_back(text);
  for (std::string& path : split(text, ':'))
    if (path.starts_with('/')) out.push_back(std::move(path));
}

// As unions in user space take theirs: `program#/path`, `/path=RW`, `+/path`.
std::string of_union(std::string text) {
  if (const std::size_t hash = text.find("#/"); hash != std::string::npos) text.erase(0, hash + 1);
  std::string out;
  for (std::string path : split(text, ':')) {
    if (path.starts_with('+')) path.erase(0, 1);
    out += (out.empty() ? "" : ":") + path.substr(0, path.find('='));
  }
  return out;
}

}  // namespace

bool FstabLine::has(std::string_view option) const {
  return std::ranges::find(options, option) != options.end();
}

bool FstabLine::may_fail() const { return has("nofail") || over_network(*this); }

bool FstabLine::after(std::string_view unit) const {
  const std::string_view stem = unit.substr(0, unit.rfind('.'));
  return std::ranges::any_of(options, [&](std::string_view option) {
    // Debian 12's systemd does not know x-systemd.wants=.
    for (const std::string_view key : {"x-systemd.after=", "x-systemd.requires="})
      if (option.starts_with(key))
        return option.substr(key.size()) == unit || option.substr(key.size()) == stem;
    return false;
  });
}

std::vector<std::string> FstabLine::contents() const {
  std::vector<std::string> out;
  const bool user_space = type.starts_with("fuse") || type == "mergerfs";
  const std::string from = user_space ? of_union(source.text) : source.text;
  if (from.starts_with('/')) add_paths(out, from);
  for (const std::string& option : options)
    for (const std::string_view key : layer_options)
      if (option.starts_with(key)) add_paths(out, option.substr(key.size()));
  return out;
}

std::optional<FstabLine> parse_fstab_line(std::string_view line) {
  std::vector<Field> fields = split_fields(line);
  if (fields.size() < 2 || fields[0].text.starts_with('#')) return {};
  FstabLine out;
  out.source = std::move(fields[0]);
  out.target = std::move(fields[1]);
  out.place = out.target.text;
  while (out.place.size() > 1 && out.place.ends_with('/')) out.place.pop_back();
  if (fields.size() > 2) out.type = std::move(fields[2].text);
  if (fields.size() > 3) out.options = split(fields[3].text, ',');
  return out;
}

bool lies_on(std::string_view path, std::string_view directory) {
  if (!path.starts_with('/') || !directory.starts_with('/')) return false;
  const auto parts = parts_of(path);
  const auto above = parts_of(directory);
  return parts.size() >= above.size() && std::equal(above.begin(), above.end(), parts.begin());
}

bool pattern_leads_to(std::string_view path, std::string_view directory) {
  if (!path.starts_with('/') || path.find_first_of("*?[") == std::string_view::npos) return false;
  const auto parts = parts_of(path);
  const auto above = parts_of(directory);
  return parts.size() >= above.size() &&
         std::equal(above.begin(), above.end(), parts.begin(),
                    [](const auto& name, const auto& pattern) {
                      return ::fnmatch(std::string(pattern).c_str(), std::string(name).c_str(),
                                       FNM_PERIOD) == 0;
                    });
}

}  // namespace latchkey
