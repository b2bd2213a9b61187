// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/hold/guest_uses.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/json_field.hpp"
#include "core/base/lists.hpp"
#include "core/base/read_json.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

// The five that XML itself knows; libvirt writes no others. `&amp;` last.
std::string decoded(std::string text) {
  for (const auto& [name, sign] : {std::pair<const char*, const char*>{"&apos;", "'"},
                                   {"&quot;", "\""},
                                   {"&lt;", "<"},
                                   {"&gt;", ">"},
                                   {"&amp;", "&"}})
    text = replace_all(std::move(text), name, sign);
  return text;
}

// The value of the attribute whose name ends before `equals`; empty for any other `=`.
std::string_view value_at(std::string_view xml, std::size_t equals) {
  if (equals + 1 >= xml.size()) return {};
  const char quote = xml[equals + 1];
  if (quote != '\'' && quote != '"') return {};
  const std::size_t end = xml.find(quote, equals + 2);
  if (end == std::string_view::npos) return {};
  return xml.substr(equals + 2, end - equals - 2);
}

bool names_a_source(std::string_view before) {
  for (const std::string_view name : {"file", "dev", "dir"}) {
    if (!before.ends_with(name) || before.size() == name.size()) continue;
    const char ahead = before[before.size() - name.size() - 1];
    if (ahead == ' ' || ahead == '\n' || ahead == '\t') return true;
  }
  return false;
}

std::string mount_source(const nlohmann::json& mount) {
  return field<std::string>(mount, "Source");
}

std::string followed_mount(const nlohmann::json& mount) {
  const auto how = field<std::string>(object_field(mount, "BindOptions"), "Propagation");
  return follows_mounts(how) ? mount_source(mount) : std::string();
}

std::string bound_source(const nlohmann::json& mount) {
  return field<std::string>(mount, "source");
}

std::string followed_bind(const nlohmann::json& mount) {
  const auto options = field<std::vector<std::string>>(mount, "options");
  return std::ranges::any_of(options, follows_mounts) ? bound_source(mount) : std::string();
}

// The absolute path that a line of TOML gives this key.
std::optional<std::string> path_in(std::string_view line, std::string_view key) {
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || trim(line.substr(0, equals)) != key) return {};
  const std::string_view value = unquoted(trim(line.substr(equals + 1)));
  return value.starts_with('/') ? std::optional(std::string(value)) : std::nullopt;
}

}  // namespace

bool follows_mounts(std::string_view options) {
  for (const std::string& option : split(options, ','))
    if (option == "slave" || option == "rslave" || option == "shared" || option == "rshared")
      return true;
  return false;
}

std::optional<std::string> docker_data_root(std::string_view daemon_json) {
  const nlohmann::json json = read_json(daemon_json);
  if (!json.is_object()) return {};
  // The second is what it was called before.
  for (const char* key : {"data-root", "graph"})
    if (auto value = field<std::string>(json, key); !value.empty()) return value;
  return {};
}

DockerUse parse_docker_use(std::string_view hostconfig_json) {
  DockerUse out;
  const nlohmann::json json = read_json(hostconfig_json);
  if (!json.is_object()) return out;
  const auto policy = field<std::string>(object_field(json, "RestartPolicy"), "Name");
  out.restarts = policy == "always" || policy == "unless-stopped" || policy == "on-failure";
  for (const std::string& bind : field<std::vector<std::string>>(json, "Binds")) {
    const std::vector<std::string> parts = split(bind, ':');
    if (parts.empty()) continue;
    add_once(out.sources, parts[0]);
    if (parts.size() > 2 && follows_mounts(parts[2])) add_once(out.follow, parts[0]);
  }
  for (const std::string& source : list_field<std::string>(json, "Mounts", mount_source))
    add_once(out.sources, source);
  for (const std::string& source : list_field<std::string>(json, "Mounts", followed_mount))
    if (!source.empty()) add_once(out.follow, source);
  return out;
}

std::string docker_name(std::string_view config_json) {
  const nlohmann::json json = read_json(config_json);
  if (!json.is_object()) return {};
  std::string name = text_field(json, "Name");
  if (name.starts_with('/')) name.erase(0, 1);
  return name;
}

std::string docker_volume_device(std::string_view opts_json) {
  const nlohmann::json json = read_json(opts_json);
  if (!json.is_object()) return {};
  return field<std::string>(json, "MountDevice");
}

std::optional<std::string> podman_data_root(std::string_view storage_conf) {
  for (const std::string_view line : split_lines(storage_conf))
    if (auto path = path_in(line, "graphroot")) return path;
  return {};
}

std::optional<std::string> containerd_data_root(std::string_view config_toml) {
  for (const std::string_view line : split_lines(config_toml)) {
    if (trim(line).starts_with('[')) break;  // it stands before all tables
    if (auto path = path_in(line, "root")) return path;
  }
  return {};
}

std::map<std::string, std::string> podman_names(std::string_view containers_json) {
  std::map<std::string, std::string> out;
  const nlohmann::json json = read_json(containers_json);
  if (!json.is_array()) return out;
  for (const nlohmann::json& one : json) {
    if (!one.is_object()) continue;
    const auto names = field<std::vector<std::string>>(one, "names");
    if (!names.empty()) out[field<std::string>(one, "id")] = printable(names.front());
  }
  return out;
}

std::vector<std::string> podman_sources(std::string_view config_json, bool follow) {
  std::vector<std::string> out;
  const nlohmann::json json = read_json(config_json);
  if (!json.is_object()) return out;
  for (const std::string& source :
       list_field<std::string>(json, "mounts", follow ? followed_bind : bound_source))
    if (source.starts_with('/')) add_once(out, source);
  return out;
}

bool podman_restarts(std::string_view database) {
  return database.find(R"("restart_policy":"always")") != std::string_view::npos;
}

std::vector<std::string> podman_started(std::span<const UnitSetting> settings) {
  std::vector<std::string> out;
  for (const std::string& value : values_of(settings, "ExecStart")) {
    const std::vector<Field> words = split_fields(value);
    if (words.empty() || !words[0].text.ends_with("podman")) continue;
    std::vector<std::string> plain;  // the command, then the containers
    for (std::size_t i = 1; i < words.size(); ++i)
      if (!words[i].text.starts_with('-')) plain.push_back(words[i].text);
    if (plain.empty() || plain.front() != "start") continue;
    plain.erase(plain.begin());
    add_once(out, plain);
  }
  return out;
}

LxcUse parse_lxc_use(std::string_view config) {
  LxcUse out;
  for (const std::string_view line : split_lines(config)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = trim(line.substr(0, equals));
    const std::string value(trim(line.substr(equals + 1)));
    if (key == "lxc.start.auto") out.starts = value == "1";
    if (key == "lxc.mount.entry") {
      // As a line of fstab.
      const auto fields = split_fields(value);
      if (!fields.empty() && fields[0].text.starts_with('/')) add_once(out.paths, fields[0].text);
    }
    if (key != "lxc.rootfs.path") continue;
    // `dir:/path`, `overlayfs:/lower:/upper`, or the path alone.
    for (const std::string_view part : split(value, ':'))
      if (part.starts_with('/')) add_once(out.paths, std::string(part));
  }
  return out;
}

std::vector<std::string> nspawn_paths(std::span<const UnitSetting> settings) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view path) {
    // A `+` has it looked for in the container's own tree.
    if (path.starts_with('/')) add_once(out, std::string(path));
  };
  for (const char* key : {"Bind", "BindReadOnly"})
    for (const std::string& value : values_of(settings, key))
      add(std::string_view(value).substr(0, value.find(':')));
  for (const char* key : {"Overlay", "OverlayReadOnly"})
    for (const std::string& value : values_of(settings, key))
      for (const std::string_view layer : split(value, ':')) add(layer);
  return out;
}

std::vector<std::string> libvirt_paths(std::string_view xml) {
  std::vector<std::string> out;
  for (std::size_t at = xml.find('='); at != std::string_view::npos; at = xml.find('=', at + 1)) {
    if (!names_a_source(xml.substr(0, at))) continue;
    const std::string_view value = value_at(xml, at);
    if (value.starts_with('/')) add_once(out, decoded(std::string(value)));
  }
  return out;
}

}  // namespace latchkey
