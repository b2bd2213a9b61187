// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/keys/backup_format.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/base/bytes.hpp"
#include "core/base/read_json.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/device_ref.hpp"
#include "core/config/volume.hpp"

namespace latchkey {
namespace {

// A line, so that `head -1` tells what the file is.
constexpr std::string_view magic_word = "latchkey-backup ";
constexpr std::string_view magic = "latchkey-backup 1\n";
constexpr std::size_t numbers_at = 32;
constexpr std::size_t digest_at = numbers_at + 16;
constexpr std::size_t digest_size = 32;
constexpr int format_version = 1;
constexpr std::uint64_t most_mirrors = 64;

Error damaged(const std::string& why) {
  return {Code::damaged, "cannot use the backup", why, "use another copy of it"};
}

void put(std::string& out, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i) out[at + i] = static_cast<char>(value >> (56 - 8 * i));
}

const char* kind_text(BackupPart::Kind kind) {
  return kind == BackupPart::Kind::keys     ? "keys"
         : kind == BackupPart::Kind::header ? "header"
                                            : "file";
}

bool is_hex_digest(const std::string& text) {
  return text.size() == 2 * digest_size &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool is_uuid(const std::string& text) {
  return text.size() == 36 && text.find_first_not_of("0123456789abcdefABCDEF-") == std::string::npos;
}

// Empty when the part can be; else what is wrong with it.
std::string fault(const BackupPart& part) {
  if (!is_hex_digest(part.sha256)) return "its digest is none";
  if (part.kind == BackupPart::Kind::file) {
    const auto& names = backup_file_names();
    return std::ranges::find(names, part.name) == names.end() ? "it is no file that is kept" : "";
  }
  if (!valid_lvm_name(part.name)) return "its name cannot be";
  if (part.kind == BackupPart::Kind::keys && part.name != "keys") return "its name cannot be";
  if (!parse_device_ref(part.device)) return "its device cannot be";
  if (!is_uuid(part.uuid)) return "its UUID cannot be";
  if (part.type != "LUKS1" && part.type != "LUKS2") return "its type is not known";
  if (part.size == 0 || part.size % 512 != 0) return "its size cannot be";
  if (!valid_mapping_name(part.mapping)) return "its mapping cannot be";
  if (part.kind == BackupPart::Kind::keys) return "";
  if (part.key_file.empty() || part.key_file.front() == '.' ||
      part.key_file.find('/') != std::string::npos)
    return "its key file cannot be";
  if (!part.header.empty() && !valid_header_path(part.header)) return "its header's path cannot be";
  return "";
}

BackupPart part_of(const nlohmann::json& json) {
  BackupPart part;
  const auto kind = json.at("kind").get<std::string>();
  if (kind == "keys")
    part.kind = BackupPart::Kind::keys;
  else if (kind == "header")
    part.kind = BackupPart::Kind::header;
  else if (kind != "file")
    throw nlohmann::json::other_error::create(501, "kind", nullptr);
  part.name = json.at("name").get<std::string>();
  part.device = json.at("device").get<std::string>();
  part.header = json.at("header").get<std::string>();
  part.uuid = json.at("uuid").get<std::string>();
  part.type = json.at("type").get<std::string>();
  part.key_file = json.at("key_file").get<std::string>();
  part.mapping = json.at("mapping").get<std::string>();
  part.mount_point = json.at("mount_point").get<std::string>();
  // get<uint64_t> would turn a negative number into a large one.
  for (const char* key : {"offset", "size"})
    if (!json.at(key).is_number_unsigned())
      throw nlohmann::json::other_error::create(501, key, nullptr);
  part.offset = json.at("offset").get<std::uint64_t>();
  part.size = json.at("size").get<std::uint64_t>();
  part.sha256 = json.at("sha256").get<std::string>();
  // Later additions: absent in older backups.
  for (const auto& [name, value, most] :
       {std::tuple{"device_size", &part.device_size, ~std::uint64_t{0}},
        std::tuple{"mirrors", &part.mirrors, most_mirrors}}) {
    const auto found = json.find(name);
    if (found == json.end()) continue;
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() > most)
      throw nlohmann::json::other_error::create(501, name, nullptr);
    *value = found->get<std::uint64_t>();
  }
  return part;
}

Result<> judge(const BackupManifest& manifest, const BackupHead& head) {
  std::uint64_t end = backup_head_size;
  std::set<std::pair<BackupPart::Kind, std::string>> seen;
  std::size_t keys = 0;
  for (const BackupPart& part : manifest.parts) {
    if (const std::string wrong = fault(part); !wrong.empty())
      return damaged("its manifest is wrong about " + part.text() + ": " + wrong);
    if (part.offset != backup_aligned(end) || part.offset > head.manifest_offset ||
        part.size > head.manifest_offset - part.offset)
      return damaged("its manifest is wrong about where " + part.text() + " lies");
    end = part.offset + part.size;
    if (!seen.insert({part.kind, part.name}).second)
      return damaged("its manifest has " + part.text() + " twice");
    if (part.kind == BackupPart::Kind::keys) ++keys;
  }
  if (backup_aligned(end) != head.manifest_offset)
    return damaged("there is something between its parts and its manifest");
  if (keys != 1) return damaged("it holds no keys volume");
  return Ok{};
}

}  // namespace

std::string BackupPart::text() const {
  if (kind == Kind::keys) return "the keys volume";
  if (kind == Kind::header) return "the header of '" + printable(name, 64) + "'";
  return "the file '" + printable(name, 64) + "'";
}

std::string BackupPart::owner() const {
  return kind == Kind::keys ? text() : "'" + printable(name, 64) + "'";
}

const BackupPart& BackupManifest::keys() const {
  return *std::ranges::find(parts, BackupPart::Kind::keys, &BackupPart::kind);
}

std::uint64_t backup_aligned(std::uint64_t offset) { return round_up(offset, backup_alignment); }

const std::vector<std::string>& backup_file_names() {
  static const std::vector<std::string> names{"latchkey.conf", "volumes", "services", "triggers",
                                              "authorized_keys"};
  return names;
}

std::string encode_backup_head(const BackupHead& head) {
  std::string out(backup_head_size, '\0');
  out.replace(0, magic.size(), magic);
  put(out, numbers_at, head.manifest_offset);
  put(out, numbers_at + 8, head.manifest_size);
  out.replace(digest_at, digest_size, head.manifest_sha256);
  return out;
}

Result<BackupHead> parse_backup_head(std::string_view bytes, std::uint64_t file_size) {
  if (!bytes.starts_with(magic)) {
    if (bytes.starts_with(magic_word))
      return damaged("it has a format that this version does not know");
    return Error{Code::usage, "cannot use the backup", "this is no file of latchkey backup",
                 "name the file that latchkey backup wrote"};
  }
  if (bytes.size() != backup_head_size) return damaged("it is cut short");
  BackupHead head{big_endian(bytes, numbers_at, 8), big_endian(bytes, numbers_at + 8, 8),
                  std::string(bytes.substr(digest_at, digest_size))};
  if (bytes != encode_backup_head(head)) return damaged("its head is damaged");
  if (head.manifest_offset < backup_head_size || head.manifest_offset % backup_alignment != 0 ||
      head.manifest_size == 0 || head.manifest_size > backup_manifest_limit)
    return damaged("its head is damaged");
  const std::uint64_t tail = head.manifest_size + backup_seal_size;
  if (file_size < tail || head.manifest_offset > file_size - tail)
    return damaged("it is cut short");
  if (head.manifest_offset != file_size - tail) return damaged("it is longer than it was made");
  return head;
}

std::string encode_backup_manifest(const BackupManifest& manifest) {
  nlohmann::json parts = nlohmann::json::array();
  for (const BackupPart& part : manifest.parts)
    parts.push_back({{"kind", kind_text(part.kind)},
                     {"name", part.name},
                     {"device", part.device},
                     {"header", part.header},
                     {"uuid", part.uuid},
                     {"type", part.type},
                     {"key_file", part.key_file},
                     {"mapping", part.mapping},
                     {"mount_point", part.mount_point},
                     {"offset", part.offset},
                     {"size", part.size},
                     {"sha256", part.sha256},
                     {"device_size", part.device_size},
                     {"mirrors", part.mirrors}});
  const nlohmann::json json{{"version", format_version},
                            {"date", manifest.date},
                            {"host", manifest.host},
                            {"machine_id", manifest.machine_id},
                            {"parts", parts}};
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<BackupManifest> parse_backup_manifest(std::string_view text, const BackupHead& head) {
  BackupManifest manifest;
  try {
    const auto json = read_json(text);
    if (json.at("version") != format_version)
      return damaged("it has a format that this version does not know");
    manifest.date = json.at("date").get<std::string>();
    manifest.host = json.at("host").get<std::string>();
    manifest.machine_id = json.at("machine_id").get<std::string>();
    for (const auto& part : json.at("parts")) manifest.parts.push_back(part_of(part));
  } catch (const nlohmann::json::exception&) {
    return damaged("its manifest is damaged");
  }
  if (auto fine = judge(manifest, head); !fine) return fine.error();
  return manifest;
}

DeviceRef device_of(const BackupPart& part) { return *parse_device_ref(part.device); }

}  // namespace latchkey
