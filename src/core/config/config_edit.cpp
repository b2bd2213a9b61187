// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/config_edit.hpp"

#include <optional>

#include "core/config/toml.hpp"

namespace latchkey {
namespace {

// The offset of a position, which counts from 1; columns are taken as bytes, and the
// result is parsed again, in case they are not.
std::size_t offset_of(std::string_view text, const toml::source_position& at) {
  std::size_t line_start = 0;
  for (toml::source_index line = 1; line < at.line; ++line) {
    line_start = text.find('\n', line_start);
    if (line_start == std::string_view::npos) return text.size();
    ++line_start;
  }
  return std::min(text.size(), line_start + at.column - 1);
}

struct Span {
  std::size_t begin;
  std::size_t end;
};

std::optional<Span> value_of(std::string_view text, const toml::table& root, const char* key) {
  const toml::node* const node = root["keys"][key].node();
  if (node == nullptr) return {};
  const Span span{offset_of(text, node->source().begin), offset_of(text, node->source().end)};
  if (span.begin >= span.end) return {};
  return span;
}

}  // namespace

Result<std::string> with_keys_volume(std::string_view text, std::string_view file,
                                     const KeysVolume& keys) {
  if (const auto before = parse_config(text, file); !before) return before.error();
  const toml::parse_result parsed = toml::parse(text, file);
  const auto device = value_of(text, parsed.table(), "device");
  const auto uuid = value_of(text, parsed.table(), "uuid");
  std::string out(text);
  const std::string new_device = '"' + keys.device.text() + '"';
  const std::string new_uuid = '"' + keys.uuid + '"';
  if (device && uuid) {
    const bool uuid_last = uuid->begin > device->begin;
    const auto put = [&](const Span& at, const std::string& value) {
      out.replace(at.begin, at.end - at.begin, value);
    };
    put(uuid_last ? *uuid : *device, uuid_last ? new_uuid : new_device);
    put(uuid_last ? *device : *uuid, uuid_last ? new_device : new_uuid);
  } else if (device) {
    const std::size_t line_end = std::min(out.find('\n', device->end), out.size());
    out.insert(line_end, "\nuuid = " + new_uuid);
    out.replace(device->begin, device->end - device->begin, new_device);
  }
  const auto after = parse_config(out, file);
  if (!after || !(after->keys.device == keys.device) || after->keys.uuid != keys.uuid)
    return Error{Code::config, "cannot edit '" + std::string(file) + "'",
                 "its section [keys] is written in an unusual way",
                 "write it as [keys], device = \"VG/LV\" and uuid = \"...\", each on its line"};
  return out;
}

Result<bool> says_network(std::string_view text, std::string_view file) {
  if (const auto before = parse_config(text, file); !before) return before.error();
  return toml::parse(text, file).table().contains("network");
}

Result<std::string> with_network(std::string_view text, std::string_view file,
                                 const NewNetwork& network) {
  if (const auto before = parse_config(text, file); !before) return before.error();
  std::string out(text);
  if (!out.empty() && out.back() != '\n') out += '\n';
  out += new_network_text(network);
  if (const auto after = parse_config(out, file); !after)
    return Error{Code::config, "cannot add [network] to '" + std::string(file) + "'",
                 after.error().what, "write that section yourself, see latchkey.conf(5)"};
  return out;
}

}  // namespace latchkey
