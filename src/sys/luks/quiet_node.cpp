// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/quiet_node.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <utility>

#include "core/base/text.hpp"
#include "sys/storage/device.hpp"

namespace latchkey {
namespace {

constexpr const char* node = "device";

// Small, and on no path: nobody else can find it.
Fd detached_tmpfs() {
  const Fd context(::fsopen("tmpfs", FSOPEN_CLOEXEC));
  if (!context || ::fsconfig(context.get(), FSCONFIG_SET_STRING, "size", "64k", 0) != 0 ||
      ::fsconfig(context.get(), FSCONFIG_SET_STRING, "mode", "0700", 0) != 0 ||
      ::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return {};
  return Fd(::fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
}

}  // namespace

QuietNode::QuietNode(const std::string& path) : given_(path), path_(path) {
  const auto number = block_device(path);
  if (!number) return;
  mount_ = detached_tmpfs();
  if (!mount_ || ::mknodat(mount_.get(), node, S_IFBLK | 0600, *number) != 0) return;
  path_ = "/proc/self/fd/" + std::to_string(mount_.get()) + "/" + node;
}

std::string QuietNode::as_given(std::string text) const {
  return path_ == given_ ? text : replace_all(std::move(text), path_, given_);
}

}  // namespace latchkey
