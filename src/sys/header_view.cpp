// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/header_view.hpp"

namespace latchkey {

Result<HeaderView> HeaderView::open(const LuksPlace& place) {
  auto loop = LoopDevice::attach(place.header.empty() ? place.device : place.header, 0, 0);
  if (!loop) return loop.error();
  // The header's own device alone: nothing here is about the data.
  auto luks = LuksDevice::open(
      {.device = loop->path(), .header = {}, .name = place.name, .uuid = place.uuid});
  if (!luks) return luks.error();
  return HeaderView(std::move(*loop), std::move(*luks));
}

}  // namespace latchkey
