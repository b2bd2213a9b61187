// SPDX-License-Identifier: GPL-3.0-or-later
// What writes memory to a disk in clear: swap, hibernation, the dump of a crashed kernel.
#include <sys/stat.h>

#include <algorithm>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/storage/traces.hpp"
#include "latchkey/check/check.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

// The nearest directory above that exists: kdump makes its own when it needs it.
std::string existing(std::string path) {
  struct stat info {};
  while (path.size() > 1 && ::stat(path.c_str(), &info) != 0)
    path.resize(std::max<std::size_t>(path.rfind('/'), 1));
  return path;
}

}  // namespace

Findings check_traces(const Paths& paths) {
  Findings out;
  const auto swaps = read_file(paths.root + "/proc/swaps");
  for (const std::string& area : swap_areas(swaps ? *swaps : ""))
    if (!lies_encrypted(paths.root + area))
      out.push_back(doubtful(
          {Code::refused, "the swap area '" + printable(area) + "' is not encrypted",
           "memory of services, data with it, is written there in clear, and all of it, keys "
           "too, by a hibernation",
           "encrypt it with a random key (crypttab(5), option swap), or run: swapoff " +
               shell_word(printable(area))}));
  const auto kdump = read_file(paths.root + "/etc/default/kdump-tools");
  const std::string dump = crash_directory(kdump ? *kdump : "");
  if (!dump.empty() && !lies_encrypted(existing(paths.root + dump)))
    out.push_back(doubtful(
        {Code::refused, "kdump writes the memory of a crashed kernel to '" + printable(dump) + "'",
         "the keys of open volumes are in it, and that place is not encrypted",
         "set KDUMP_COREDIR in /etc/default/kdump-tools to a place on an encrypted volume"}));
  if (out.empty()) out.push_back(good("memory is written to no disk in clear"));
  return out;
}

}  // namespace latchkey
