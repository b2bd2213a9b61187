// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/new_volume.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/read_json.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/volume_lines.hpp"

namespace latchkey {
namespace {

std::string list_text(const std::vector<std::string>& list) {
  return nlohmann::json(list).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The options still as they were typed.
Volume as_asked(const NewVolume& asked, const std::string& uuid) {
  Volume volume;
  volume.name = asked.name;
  volume.device = lv_of(asked);
  volume.mount_point = asked.mount_point == "none" ? "" : asked.mount_point;
  volume.fs_type = asked.fs_type;
  volume.mount_options = asked.options;
  volume.mapping = "cleartext-" + asked.name;
  volume.key_file = asked.vg + "-" + asked.name + ".key";
  volume.uuid = uuid;
  volume.discard = asked.discard;
  return volume;
}

}  // namespace

std::string why_reserved(const std::string& name) {
  if (name == "keys") return "it is that of the keys volume";
  if (name == "backup") return "the unfinished work of 'latchkey restore' is called so";
  if (name == "import") return "the unfinished work of 'latchkey import-legacy' is called so";
  return "";
}

DeviceRef lv_of(const NewVolume& asked) {
  return {.kind = DeviceRef::Kind::lv, .vg = asked.vg, .lv = "encrypted-" + asked.name};
}

Volume volume_of(const NewVolume& asked, const std::string& uuid) {
  const Volume volume = as_asked(asked, uuid);
  const auto read = as_read(volume);
  return read ? *read : volume;  // judge() has told why not
}

std::string tag_of(const std::string& uuid) { return "latchkey_" + uuid; }

std::string command_line(const NewVolume& asked) {
  std::string line = "latchkey create-volume";
  for (const std::string& word :
       {asked.vg, asked.name, asked.size, asked.mount_point, asked.fs_type})
    line += " " + shell_word(word);
  for (const std::string& unit : asked.holds) line += " --hold " + shell_word(unit);
  if (!asked.options.empty()) line += " --options " + shell_word(asked.options);
  if (asked.discard) line += " --discard";
  if (!asked.cipher.empty()) line += " --cipher " + shell_word(asked.cipher);
  if (asked.key_bits != 0) line += " --key-size " + std::to_string(asked.key_bits);
  if (asked.sector_size != 0) line += " --sector-size " + std::to_string(asked.sector_size);
  if (!asked.mkfs.empty()) line += " --";
  for (const std::string& argument : asked.mkfs) line += " " + shell_word(argument);
  return line;
}

Unfinished begin_work(const NewVolume& asked, const std::string& uuid) {
  Unfinished work;
  work.command = "create-volume";
  work.name = asked.name;
  work.finish = command_line(asked);
  work.undo = "latchkey remove-volume " + asked.name;
  work.values = {{"uuid", uuid},
                 {"vg", asked.vg},
                 {"size", asked.size},
                 {"mount-point", asked.mount_point},
                 {"type", asked.fs_type},
                 {"options", asked.options},
                 {"holds", list_text(asked.holds)},
                 {"mkfs", list_text(asked.mkfs)},
                 {"discard", asked.discard ? "yes" : ""},
                 {"cipher", asked.cipher},
                 {"key-bits", std::to_string(asked.key_bits)},
                 {"sector-size", std::to_string(asked.sector_size)}};
  return work;
}

Result<NewVolume> asked_in(const Unfinished& work) {
  try {
    return NewVolume{.vg = work.values.at("vg"),
                     .name = work.name,
                     .size = work.values.at("size"),
                     .mount_point = work.values.at("mount-point"),
                     .fs_type = work.values.at("type"),
                     .options = work.value("options"),
                     .holds = read_json(work.values.at("holds")).get<std::vector<std::string>>(),
                     .mkfs = read_json(work.values.at("mkfs")).get<std::vector<std::string>>(),
                     .discard = !work.value("discard").empty(),
                     .cipher = work.value("cipher"),
                     .key_bits = static_cast<std::uint32_t>(
                         parse_number(work.value("key-bits"), 1U << 16U).value_or(0)),
                     .sector_size = static_cast<std::uint32_t>(
                         parse_number(work.value("sector-size"), 1U << 16U).value_or(0))};
  } catch (const std::exception&) {
    return Error{Code::damaged, "cannot go on with the creation of '" + printable(work.name) + "'",
                 "what was noted of it cannot be read", "look into /etc/latchkey/unfinished"};
  }
}

Result<> judge(const NewVolume& asked) {
  if (!valid_lvm_name(asked.vg))
    return Error{Code::usage, "'" + printable(asked.vg) + "' is no name of a volume group",
                 "LVM names have letters, digits and + _ . - only", "see: vgs"};
  if (!valid_lvm_name(asked.name) || !valid_lvm_name("encrypted-" + asked.name) ||
      asked.name.front() == '.')
    return Error{Code::usage, "'" + printable(asked.name) + "' cannot be a volume's name", "",
                 "use letters, digits and + _ . -"};
  if (const std::string why = why_reserved(asked.name); !why.empty())
    return Error{Code::usage, "'" + asked.name + "' cannot be a volume's name", why,
                 "choose another name"};
  if (asked.size != "existing" && !is_share(asked.size))
    if (const auto size = parse_size(asked.size); !size)
      return Error{Code::usage, size.error().what, "",
                   "write it as 10G or 50%FREE; 'existing' takes the LV that is there"};
  // The rest of the rules are those of the file's own parser.
  const auto read = as_read(as_asked(asked, ""));
  return read ? Result<>(Ok{}) : read.error();
}

}  // namespace latchkey
