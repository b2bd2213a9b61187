// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/recorded_header.hpp"

#include "core/base/text.hpp"
#include "core/config/volume.hpp"
#include "core/luks/luks_ciphers.hpp"

namespace latchkey {
namespace {

// Where both versions of LUKS have it.
constexpr std::size_t uuid_start = 168;
constexpr std::size_t uuid_size = 40;

std::string uuid_of(std::string_view bytes) {
  if (luks_header_size(bytes) == 0 || bytes.size() < uuid_start + uuid_size) return {};
  const std::string_view text = bytes.substr(uuid_start, uuid_size);
  return std::string(text.substr(0, text.find('\0')));
}

// As libcryptsetup fills in what is left out: cbc where no mode is named.
std::string full_cipher(const std::string& cipher) {
  const std::size_t dash = cipher.find('-');
  const std::string mode = dash == std::string::npos ? "plain" : cipher.substr(dash + 1);
  return mode == "plain" ? cipher.substr(0, dash) + "-cbc-plain" : cipher;
}

}  // namespace

std::optional<Error> judge_uuid(const std::string& uuid, const RecordedHeader& recorded) {
  if (recorded.uuid.empty() || uuid == recorded.uuid) return {};
  return Error{
      Code::refused, "will not open '" + recorded.name + "'",
      "its header has the UUID " + printable(uuid) + " and not " + recorded.uuid,
      "if another disk took its place without your doing, attach the right one; if that "
      "is meant, write " +
          (recorded.has_keys
               ? "uuid = \"" + printable(uuid) + "\" into [keys] of /etc/latchkey/latchkey.conf"
               : "x-latchkey.uuid=" + printable(uuid) + " into its line of /etc/latchkey/volumes") +
          ", and run: update-initramfs -u -k all"};
}

// The key opens a header of any cipher, and behind a wrong one its data look like a damaged
// file system: who "repairs" that destroys them.
std::optional<Error> judge_cipher(const std::string& cipher, const RecordedHeader& recorded) {
  const std::string there = option_cipher(cipher);
  if (recorded.cipher.empty() || full_cipher(there) == full_cipher(recorded.cipher)) return {};
  const std::string shown = printable(cipher, 100);
  return Error{
      Code::refused, "will not open '" + recorded.name + "'",
      "its header says the cipher " + shown + ", and " + recorded.cipher + " was recorded for it",
      "if this header is not from you, restore your own from a backup: latchkey restore FILE; "
      "if you reencrypted the volume, write x-latchkey.cipher=" +
          (there.empty() ? shown : there) +
          " into its line of /etc/latchkey/volumes, and run: update-initramfs -u -k all"};
}

std::optional<Error> judge_recorded(std::string_view bytes, const RecordedHeader& recorded) {
  const auto ciphers = parse_luks_ciphers(bytes);
  if (!ciphers) return {};
  if (auto other = judge_uuid(uuid_of(bytes), recorded)) return other;
  return judge_cipher(ciphers->data, recorded);
}

}  // namespace latchkey
