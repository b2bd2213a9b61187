// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/quadlet.hpp"

#include <algorithm>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/hold/guest_uses.hpp"
#include "core/mount/fstab_line.hpp"

namespace latchkey {
namespace {

// Each ends a name, and gives a unit with another end.
struct QuadletKind {
  std::string_view suffix;
  std::string_view unit;
};
constexpr QuadletKind kinds[]{{".container", ".service"},
                              {".kube", ".service"},
                              {".pod", "-pod.service"},
                              {".volume", "-volume.service"}};

const QuadletKind* kind_of(std::string_view name) {
  for (const QuadletKind& kind : kinds)
    if (name.size() > kind.suffix.size() && name.ends_with(kind.suffix)) return &kind;
  return nullptr;
}

std::string bare(std::string_view word) {
  std::string out(trim(word));
  std::erase_if(out, [](char c) { return c == '"' || c == '\''; });
  return out;
}

// What a container gets from the host: the paths, and the names of volumes.
std::vector<std::string> sources(const Quadlet& quadlet) {
  std::vector<std::string> out;
  for (const std::string& value : values_of(quadlet.settings, "Volume"))
    add_once(out, bare(value.substr(0, value.find(':'))));
  for (const std::string& value : values_of(quadlet.settings, "Mount"))
    for (const std::string& part : split(value, ','))
      for (const std::string_view key : {"source=", "src="})
        if (const std::string word = bare(part); word.starts_with(key))
          add_once(out, word.substr(key.size()));
  for (const char* key : {"EnvironmentFile", "Yaml", "ConfigMap", "Device", "Rootfs"})
    for (const std::string& value : values_of(quadlet.settings, key)) {
      std::string path = bare(value.substr(0, value.find(':')));
      if (path.starts_with('-')) path.erase(0, 1);
      add_once(out, path);
    }
  return out;
}

// The directories that it binds without what is mounted below them later.
std::vector<std::string> fixed_binds(const Quadlet& quadlet) {
  std::vector<std::string> out;
  for (const std::string& value : values_of(quadlet.settings, "Volume")) {
    const auto parts = split(bare(value), ':');
    if (parts.size() > 1 && (parts.size() < 3 || !follows_mounts(parts[2])))
      add_once(out, parts[0]);
  }
  for (const std::string& value : values_of(quadlet.settings, "Mount")) {
    std::string source;
    bool follows = false;
    for (const std::string& part : split(bare(value), ',')) {
      const std::string word(trim(part));
      const std::string after = word.substr(word.find('=') + 1);
      if (word.starts_with("source=") || word.starts_with("src=")) source = after;
      if (word.starts_with("bind-propagation=")) follows = follows_mounts(after);
    }
    if (!follows) add_once(out, source);
  }
  return out;
}

bool has_install(const Quadlet& quadlet) {
  return std::ranges::any_of(quadlet.settings, [](const UnitSetting& one) {
    return one.section == "Install" && !one.value.empty() &&
           (one.key == "WantedBy" || one.key == "RequiredBy" || one.key == "UpheldBy");
  });
}

bool in_pod(const Quadlet& quadlet, const std::string& pod) {
  return value_of(quadlet.settings, "Pod") == pod;
}

bool takes(const Quadlet& quadlet, const std::string& name) {
  const auto from = sources(quadlet);
  return std::ranges::find(from, name) != from.end();
}

bool names_place(const Quadlet& quadlet, std::string_view place) {
  return service_uses(quadlet.settings, place) ||
         std::ranges::any_of(sources(quadlet),
                             [&](const std::string& path) {
                               return path.starts_with('/') && lies_on(path, place);
                             }) ||
         std::ranges::any_of(fixed_binds(quadlet), [&](const std::string& path) {
           return path.starts_with('/') && path != "/" && lies_on(place, path);
         });
}

}  // namespace

bool is_quadlet(std::string_view name) { return kind_of(name) != nullptr; }

std::string unit_of_quadlet(const Quadlet& quadlet) {
  const QuadletKind* const kind = kind_of(quadlet.name);
  if (kind == nullptr) return {};
  const std::string named = value_of(quadlet.settings, "ServiceName");
  if (!named.empty()) return named + ".service";
  return quadlet.name.substr(0, quadlet.name.size() - kind->suffix.size()) +
         std::string(kind->unit);
}

bool quadlet_starts(const Quadlet& quadlet, std::span<const Quadlet> all) {
  return has_install(quadlet) || std::ranges::any_of(all, [&](const Quadlet& other) {
           return has_install(other) && (in_pod(other, quadlet.name) || takes(other, quadlet.name));
         });
}

bool quadlet_uses(const Quadlet& quadlet, std::span<const Quadlet> all, std::string_view place) {
  if (names_place(quadlet, place)) return true;
  return std::ranges::any_of(all, [&](const Quadlet& other) {
    return other.name.ends_with(".volume") && takes(quadlet, other.name) &&
           names_place(other, place);
  });
}

}  // namespace latchkey
