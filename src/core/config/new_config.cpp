// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/new_config.hpp"

#include "core/base/toml_line.hpp"

namespace latchkey {

const std::string_view services_head = "# unit  [volume ...]    see latchkey.conf(5)\n";

std::string new_config_text(const NewConfig& config) {
  std::string out =
      "# How this machine is unlocked; see latchkey.conf(5). Keys behind a # show their\n"
      "# defaults or an example. After a change run: update-initramfs -u -k all\n"
      "\n[keys]\n"
      "# The small volume that your passphrase opens; it holds the keys of all others.\n";
  out += "device = " + toml_string(config.keys_device) + "\n";
  out += "# Its LUKS header must have this UUID, so that no other one gets your passphrase.\n";
  out += toml_line(!config.keys_uuid.empty(), "uuid", toml_string(config.keys_uuid), "\"\"");
  out +=
      "# Its device-mapper name while it is open.\n"
      "#mapping = \"cleartext-keys\"\n"
      "\n[boot]\n"
      "# How long early boot waits for the passphrase, as \"10min\", and what it does then:\n"
      "# \"continue\" (boot without the data), \"poweroff\" or \"reboot\".\n"
      "#wait = \"forever\"\n"
      "#then = \"continue\"\n"
      "# How long a device may take to appear, and one volume to open.\n"
      "#device_timeout = \"30s\"\n"
      "#open_timeout = \"60s\"\n"
      "\n[ssh]\n"
      "# Where ssh listens in early boot. Who may come stands in authorized_keys.\n"
      "#port = 22\n"
      "# What each of them may do beyond unlock, status, log and continue:\n"
      "# \"reboot\", \"poweroff\", \"shell\". Then the same for single keys, by the key's\n"
      "# comment or fingerprint.\n"
      "#grant = []\n"
      "#grants = { \"alice@laptop\" = [\"reboot\"] }\n";
  out += new_network_text(config.network);
  out +=
      "\n[release]\n"
      "# Check the file systems before they are mounted.\n"
      "#fsck = true\n"
      "# How long a service may take to start before it is told as a failure.\n"
      "#service_timeout = \"90s\"\n";
  return out;
}

}  // namespace latchkey
