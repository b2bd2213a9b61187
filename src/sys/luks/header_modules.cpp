// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/header_modules.hpp"

#include "core/base/lists.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "sys/luks/luks_bytes.hpp"

namespace latchkey {

Result<std::vector<std::string>> header_modules(const std::string& device) {
  const std::string what = "cannot read the LUKS header of '" + device + "'";
  const auto bytes = read_luks_bytes_in_time(device);
  if (!bytes) return bytes.error();
  const auto ciphers = parse_luks_ciphers(*bytes);
  if (!ciphers) return Error{Code::damaged, what, ciphers.error().why, ""};
  std::vector<std::string> out = cipher_modules(ciphers->data);
  add_once(out, integrity_modules(ciphers->integrity));
  for (const std::string& slot : ciphers->slots) add_once(out, slot_modules(slot));
  return out;
}

}  // namespace latchkey
