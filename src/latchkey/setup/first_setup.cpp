// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/setup/first_setup.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/base64.hpp"
#include "core/config/config_edit.hpp"
#include "core/config/first_network.hpp"
#include "core/config/new_config.hpp"
#include "core/config/own_package.hpp"
#include "core/config/volume_lines.hpp"
#include "core/ssh/early_ssh.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/digest.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/owners_file.hpp"
#include "sys/image/early_inputs.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/kernel/command_line.hpp"
#include "sys/network/ip_texts.hpp"
#include "sys/network/network_cards.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

struct FirstConfig {
  NewConfig config{};
  bool by_ip_option = false;  // an ip= decides, not [network]
  std::optional<Error> out_of_reach{};
};

// The files stand as written: to be corrected by their owner, who then goes on.
Result<> told(const FirstConfig& first) {
  if (!first.out_of_reach) return Ok{};
  Error error = *first.out_of_reach;
  error.hint = "correct it as follows, and run this command again: " + error.hint;
  return error;
}

FirstConfig first_config(const Globals& globals, const FirstFiles& files) {
  NewConfig config{.keys_device = files.keys.text(), .keys_uuid = files.keys_uuid};
  const FirstNetwork network =
      set_network(config.network, look_at_network(), text_or_empty("/proc/cmdline"),
                  initramfs_ip(globals.paths.root));
  for (const Error& warning : network.warnings) report_warning(warning);
  if (!network.ip_source.empty())
    say(globals, network.ip_source +
                     " has an ip=, which decides in early boot as long as it is there, and not "
                     "[network] in latchkey.conf");
  return {config, !network.ip_source.empty(), network.out_of_reach};
}

// The owner's own configuration may have come without a word about the network: early boot
// would then ask for an address by DHCP on a machine that has a fixed one.
Result<> add_network(const Globals& globals, const FirstFiles& files, const std::string& conf,
                     const std::string& text) {
  const auto said = says_network(text, conf);
  if (!said) return said.error();
  if (*said) return Ok{};
  const FirstConfig first = first_config(globals, files);
  if (first.by_ip_option || first.config.network.left_open) return Ok{};
  const auto whole = with_network(text, conf, first.config.network);
  if (!whole) return whole.error();
  if (auto written = write_owners_file(conf, *whole); !written) return written;
  say(globals, "'" + conf + "' said nothing of the network, and has [network] now");
  return told(first);
}

Result<> write_if_missing(const std::string& path, std::string_view text, mode_t mode) {
  if (::access(path.c_str(), F_OK) == 0) return Ok{};
  return write_file(path, text, mode);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// What stands between this machine and its early ssh, as far as files tell.
bool judge_way_in(const Paths& paths) {
  bool open = true;
  for (const Finding& finding : check_boot_menu(paths)) {
    if (finding.level != Finding::Level::error) continue;
    report_error(finding.text);
    open = false;
  }
  return open;
}

}  // namespace

Result<> can_build_images(const Paths& paths) {
  if (auto unmounted = unmounted_boot(paths)) return *unmounted;
  if (find_program("update-initramfs").empty())
    return Error{Code::missing, "cannot build an image", "there is no update-initramfs",
                 "run: apt install initramfs-tools"};
  const std::string dropbearkey = paths.root + "/usr/lib/latchkey/dropbearkey";
  if (::access(dropbearkey.c_str(), X_OK) != 0)
    return Error{Code::missing, "cannot make host keys", "there is no '" + dropbearkey + "'",
                 install_again};
  // What is written without it would be a guess, and lock the owner out where it is wrong.
  if (auto silent = ip_is_silent(read_ip())) return *silent;
  return Ok{};
}

HostNetwork look_at_network() { return host_network(read_ip()); }

Result<> write_first_files(const Globals& globals, const FirstFiles& files) {
  const Paths& paths = globals.paths;
  if (auto made = make_directories(paths.etc(), 0755); !made) return made;
  const auto put = [&](const char* file, std::string_view text, mode_t mode) {
    return write_if_missing(paths.etc(file), text, mode);
  };
  if (auto done = put("authorized_keys", files.authorized_keys, 0600); !done) return done;
  if (auto done = put("volumes", volumes_head(), 0644); !done) return done;
  if (auto done = put("services", services_head, 0644); !done) return done;
  const std::string conf = paths.etc("latchkey.conf");
  const auto text = read_file(conf);
  if (text) return add_network(globals, files, conf, *text);
  if (text.error().code != Code::missing) return text.error();
  const FirstConfig first = first_config(globals, files);
  if (auto done = write_file(conf, new_config_text(first.config), 0644); !done) return done;
  return told(first);
}

bool tell_the_way_in(const Globals& globals, const std::string& before) {
  const EarlyInputs inputs = read_early_inputs(globals.paths);
  for (const Error& warning : inputs.warnings) report_warning(warning);
  EarlySsh ssh{.host_name = host_name(), .addresses = {}};
  const NetworkConfig network = inputs.config ? inputs.config->network : NetworkConfig{};
  const std::vector<NetworkPlan> plans = known_plans(globals.paths.root, network);
  ssh.addresses = early_addresses(plans.front(), look_at_network().addresses);
  if (inputs.config) ssh.port = inputs.config->ssh.port;
  for (const HostKey& key : inputs.host_keys) {
    const auto blob = base64_decode(key.public_line.substr(key.public_line.find(' ') + 1));
    ssh.keys.push_back({key.public_line, blob ? fingerprint_text(sha256(*blob)) : "?"});
  }
  const bool open = judge_way_in(globals.paths);
  const bool ready = open && !boot_kernels(globals.paths).empty();
  const std::string where = "this machine is " + std::string(ready ? "" : "not yet ") +
                            "ready to be unlocked over ssh while it boots";
  const std::string why = open && !ready ? ": there is no kernel in /boot" : "";
  const std::string first = ready ? before : "mend that, " + before;
  print("\n" + where + why + "\n\n" + early_ssh_text(ssh) + "\nnext: " +
        (first.empty() ? "" : first + "then ") + "reboot, and run: ssh " + early_alias(ssh) +
        "\nread latchkey-recovery(7) before you need it; what all this protects, and what not, is "
        "in /usr/share/doc/latchkey/README.md\n");
  return open;
}

}  // namespace latchkey
