// SPDX-License-Identifier: GPL-3.0-or-later
// What a client and a forced command say.
#include "core/unlock/wire.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  judge(parse_request(text));
  const auto hello = parse_hello(text);
  judge(hello);
  if (!hello) return;
  must_be_line(hello->address);
  must(parse_hello(encode_hello(*hello)) && *parse_hello(encode_hello(*hello)) == *hello);
}
