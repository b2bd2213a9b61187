// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/btrfs.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <set>

#include "sys/device.hpp"
#include "sys/fd.hpp"

namespace latchkey {
namespace {

std::string number_text(dev_t device) {
  return std::to_string(major(device)) + ":" + std::to_string(minor(device));
}

}  // namespace

bool same_btrfs(dev_t one, dev_t other, const std::string& list) {
  const std::vector<std::string> file_systems = names_in(list);
  return std::ranges::any_of(file_systems, [&](const std::string& uuid) {
    const std::string devices = list + "/" + uuid + "/devices";
    std::set<std::string> numbers;
    for (const std::string& name : names_in(devices))
      numbers.insert(sys_attribute(devices + "/" + name + "/dev"));
    return numbers.contains(number_text(one)) && numbers.contains(number_text(other));
  });
}

}  // namespace latchkey
