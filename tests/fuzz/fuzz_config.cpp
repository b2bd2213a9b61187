// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/config/config.hpp"
#include "core/config/config_edit.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto config = parse_config(text, "latchkey.conf");
  judge(config);
  if (!config) return;
  must(valid_mapping_name(config->keys.mapping));
  must_be_line(config->keys.device.text());
  const KeysVolume keys{.device = {.kind = DeviceRef::Kind::lv, .vg = "vg", .lv = "other"},
                        .uuid = "11111111-1111-4111-8111-111111111111"};
  const auto edited = with_keys_volume(text, "latchkey.conf", keys);
  judge(edited);
  if (!edited) return;
  const auto again = parse_config(*edited, "latchkey.conf");
  must(again && again->keys.device == keys.device && again->keys.uuid == keys.uuid &&
       again->keys.mapping == config->keys.mapping && again->ssh.port == config->ssh.port);
}
