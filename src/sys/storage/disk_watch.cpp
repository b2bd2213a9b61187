// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/disk_watch.hpp"

#include <utility>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device_number.hpp"

namespace latchkey {
namespace {

// Where the reads and the writes that have ended stand among a block device's statistics.
constexpr std::size_t reads = 0;
constexpr std::size_t writes = 4;

}  // namespace

DiskWatch::DiskWatch(std::vector<dev_t> disks, std::string root)
    : disks_(std::move(disks)), root_(std::move(root)), seen_(ended_transfers()) {}

std::uint64_t DiskWatch::ended_transfers() const {
  std::uint64_t sum = 0;
  for (const dev_t disk : disks_) {
    const auto text = read_file(root_ + "/" + number_text(disk) + "/stat");
    if (!text) continue;
    const std::vector<Field> fields = split_fields(*text);
    for (const std::size_t at : {reads, writes})
      if (at < fields.size()) sum += parse_number(fields[at].text, ~0UL).value_or(0);
  }
  return sum;
}

bool DiskWatch::moved() {
  if (disks_.empty()) return false;
  const std::uint64_t before = std::exchange(seen_, ended_transfers());
  return seen_ != before;
}

}  // namespace latchkey
