// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey-guard may-start SCRIPT: what the guard in /lib/lsb/init-functions.d asks before a
// script whose name begins a line of the services file does anything but stop. Like the
// generator it fails closed: what it cannot read, it holds.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/hold/hold.hpp"
#include "core/hold/init_script.hpp"
#include "guard/command.hpp"
#include "guard/readable.hpp"
#include "latchkey/cli/say.hpp"
#include "sys/base/fd.hpp"
#include "sys/hold/init_scripts.hpp"
#include "sys/mount/mount_point.hpp"

namespace latchkey {
namespace {

// The name of the script that a path leads to, by way of a link in rc?.d or not; nothing
// for a program that is no init script.
std::optional<std::string> script_name(const Paths& paths, const std::string& path) {
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error).string();
  const std::string place = paths.root + "/etc/init.d/";
  if (error || !real.starts_with(place)) return {};
  return real.substr(place.size());
}

std::optional<std::string> lacking(const Paths& paths, const HeldUnit& held) {
  for (const std::string& path : held.mount_points)
    if (!is_mount_point(paths.root + path)) return "nothing is mounted on " + path;
  for (const std::string& device : held.devices)
    if (::access(device.c_str(), F_OK) != 0) return device + " is not open";
  if (::access(paths.run(marker_of(held.unit)).c_str(), F_OK) != 0) return "it is not released";
  return {};
}

int may_start(const Globals& globals, const std::string& path) {
  const Paths& paths = globals.paths;
  const auto name = script_name(paths, path);
  if (!name) return 0;
  const auto services = read_file(paths.etc("services"));
  if (!services && services.error().code == Code::missing) return 0;
  if (!services) return report_error(services.error());
  // What is wrong with the file is not for the person who starts a service.
  const auto volumes = readable_volumes(paths, [](const Error&) {});
  for (const HeldUnit& held : read_holds(*services, "", volumes).units) {
    if (script_of(held.unit) != script_of(unit_of_script(*name))) continue;
    const auto why = lacking(paths, held);
    if (!why) continue;
    say(globals, "'" + *name + "' is held and was not started: " + *why +
                     "; to open the volumes and start what is held, run: release-services");
    return exit_status(Code::refused);
  }
  return 0;
}

}  // namespace

Run declare_may_start(CLI::App& app, const Globals& globals) {
  const auto path = std::make_shared<std::string>();
  app.add_option("script", *path, "as it was called")->required();
  return [path, &globals] { return may_start(globals, *path); };
}

}  // namespace latchkey
