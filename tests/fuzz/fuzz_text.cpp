// SPDX-License-Identifier: GPL-3.0-or-later
// What the other readers are made of.
#include "core/base/base64.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/device_ref.hpp"
#include "fuzz/judge.hpp"

using namespace latchkey;
using namespace latchkey::fuzz;

LATCHKEY_FUZZ(text) {
  must_be_line(printable(text));
  must(printable(printable(text)) == printable(text));
  if (const auto bytes = base64_decode(text)) must(base64_decode(base64_encode(*bytes)) == *bytes);
  judge(parse_size(text));
  const auto device = parse_device_ref(text);
  judge(device);
  if (device) {
    must_be_line(device->text());
    must(!device->path().empty() && device->path()[0] == '/');
  }
  for (const Field& field : split_fields(text)) must(!field.text.empty());
}
