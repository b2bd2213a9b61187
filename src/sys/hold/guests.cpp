// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/guests.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "core/base/text.hpp"
#include "core/hold/guest_uses.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

namespace fs = std::filesystem;

constexpr const char* docker_default = "/var/lib/docker";
constexpr const char* quadlet_place = "/etc/containers/systemd";

std::string named(const char* what, const std::string& name) {
  return std::string(what) + " '" + printable(name, 80) + "'";
}

std::string podman_data(const std::string& root) {
  return podman_data_root(text_or_empty(root + "/etc/containers/storage.conf"))
      .value_or("/var/lib/containers/storage");
}

// A volume of Docker's may be bound to a directory of this machine.
void follow_volumes(std::vector<std::string>& sources, const std::string& data) {
  for (std::string& source : sources) {
    if (source.empty() || source.find('/') != std::string::npos || source.starts_with('.'))
      continue;
    source = docker_volume_device(text_or_empty(data + "/volumes/" + source + "/opts.json"));
  }
  std::erase(sources, "");
}

void read_quadlets(std::vector<Quadlet>& out, const std::string& directory, int depth) {
  for (const std::string& name : names_in(directory)) {
    const std::string file = directory + "/" + name;
    std::error_code failed;
    if (fs::is_directory(file, failed)) {
      // Those below `users` are started by somebody's own systemd.
      if (depth > 0 && !name.ends_with(".d") && name != "users")
        read_quadlets(out, file, depth - 1);
      continue;
    }
    if (!is_quadlet(name)) continue;
    Quadlet quadlet{name, file, unit_settings(text_or_empty(file))};
    for (const std::string& drop_in : names_in(file + ".d"))
      if (drop_in.ends_with(".conf"))
        std::ranges::move(unit_settings(text_or_empty(file + ".d/" + drop_in)),
                          std::back_inserter(quadlet.settings));
    out.push_back(std::move(quadlet));
  }
}

// What the service that starts them has itself. Often a link is all that leads to a larger disk.
GuestUse own_data(const std::string& root, const std::string& place) {
  GuestUse out{"own data", {place}};
  std::error_code failed;
  if (const fs::path target = fs::read_symlink(root + place, failed); target.is_absolute())
    out.paths.push_back(target.string());
  return out;
}

}  // namespace

GuestUse containerd_use(const std::string& root) {
  const auto said = containerd_data_root(text_or_empty(root + "/etc/containerd/config.toml"));
  return own_data(root, said.value_or("/var/lib/containerd"));
}

std::vector<GuestUse> docker_uses(const std::string& root) {
  std::vector<GuestUse> out;
  const auto said = docker_data_root(text_or_empty(root + "/etc/docker/daemon.json"));
  GuestUse own = own_data(root, said.value_or(docker_default));
  const std::string place = own.paths.back();
  out.push_back(std::move(own));
  const std::string data = root + place;
  for (const std::string& id : names_in(data + "/containers")) {
    const std::string at = data + "/containers/" + id;
    DockerUse use = parse_docker_use(text_or_empty(at + "/hostconfig.json"));
    if (!use.restarts) continue;
    follow_volumes(use.sources, data);
    const std::string name = docker_name(text_or_empty(at + "/config.v2.json"));
    out.push_back({named("container", name.empty() ? id.substr(0, 12) : name),
                   std::move(use.sources), std::move(use.follow)});
  }
  return out;
}

std::vector<PodmanGuest> podman_guests(const std::string& root) {
  const std::string place = root + podman_data(root) + "/overlay-containers";
  const auto names = podman_names(text_or_empty(place + "/containers.json"));
  std::vector<PodmanGuest> out;
  for (const std::string& id : names_in(place)) {
    const std::string config = text_or_empty(place + "/" + id + "/userdata/config.json");
    auto sources = podman_sources(config);
    if (sources.empty()) continue;
    const auto found = names.find(id);
    const std::string name = found == names.end() ? "" : found->second;
    out.push_back({id,
                   name,
                   {named("container", name.empty() ? id.substr(0, 12) : name), std::move(sources),
                    podman_sources(config, true)}});
  }
  return out;
}

std::vector<GuestUse> podman_uses(const std::string& root) {
  const std::string place = podman_data(root);
  constexpr std::size_t largest = 64UL << 20U;
  const auto restarts = [&](const char* file) {
    const auto database = read_file(root + place + file, largest);
    return database && podman_restarts(*database);
  };
  std::vector<GuestUse> out{{"own data", {place}}};
  // Of Podman 4, and of later ones.
  if (!restarts("/libpod/bolt_state.db") && !restarts("/db.sql")) return out;
  for (PodmanGuest& guest : podman_guests(root)) out.push_back(std::move(guest.use));
  return out;
}

std::vector<GuestUse> lxc_uses(const std::string& root) {
  std::vector<GuestUse> out;
  const std::string place = root + "/var/lib/lxc";
  for (const std::string& name : names_in(place)) {
    LxcUse use = parse_lxc_use(text_or_empty(place + "/" + name + "/config"));
    if (use.starts) out.push_back({named("container", name), std::move(use.paths)});
  }
  return out;
}

std::vector<NspawnGuest> nspawn_guests(const std::string& root) {
  std::vector<NspawnGuest> out;
  constexpr std::string_view end = ".nspawn";
  const std::string place = root + "/etc/systemd/nspawn";
  for (const std::string& file : names_in(place)) {
    if (!file.ends_with(end)) continue;
    const std::string name = file.substr(0, file.size() - end.size());
    out.push_back({"systemd-nspawn@" + name + ".service",
                   {named("container", name),
                    nspawn_paths(unit_settings(text_or_empty(place + "/" + file)))}});
  }
  return out;
}

std::vector<GuestUse> libvirt_uses(const std::string& root) {
  std::vector<GuestUse> out;
  const std::string place = root + "/etc/libvirt/qemu/autostart";
  for (const std::string& name : names_in(place)) {
    if (!name.ends_with(".xml")) continue;
    // libvirt links to it by its whole path.
    std::error_code failed;
    const fs::path target = fs::read_symlink(place + "/" + name, failed);
    const std::string file =
        !failed && target.is_absolute() ? root + target.string() : place + "/" + name;
    out.push_back(
        {named("guest", name.substr(0, name.size() - 4)), libvirt_paths(text_or_empty(file))});
  }
  return out;
}

std::vector<Quadlet> own_quadlets(const std::string& root) {
  std::vector<Quadlet> out;
  constexpr int deepest = 8;
  read_quadlets(out, root + quadlet_place, deepest);
  return out;
}

}  // namespace latchkey
