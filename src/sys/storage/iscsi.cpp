// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/iscsi.hpp"

#include "core/storage/storage.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {

bool iscsi_by_itself(const std::string& root, const std::string& directory) {
  const std::string host = session_host(directory);
  if (host.empty()) return false;
  const std::string driver = sys_attribute(root + "/sys/class/scsi_host/" + host + "/proc_name");
  return driver == "qla4xxx" || driver == "be2iscsi";
}

}  // namespace latchkey
