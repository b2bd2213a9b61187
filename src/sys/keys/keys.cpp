// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/keys.hpp"

#include <optional>
#include <utility>

#include "core/keys/stray_keys.hpp"
#include "sys/keys/passphrase.hpp"

namespace latchkey {

Result<std::vector<KeyRead>> read_keys(const KeysVolume& volume,
                                       const std::vector<std::string>& files,
                                       const Secret& passphrase,
                                       const std::function<void(const std::string&)>& say) {
  std::optional<OpenKeys> open;
  const auto opened = try_forms(passphrase, [&](const Secret& form) -> Result<> {
    auto one = OpenKeys::open(volume, form, KeysAccess::read, say);
    if (!one) return one.error();
    open.emplace(std::move(*one));
    return Ok{};
  });
  if (!opened) return opened.error();
  std::vector<KeyRead> keys;
  for (const std::string& file : files) {
    auto key = open->read(file);
    if (!key && key.error().code == Code::missing) {
      Error error = key.error();
      error.hint = missing_key_hint(stray_keys(open->files(), files));
      key = std::move(error);
    }
    keys.push_back({file, std::move(key)});
  }
  if (auto closed = open->close(); !closed) return closed.error();
  return keys;
}

}  // namespace latchkey
