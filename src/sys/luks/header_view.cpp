// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/header_view.hpp"

#include <utility>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {

Result<HeaderView> HeaderView::open(const LuksPlace& place) {
  const std::string& path = place.header.empty() ? place.device : place.header;
  if (const auto read = ask_disk(path); !read)
    return Error{read.error().code, "cannot open '" + place.name + "'", sentence(read.error()),
                 unread_disk_hint()};
  auto loop = LoopDevice::attach(path, 0, 0);
  if (!loop) return loop.error();
  // The header's own device alone: nothing here is about the data.
  LuksPlace alone = place;
  alone.device = loop->path();
  alone.header.clear();
  auto luks = LuksDevice::open(alone);
  if (!luks) {
    // A loop device is nothing that the reader knows of.
    Error error = luks.error();
    error.why = replace_all(std::move(error.why), loop->path(), path);
    return error;
  }
  return HeaderView(std::move(*loop), std::move(*luks));
}

}  // namespace latchkey
