// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/md.hpp"

#include <chrono>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {

std::vector<std::string> waiting_arrays(const std::string& root) {
  std::vector<std::string> out;
  for (const std::string& name : block_devices(root)) {
    if (!name.starts_with("md")) continue;
    const auto state = read_file(root + "/sys/block/" + name + "/md/array_state");
    if (state && trim(*state) == "inactive") out.push_back(name);
  }
  return out;
}

Result<> start_array(const std::string& name) {
  const auto done = run_ok({"mdadm", "--quiet", "--run", "/dev/" + name},
                           "cannot start the RAID array '" + name + "', which lacks a disk",
                           {.timeout = std::chrono::seconds(60)});
  if (done) return Ok{};
  Error error = done.error();
  if (error.code == Code::missing) error.hint = "install the package mdadm";
  return error;
}

}  // namespace latchkey
