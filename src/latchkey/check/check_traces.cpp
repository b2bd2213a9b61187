// SPDX-License-Identifier: GPL-3.0-or-later
// What writes memory to a disk in clear: swap, hibernation, the dump of a crashed kernel.
#include <sys/stat.h>

#include <algorithm>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
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

Findings check_traces(const Paths& paths, const EarlyInputs& inputs) {
  Findings out;
  const std::vector<Volume> volumes = inputs.volumes ? *inputs.volumes : std::vector<Volume>{};
  for (const std::string& area : swap_areas(text_or_empty(paths.root + "/proc/swaps")))
    if (!lies_encrypted(paths.root + area))
      out.push_back(doubtful(
          {Code::refused, "the swap area '" + printable(area) + "' is not encrypted",
           "memory of services, data with it, is written there in clear, and all of it, keys "
           "too, by a hibernation",
           "encrypt it with a random key (crypttab(5), option swap; on Debian 13 that needs the "
           "package systemd-cryptsetup), write RESUME=none into "
           "/etc/initramfs-tools/conf.d/resume, and run: update-initramfs -u -k all; or do without "
           "it: swapoff " +
               shell_word(printable(area))}));
  const std::string dump = crash_directory(text_or_empty(paths.root + "/etc/default/kdump-tools"));
  const std::string hint =
      "have another machine get it (SSH or NFS in /etc/default/kdump-tools), or do without: "
      "USE_KDUMP=0; the kernel that writes it opens no volume";
  const auto volume = std::ranges::find_if(volumes, [&](const Volume& one) {
    return is_released(one) && lies_on(dump, one.mount_point);
  });
  if (!dump.empty() && volume != volumes.end())
    out.push_back(doubtful(
        {Code::refused, "kdump saves nothing of a crashed kernel in '" + printable(dump) + "'",
         "that is on the volume '" + volume->name + "', which is closed then", hint}));
  else if (!dump.empty() && !lies_encrypted(existing(paths.root + dump)))
    out.push_back(doubtful(
        {Code::refused, "kdump writes the memory of a crashed kernel to '" + printable(dump) + "'",
         "the keys of open volumes are in it, and that place is not encrypted", hint}));
  if (out.empty()) out.push_back(good("memory is written to no disk in clear"));
  return out;
}

}  // namespace latchkey
