// SPDX-License-Identifier: GPL-3.0-or-later
// A made-up `lvm` for a process in a mount namespace of its own (see alone.hpp).
#pragma once

#include <sys/mount.h>

#include <string>

#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey::test {

/// `answers`: branches of a shell's `case` on the command's name, as `vgs) echo '{}';;`.
/// What it is called with is told by fake_lvm_calls. False where no lvm is installed, in the
/// place of which it could be.
inline bool fake_lvm(const std::string& answers) {
  const std::string real = find_program("lvm");
  return !real.empty() &&
         write_file("/mnt/lvm",
                    "#!/bin/sh\necho \"$*\" >> /mnt/calls\ncase $1 in " + answers + " esac\n",
                    0755) &&
         ::mount("/mnt/lvm", real.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

inline std::string fake_lvm_calls() { return read_file("/mnt/calls").value(); }

}  // namespace latchkey::test
