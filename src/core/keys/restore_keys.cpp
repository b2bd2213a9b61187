// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/restore_keys.hpp"

#include "core/base/message.hpp"
#include "core/base/text.hpp"

namespace latchkey {

KeyAction decide_key(const KeyFact& fact) {
  if (fact.there && fact.opens) return KeyAction::nothing;
  return fact.saved && fact.saved_opens ? KeyAction::put : KeyAction::lost;
}

Error key_error(const std::string& volume, const std::string& file, const KeyFact& fact,
                bool open) {
  const std::string key = "its key file '" + printable(file) + "'";
  const std::string why =
      (fact.there ? key + " does not open its header" : key + " is not on the keys volume") +
      (fact.saved ? ", and the backup's does not open it" : ", and the backup has none");
  const std::string other = "restore another backup, which has its key: latchkey restore FILE";
  return {Code::partial, "no key opens '" + printable(volume) + "'", why,
          open ? "do not lock it, and do not reboot: save what is on it first; then " + other
               : other};
}

Error keys_not_known(const std::string& device, const Error& why) {
  return {Code::partial, "whether the keys in use open their volumes is not known",
          why.code == Code::denied
              ? "this passphrase does not open the keys volume that latchkey.conf names, " + device
              : sentence(why),
          "with the passphrase of that one: latchkey check --with-keys"};
}

}  // namespace latchkey
