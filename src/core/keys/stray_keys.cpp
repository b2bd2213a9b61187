// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/stray_keys.hpp"

#include <algorithm>

#include "core/base/text.hpp"
#include "core/keys/backup_format.hpp"

namespace latchkey {

std::vector<std::string> stray_keys(const std::vector<std::string>& files,
                                    const std::vector<std::string>& keys) {
  std::vector<std::string> out;
  for (const std::string& file : files) {
    const auto is = [&](const std::string& key) { return file == key || file == key + ".new"; };
    if (!is(backup_key_file) && std::ranges::none_of(keys, is)) out.push_back(printable(file));
  }
  return out;
}

std::string missing_key_hint(const std::vector<std::string>& strays) {
  const std::string lost =
      "if it was lost: latchkey restore FILE, with a backup; see: latchkey check --with-keys";
  if (strays.empty()) return lost;
  return "if the volume or its group was renamed, say in its line of /etc/latchkey/volumes which "
         "file it is, x-latchkey.key=FILE; these belong to no volume: " +
         join(strays, ", ") + "; " + lost;
}

}  // namespace latchkey
