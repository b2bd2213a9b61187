// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/restore_config.hpp"

#include <algorithm>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/volume.hpp"

namespace latchkey {
namespace {

// Where one of the two says nothing, it contradicts nothing.
void compare(std::vector<std::string>& out, const std::string& of, const std::string& what,
             const std::string& there, const std::string& saved, bool may_lack) {
  if (there == saved || (may_lack && (there.empty() || saved.empty()))) return;
  const auto shown = [](const std::string& text) {
    return text.empty() ? std::string("none") : printable(text);
  };
  out.push_back("the " + what + " of " + of + " is " + shown(there) + ", and " + shown(saved) +
                " in the backup");
}

std::vector<std::string> in_config(std::string_view there, std::string_view saved) {
  const auto before = parse_config(saved, "latchkey.conf");
  if (!before) return {};
  const auto now = parse_config(there, "latchkey.conf");
  if (!now) return {"it cannot be read: " + sentence(now.error())};
  std::vector<std::string> out;
  compare(out, "the keys volume", "device", now->keys.device.text(), before->keys.device.text(),
          false);
  compare(out, "the keys volume", "UUID", now->keys.uuid, before->keys.uuid, true);
  return out;
}

std::vector<std::string> in_volumes(std::string_view there, std::string_view saved) {
  const auto before = parse_volumes(saved, "volumes");
  if (!before) return {};
  const auto now = parse_volumes(there, "volumes");
  if (!now) return {"it cannot be read: " + sentence(now.error())};
  std::vector<std::string> out;
  for (const Volume& old : *before) {
    const std::string name = "'" + printable(old.name) + "'";
    const auto found = std::ranges::find(*now, old.name, &Volume::name);
    if (found == now->end()) {
      out.push_back(name + " is not in it");
      continue;
    }
    compare(out, name, "device", found->device.text(), old.device.text(), false);
    compare(out, name, "header", found->header, old.header, false);
    compare(out, name, "UUID", found->uuid, old.uuid, true);
    compare(out, name, "cipher", found->cipher, old.cipher, true);
    compare(out, name, "key file", found->key_file, old.key_file, false);
  }
  return out;
}

}  // namespace

std::vector<std::string> contradictions(std::string_view name, std::string_view there,
                                        std::string_view saved) {
  if (name == "latchkey.conf") return in_config(there, saved);
  if (name == "volumes") return in_volumes(there, saved);
  return {};
}

bool is_other_keys_volume(const KeysVolume& there, const BackupPart& saved,
                          const std::string& before) {
  if (!there.uuid.empty()) return there.uuid != saved.uuid;
  if (there.device.kind == DeviceRef::Kind::uuid) return there.device.value != saved.uuid;
  const std::string device = there.device.text();
  return device != saved.device && device != before;
}

Error contradiction_error(const std::string& file, const std::vector<std::string>& contradictions) {
  return {Code::partial, "'" + file + "' does not fit the backup", join(contradictions, "; "),
          "if it is older than the backup, move it away (mv " + file + " " + file +
              ".old) and run the restore again, which puts the backup's there; if it is newer, "
              "make a new backup"};
}

}  // namespace latchkey
