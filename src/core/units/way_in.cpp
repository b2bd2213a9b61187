// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/way_in.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/base/text.hpp"

namespace latchkey {
namespace {

// Names without their endings: a socket is as good as its service.
constexpr std::array<std::string_view, 37> names{
    // ssh
    "ssh", "sshd", "dropbear", "tinysshd", "ssh-keygen", "sshd-keygen",
    // the network
    "networking", "ifup", "ifupdown-pre", "systemd-networkd", "systemd-networkd-wait-online",
    "NetworkManager", "network-manager", "NetworkManager-wait-online", "connman", "dhcpcd",
    "wpa_supplicant", "cloud-init-local", "cloud-init", "openvswitch-switch", "ovs-vswitchd",
    // what lets people log in
    "systemd-logind", "systemd-user-sessions", "dbus", "dbus-broker", "user", "getty",
    "serial-getty",
    // what everything waits for
    "systemd-journald", "systemd-udevd", "systemd-udevd-kernel", "systemd-udevd-control",
    "systemd-tmpfiles-setup", "systemd-sysusers", "systemd-modules-load", "systemd-remount-fs",
    "udev"};

constexpr std::array<std::string_view, 14> targets{
    "basic",       "default", "getty",          "graphical", "local-fs", "multi-user", "network",
    "network-pre", "paths",   "network-online", "sockets",   "sysinit",  "timers",     "remote-fs"};

}  // namespace

bool is_way_in(std::string_view unit) {
  const std::size_t dot = unit.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? "" : unit.substr(dot);
  std::string_view stem = unit.substr(0, dot);
  stem = stem.substr(0, stem.find('@'));
  if (ending == ".target") return std::ranges::find(targets, stem) != targets.end();
  return stem.starts_with("latchkey-") || std::ranges::find(names, stem) != names.end();
}

Error way_in_error(std::string_view unit) {
  return {Code::refused, "cannot hold '" + printable(unit) + "'",
          "nobody would get into this machine while its volumes are closed",
          "hold the services that need the data; for logins whose home is on a volume, "
          "latchkey check says what they lack"};
}

}  // namespace latchkey
