// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/late_storage.hpp"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "core/base/text.hpp"
#include "core/storage/storage.hpp"
#include "sys/base/fd.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/kernel/command_line.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

bool in_image(const ImageRequest& request, const std::string& path) {
  return ::access((request.tree + path).c_str(), F_OK) == 0;
}

bool has_program(const ImageRequest& request, const LateLayer& layer) {
  return std::ranges::any_of(layer.programs,
                             [&](const std::string& path) { return in_image(request, path); });
}

// Its scripts take what they connect to from a file, or from the kernel's command line.
bool has_settings(const ImageRequest& request, const LateLayer& layer) {
  if (layer.settings.empty() && layer.options.empty()) return true;
  if (!layer.settings.empty() && in_image(request, layer.settings)) return true;
  const auto lines = known_command_lines(request.paths.root);
  const auto in_a_line = [&](const std::string& option) {
    return std::ranges::any_of(lines, [&](const CommandLine& line) {
      return line.text.find(option) != std::string::npos;
    });
  };
  return std::ranges::any_of(layer.options, in_a_line);
}

// Why early boot does not bring this layer up, and what to do; nothing where it does.
std::optional<Error> missing(const ImageRequest& request, const LateLayer& layer,
                             const std::string& whose) {
  const std::string what = "early boot may not have " + whose;
  const std::string on = "it lies on " + layer.words + ", ";
  const std::string again = "then: update-initramfs -u -k all";
  if (layer.package.empty() && !has_program(request, layer))
    return Error{Code::refused, what, on + "which nothing brings up there",
                 "move it to a disk that the kernel finds by itself"};
  if (!has_program(request, layer))
    return Error{Code::missing, what,
                 on + "and the image has no '" + layer.programs.front() + "', which brings it up",
                 "run: apt install " + layer.package + "; " + again};
  if (!has_settings(request, layer))
    return Error{Code::config, what,
                 layer.settings.empty()
                     ? on + "and the kernel's command line has no '" + layer.options.front() +
                           "', without which nothing connects it there"
                     : on + "and the image has no '" + layer.settings + "', which names it",
                 "see README.Debian of " + layer.package + "; " + again};
  return std::nullopt;
}

void look_at(Findings& out, const ImageRequest& request, const std::string& path,
             const std::string& whose, bool needed) {
  const Storage below = storage_of(request.paths.root, request.paths.root + path);
  for (const LateLayer& layer : late_layers(below.layers))
    if (auto error = missing(request, layer, whose))
      out.push_back(needed && !layer.also_without ? bad(*error) : doubtful(*error));
}

// What this image opens: Latchkey's own, and by its crypttab.
std::vector<std::string> opened_by(const ImageRequest& request, const EarlyInputs& inputs) {
  std::vector<std::string> out = mappings_of(inputs);
  const auto crypttab = read_file(request.tree + "/cryptroot/crypttab");
  if (!crypttab) return out;
  for (const std::string_view line : split_lines(*crypttab))
    if (const auto fields = split_fields(line); !fields.empty()) out.push_back(fields[0].text);
  return out;
}

// Mappings that the running system opens, by crypttab and a key that it has, and early boot does
// not: what lies in them comes with them. Looked for while the device is awake.
void look_inside(Findings& out, const ImageRequest& request, const std::vector<std::string>& opened,
                 const std::string& path, const std::string& whose, bool needed) {
  const auto number = request.paths.root.empty() ? block_device(path) : std::nullopt;
  if (!number) return;
  for (const std::string& name : encrypted_below({*number}, stacked_devices())) {
    if (std::ranges::find(opened, name) != opened.end()) continue;
    const Error error{Code::refused, "early boot may not have " + whose,
                      "it lies in '" + printable(name) + "', which only the running system opens",
                      "have Latchkey open that too, as a volume without a mount point: see "
                      "latchkey adopt in latchkey(8); or move what lies in it to another disk"};
    out.push_back(needed ? bad(error) : doubtful(error));
  }
}

}  // namespace

Findings late_storage(const ImageRequest& request, const EarlyInputs& inputs) {
  Findings out;
  const std::vector<std::string> opened = opened_by(request, inputs);
  if (inputs.config) {
    const DeviceRef& keys = inputs.config->keys.device;
    const auto woken = awake(request.paths.root, keys);  // its LV rests
    look_at(out, request, keys.path(), "the keys volume", true);
    look_inside(out, request, opened, keys.path(), "the keys volume", true);
  }
  if (!inputs.volumes) return out;
  for (const Volume& volume : *inputs.volumes) {
    const std::string whose = "the volume '" + volume.name + "'";
    const bool needed = needed_by_boot(volume);
    const auto woken = awake(request.paths.root, volume.device);
    look_at(out, request, volume.device.path(), whose, needed);
    look_inside(out, request, opened, volume.device.path(), whose, needed);
    if (is_device_path(volume.header))
      look_at(out, request, volume.header, "the header of " + whose, needed);
  }
  return out;
}

}  // namespace latchkey
