// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys.hpp"

namespace latchkey {

Result<std::vector<KeyRead>> read_keys(const KeysVolume& volume,
                                       const std::vector<std::string>& files,
                                       const Secret& passphrase,
                                       const std::function<void(const std::string&)>& say) {
  auto open = OpenKeys::open(volume, passphrase, KeysAccess::read, say);
  if (!open) return open.error();
  std::vector<KeyRead> keys;
  for (const std::string& file : files) keys.push_back({file, open->read(file)});
  if (auto closed = open->close(); !closed) return closed.error();
  return keys;
}

}  // namespace latchkey
