// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/network/network_user.hpp"

#include <unistd.h>

#include <filesystem>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/iscsi.hpp"

namespace latchkey {
namespace {

std::string iscsi_user(const std::string& root) {
  const std::filesystem::path all = root + "/sys/class/iscsi_session";
  for (const std::string& session : names_in(all.string())) {
    std::error_code failed;
    const std::string directory = std::filesystem::canonical(all / session, failed).string();
    if (!iscsi_by_itself(root, directory)) return "an iSCSI session (" + session + ")";
  }
  return {};
}

std::string nvme_user(const std::string& root) {
  const std::string all = root + "/sys/class/nvme/";
  for (const std::string& controller : names_in(all)) {
    const std::string transport = sys_attribute(all + controller + "/transport");
    if (transport == "tcp" || transport == "rdma")
      return "NVMe over the network (" + controller + ")";
  }
  return {};
}

std::string block_user(const std::string& root) {
  for (const std::string& name : block_devices(root)) {
    // There are nodes for nbd before anything is connected; of the others there are none.
    const std::string connected = root + "/sys/block/" + name + "/pid";
    if (name.starts_with("etherd!") || name.starts_with("rbd") || name.starts_with("rnbd") ||
        (name.starts_with("nbd") && ::access(connected.c_str(), F_OK) == 0))
      return "a network block device (" + name + ")";
  }
  return {};
}

std::string mount_user(const std::string& root) {
  const auto mounts = read_file(root + "/proc/mounts");
  if (!mounts) return {};
  for (const std::string_view line : split_lines(*mounts)) {
    const auto fields = split_fields(line);
    if (fields.size() < 3) continue;
    const std::string& type = fields[2].text;
    if (type == "nfs" || type == "nfs4" || type == "cifs" || type == "ceph" || type == "9p")
      return "a mount of type " + type;
  }
  return {};
}

}  // namespace

std::string network_user(const std::string& root) {
  for (const auto ask : {iscsi_user, nvme_user, block_user, mount_user})
    if (std::string user = ask(root); !user.empty()) return user;
  return {};
}

}  // namespace latchkey
