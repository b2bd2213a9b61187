// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/own_units.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "core/base/lists.hpp"
#include "core/hold/hold.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> directories{"/etc/systemd/system/",
                                           "/usr/local/lib/systemd/system/"};

bool add(OwnUnit& out, const std::string& file) {
  const auto text = read_file(file);
  if (!text) return false;
  std::ranges::move(unit_settings(*text), std::back_inserter(out.settings));
  out.files.push_back(file);
  return true;
}

// systemd's own order: a file hides those of its name in later directories.
std::vector<std::string> with_packages() {
  std::vector<std::string> out = directories;
  for (const char* more : {"/usr/lib/systemd/system/", "/lib/systemd/system/"}) out.push_back(more);
  return out;
}

// What generators make of others' configuration: that of NFS, of what /etc/exports names.
const std::string generated{"/run/systemd/generator/"};

std::vector<std::string> with_template(const std::string& name) {
  std::vector<std::string> out{name};
  add_once(out, template_of(name));
  return out;
}

void add_drop_ins(OwnUnit& out, const std::string& place) {
  for (const std::string& drop_in : names_in(place))
    if (drop_in.ends_with(".conf")) add(out, place + "/" + drop_in);
}

// The unit's file from the first of the places that has one, and the owner's drop-ins.
OwnUnit read_unit(const std::string& root, const std::string& name,
                  const std::vector<std::string>& places) {
  OwnUnit out;
  const std::vector<std::string> names = with_template(name);
  for (const std::string& one : names) {
    if (!out.files.empty()) break;
    for (const std::string& directory : places)
      if (add(out, root + directory + one)) break;  // the first one hides the others
  }
  for (const std::string& one : names)
    for (const std::string& directory : directories)
      add_drop_ins(out, root + directory + one + ".d");
  return out;
}

}  // namespace

std::vector<EnabledUnit> enabled_units(const std::string& root) {
  std::map<std::string, std::vector<std::string>> found;
  std::error_code failed;
  for (const std::string& directory : directories)
    for (const std::string& by : names_in(root + directory))
      if (by.ends_with(".wants") || by.ends_with(".requires") || by.ends_with(".upholds"))
        for (const std::string& name : names_in(root + directory + by)) found[name].push_back(by);
  std::vector<EnabledUnit> out;
  for (const auto& [name, by] : found)
    if (fs::read_symlink(root + directories.front() + name, failed) != "/dev/null")
      out.push_back({name, by});
  return out;
}

std::vector<std::string> own_unit_names(const std::string& root) {
  std::vector<std::string> out;
  for (const std::string& directory : directories) add_once(out, names_in(root + directory));
  return out;
}

OwnUnit own_unit(const std::string& root, const std::string& name) {
  return read_unit(root, name, directories);
}

OwnUnit whole_unit(const std::string& root, const std::string& name) {
  OwnUnit out = read_unit(root, name, with_packages());
  for (const std::string& one : with_template(name))
    add_drop_ins(out, root + generated + one + ".d");
  return out;
}

}  // namespace latchkey
