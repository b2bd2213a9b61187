// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/guest_uses.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_field.hpp"
#include "core/lists.hpp"
#include "core/read_json.hpp"
#include "core/text.hpp"

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

}  // namespace

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
  for (const std::string& bind : field<std::vector<std::string>>(json, "Binds"))
    add_once(out.sources, bind.substr(0, bind.find(':')));
  for (const std::string& source : list_field<std::string>(json, "Mounts", mount_source))
    add_once(out.sources, source);
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
