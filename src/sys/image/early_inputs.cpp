// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/early_inputs.hpp"

#include <unistd.h>

#include "core/base/text.hpp"
#include "core/config/keys_apart.hpp"
#include "core/config/own_package.hpp"
#include "core/image/image.hpp"
#include "core/network/link_steps.hpp"
#include "sys/base/digest.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/command_line.hpp"

namespace latchkey {
namespace {

constexpr std::size_t program_limit = 64U << 20U;

// Digest of named contents; the sizes keep two neighbours apart.
class Inputs {
 public:
  void add(const std::string& name, const Result<std::string>& content) {
    const std::string body = content ? *content : "absent";
    all_ += name + "\n" + std::to_string(body.size()) + "\n" + sha256(body);
  }
  [[nodiscard]] std::string digest() const { return hex(sha256(all_)); }

 private:
  std::string all_;
};

void read_keys(const Paths& paths, EarlyInputs& out, Inputs& inputs) {
  const std::string file = paths.etc("authorized_keys");
  const auto text = read_file(file);
  inputs.add("authorized_keys", text);
  const std::string hint = "put the public keys of those who may unlock into '" + file + "'";
  if (!text) {
    out.faults.push_back({Code::config, text.error().what, text.error().why, hint});
    return;
  }
  AuthorizedKeys parsed = parse_authorized_keys(*text, file);
  out.faults.insert(out.faults.end(), parsed.errors.begin(), parsed.errors.end());
  if (parsed.keys.empty() && parsed.errors.empty())
    out.faults.push_back(
        {Code::config, "nobody could unlock", "'" + file + "' holds no key", hint});
  out.keys = std::move(parsed.keys);
  for (const AuthorizedKey& key : out.keys)
    out.fingerprints.push_back(fingerprint_text(sha256(key.blob)));
}

void read_hosts(const Paths& paths, EarlyInputs& out, Inputs& inputs) {
  HostKeys found = read_host_keys(paths);
  out.warnings.insert(out.warnings.end(), found.warnings.begin(), found.warnings.end());
  out.host_keys = std::move(found.keys);
  for (const HostKey& key : out.host_keys) inputs.add(key.file, key.public_line);
  if (out.host_keys.empty())
    out.faults.push_back({Code::config, "early boot has no host key",
                          "there is none in '" + paths.etc("hostkeys") + "' that can be used",
                          "run: update-initramfs -u -k all"});
}

// Which of the command lines the next boot has is not known: all are prepared for.
std::vector<std::string> modules_for_links(const Paths& paths, const EarlyInputs& inputs) {
  std::vector<VirtualLink> made;
  const NetworkConfig network = inputs.config ? inputs.config->network : NetworkConfig{};
  std::vector<CommandLine> lines = known_command_lines(paths.root);
  lines.emplace_back();  // none of them says anything
  const InitramfsIp ip = initramfs_ip(paths.root);
  for (const CommandLine& line : lines) {
    const NetworkPlan plan = network_plan(line.text, network, ip.value, ip.device);
    made.insert(made.end(), plan.made.begin(), plan.made.end());
  }
  return link_modules(made);
}

void read_config(const std::string& conf, const Result<std::string>& conf_text, EarlyInputs& out,
                 Inputs& inputs) {
  inputs.add("latchkey.conf", conf_text);
  if (conf_text) out.config_text = *conf_text;
  if (!conf_text) {
    out.faults.push_back(conf_text.error());
  } else if (auto config = parse_config(*conf_text, conf)) {
    out.config = std::move(*config);
  } else {
    out.faults.push_back(config.error());
  }
}

void read_volumes(const Paths& paths, EarlyInputs& out, Inputs& inputs) {
  const std::string list = paths.etc("volumes");
  const auto list_text = read_file(list);
  inputs.add("volumes", list_text);
  if (!list_text) {
    out.faults.push_back(list_text.error());
  } else {
    out.volumes_text = *list_text;
    out.root_is_a_volume = root_is_a_volume(*list_text);
    if (auto volumes = parse_volumes(*list_text, list)) {
      out.volumes = std::move(*volumes);
      if (out.config)
        if (auto apart = apart_from_keys(*out.volumes, out.config->keys, list); !apart)
          out.faults.push_back(apart.error());
      for (const Volume& volume : *out.volumes)
        if (header_in_file(volume))
          inputs.add(volume.header, read_file(paths.root + volume.header, program_limit));
    } else {
      out.faults.push_back(volumes.error());
    }
  }
}

}  // namespace

std::vector<ImageFile> image_files(const EarlyInputs& inputs) {
  const std::string own = "/etc/latchkey";
  std::string lines;
  for (const AuthorizedKey& key : inputs.keys) lines += dropbear_line(key) + "\n";
  const std::vector<DoorKey> keys =
      inputs.config ? describe_keys(inputs.config->ssh, inputs.keys, inputs.fingerprints)
                    : std::vector<DoorKey>{};
  return {{own + "/latchkey.conf", inputs.config_text, "the configuration"},
          {own + "/volumes", inputs.volumes_text, "the list of volumes"},
          {own + "/keys", encode_door_keys(keys), "what each key may do"},
          {image_authorized_keys, lines, "the authorized keys"}};
}

EarlyInputs read_early_inputs(const Paths& paths) {
  EarlyInputs out;
  Inputs inputs;
  const std::string conf = paths.etc("latchkey.conf");
  const auto conf_text = read_file(conf);
  out.configured = conf_text || conf_text.error().code != Code::missing;
  if (!out.configured) return out;
  read_config(conf, conf_text, out, inputs);
  read_volumes(paths, out, inputs);
  read_keys(paths, out, inputs);
  read_hosts(paths, out, inputs);
  for (const char* program : {image_unlocker, image_dropbear}) {
    const auto content = read_file(paths.root + program, program_limit);
    inputs.add(program, content);
    if (!content)
      out.faults.push_back(
          {Code::missing, content.error().what, content.error().why, install_again});
  }
  // What comes into the image by the hooks of others, and decides who gets in.
  const InitramfsIp ip = initramfs_ip(paths.root);
  inputs.add("IP", ip.value);
  inputs.add("DEVICE", ip.device);
  inputs.add("keyboard", read_file(paths.root + "/etc/default/keyboard"));
  if (out.config)
    for (const IdleGrant& idle : idle_grants(out.config->ssh, out.keys, out.fingerprints))
      out.warnings.push_back({Code::config, "words are granted to '" + printable(idle.name) + "'",
                              idle.why, "see '" + conf + "'"});
  out.link_modules = modules_for_links(paths, out);
  out.digest = inputs.digest();
  return out;
}

}  // namespace latchkey
