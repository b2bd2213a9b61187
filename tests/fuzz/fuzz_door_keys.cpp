// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/door_keys.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  const auto keys = parse_door_keys(text);
  for (const DoorKey& key : keys) {
    must_be_line(key.comment);
    must_be_line(key.fingerprint);
  }
  must(parse_door_keys(encode_door_keys(keys)) == keys);
}
