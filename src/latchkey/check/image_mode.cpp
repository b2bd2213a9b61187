// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/check/image_mode.hpp"

#include <sys/stat.h>

#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "sys/image/finished_image.hpp"

namespace latchkey {

void check_image_mode(Findings& out, const std::string& file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return;
  if ((info.st_mode & 077U) == 0 && info.st_uid == 0) return;
  const std::string name = printable(file);
  out.push_back(bad({Code::refused, "the image '" + name + "' can be read by others than root",
                     "it holds the host keys of early boot",
                     mode_is_the_mounts(file) ? "add umask=0077 to the options of its mount in "
                                                "/etc/fstab, and mount it again"
                                              : "run: chmod 600 " + shell_word(name)}));
}

}  // namespace latchkey
