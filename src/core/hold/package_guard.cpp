// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/package_guard.hpp"

#include <algorithm>
#include <cctype>

#include "core/base/lists.hpp"
#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/hold/hold.hpp"

namespace latchkey {
namespace {

std::string init_script_of(const std::string& unit) {
  return "/etc/init.d/" + unit.substr(0, std::min(unit.find('@'), unit.rfind('.')));
}

// Wherever units may lie: /lib, /usr/lib, /etc.
bool is_file_of(const std::string& path, const std::string& unit) {
  const auto lies = [&](const std::string& name) {
    return path.ends_with("/systemd/system/" + name);
  };
  return lies(unit) || lies(template_of(unit)) || path == init_script_of(unit);
}

bool is_below(const std::string& path, const std::string& place) {
  return path.size() > place.size() + 1 && path.starts_with(place) && path[place.size()] == '/';
}

// For dpkg-query, whose patterns know *, ?, [ and \.
std::string literally(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

void add_claim(std::vector<PackageClaim>& claims, PackageClaim claim) {
  const auto found = std::ranges::find(claims, claim.package, &PackageClaim::package);
  if (found == claims.end())
    claims.push_back(std::move(claim));
  else if (found->unit.empty() && !claim.unit.empty())
    *found = std::move(claim);
  else if (found->unit.empty())
    add_once(found->volumes, claim.volumes);  // it has files on several
}

// As a whole path, or what lies below it, on a line that is no comment.
bool script_names(std::string_view script, std::string_view place) {
  const auto part_of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_.-").find(c) != std::string_view::npos;
  };
  for (const std::string_view line : split_lines(script)) {
    if (trim(line).starts_with('#')) continue;
    for (std::size_t at = line.find(place); at != std::string_view::npos;
         at = line.find(place, at + 1)) {
      const std::size_t end = at + place.size();
      const bool begins = at == 0 || (!part_of_name(line[at - 1]) && line[at - 1] != '/');
      if (begins && (end == line.size() || !part_of_name(line[end]))) return true;
    }
  }
  return false;
}

std::string volumes_text(const std::vector<std::string>& volumes) {
  if (volumes.empty()) return "which is not released";
  return "whose " + std::string(volumes.size() == 1 ? "volume " : "volumes ") +
         quoted_list(volumes) + (volumes.size() == 1 ? " is closed" : " are closed");
}

Error refusal_of(const PackageClaim& claim) {
  const std::string why =
      claim.unit.empty()
          ? std::string(claim.by_script ? "its configuration works on '" : "it has files below '") +
                printable(claim.place) + "', " + volumes_text(claim.volumes)
          : "it has the held unit '" + printable(claim.unit) + "', " + volumes_text(claim.volumes);
  return {Code::refused, "'" + printable(claim.package) + "' must not be changed now", why, ""};
}

}  // namespace

void claim_by_file(std::vector<PackageClaim>& claims, const std::string& package,
                   std::string_view file, const Closed& closed) {
  std::string path(file.starts_with("./") ? file.substr(1) : file);
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (const ClosedUnit& held : closed.units)
    if (is_file_of(path, held.unit))
      return add_claim(claims, {package, held.unit, "", held.volumes});
  for (const ClosedPlace& place : closed.places)
    if (is_below(path, place.mount_point) || (place.itself && path == place.mount_point))
      return add_claim(claims, {package, "", place.mount_point, {place.volume}});
}

void claim_by_script(std::vector<PackageClaim>& claims, const std::string& package,
                     std::string_view script, const Closed& closed) {
  for (const ClosedPlace& place : closed.places)
    if (std::ranges::count(place.mount_point, '/') >= 3 && script_names(script, place.mount_point))
      add_claim(claims, {package, "", place.mount_point, {place.volume}, true});
}

std::vector<std::string> claim_patterns(const Closed& closed) {
  std::vector<std::string> out;
  for (const ClosedUnit& held : closed.units) {
    out.push_back("*/systemd/system/" + literally(template_of(held.unit)));
    if (template_of(held.unit) != held.unit)
      out.push_back("*/systemd/system/" + literally(held.unit));
    out.push_back(literally(init_script_of(held.unit)));
  }
  for (const ClosedPlace& place : closed.places) {
    out.push_back(literally(place.mount_point) + "/*");
    if (place.itself) out.push_back(literally(place.mount_point));
  }
  return out;
}

void claim_by_search_line(std::vector<PackageClaim>& claims, std::string_view line,
                          const Closed& closed) {
  const std::size_t colon = line.find(": /");
  if (colon == std::string_view::npos || line.starts_with("diversion by ")) return;
  for (const std::string& name : split(line.substr(0, colon), ','))
    claim_by_file(claims, package_name(trim(name)), line.substr(colon + 2), closed);
}

std::string_view path_of_contents_line(std::string_view line) {
  const std::size_t begin = line.find(" ./");
  if (begin == std::string_view::npos) return {};
  const std::string_view path = line.substr(begin + 1);
  // Behind the name of a link comes what it leads to.
  const std::string_view target = line.starts_with('l') ? " -> " : " link to ";
  return path.substr(0, path.find(target));
}

const PackageClaim* claim_on(const PackageChange& change, std::span<const PackageClaim> claims) {
  const auto found = std::ranges::find(claims, change.name, &PackageClaim::package);
  if (found == claims.end()) return nullptr;
  return change.archive.empty() && found->unit.empty() ? nullptr : &*found;
}

std::string refusal_text(std::span<const PackageClaim> claims, PackageTool tool) {
  const std::string tool_name = tool == PackageTool::apt ? "apt" : "dpkg";
  std::string out;
  std::vector<std::string> names;
  for (const PackageClaim& claim : claims) {
    out += error_text("latchkey", refusal_of(claim));
    names.push_back(printable(claim.package));
  }
  const auto hint = [&](const std::string& text) { out += "latchkey: hint: " + text + "\n"; };
  hint(
      "nothing was unpacked, configured or removed; open the volumes with 'release-services', then "
      "run " +
      tool_name + " again");
  if (tool == PackageTool::apt) {
    const std::string list = join(names, " ");
    hint("to go on with the other packages before that: apt-mark hold " + list +
         " (and after the release: apt-mark unhold " + list + ")");
    hint("to do it all the same, at the risk of packages left half-configured: " +
         std::string("add -o Latchkey::Allow-Held=true"));
  } else {
    hint(
        "to do it all the same, at the risk of packages left half-configured: "
        "put LATCHKEY_ALLOW_HELD=1 before the command, behind sudo where that is used: "
        "sudo LATCHKEY_ALLOW_HELD=1 dpkg ...");
  }
  return out;
}

std::string kept_back_text(std::span<const PackageClaim> claims,
                           std::span<const std::string> unfinished) {
  std::string out =
      "// Written by latchkey-guard for the next run of unattended-upgrades: packages\n"
      "// whose encrypted volumes are closed.\n";
  for (const PackageClaim& claim : claims) {
    std::string pattern;
    bool valid = !claim.package.empty();
    for (const char c : claim.package) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
      valid = valid && (plain || c == '+' || c == '.');
      pattern += plain ? std::string(1, c) : std::string("[") + c + "]";
    }
    if (valid) out += "Unattended-Upgrade::Package-Blacklist:: \"^" + pattern + "$\";\n";
  }
  if (std::ranges::any_of(claims, [&](const PackageClaim& claim) {
        return std::ranges::find(unfinished, claim.package) != unfinished.end();
      }))
    out += "Unattended-Upgrade::AutoFixInterruptedDpkg \"false\";\n";
  return out;
}

}  // namespace latchkey
