// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/multipath.hpp"

#include <unistd.h>

#include <chrono>

#include "sys/process/process.hpp"

namespace latchkey {

bool makes_maps_when_called(const std::string& root) {
  const auto there = [&](const char* program) {
    return ::access((root + program).c_str(), X_OK) == 0;
  };
  return there("/sbin/multipath") && !there("/sbin/multipathd");
}

Result<> make_maps() {
  const auto done = run_ok({"multipath", "-v0"}, "cannot look for disks with several paths",
                           {.timeout = std::chrono::seconds(20)});
  return done ? Result<>(Ok{}) : done.error();
}

}  // namespace latchkey
