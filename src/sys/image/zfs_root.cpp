// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/zfs_root.hpp"

#include <chrono>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

std::string property(const std::string& name, const std::string& dataset) {
  const auto said = run({"zfs", "get", "-H", "-o", "value", name, dataset},
                        {.timeout = std::chrono::seconds(10), .merge_stderr = false});
  return said && said->status == 0 ? std::string(trim(said->output)) : std::string();
}

}  // namespace

std::optional<std::string> zfs_on_root(std::string_view mounts) {
  std::optional<std::string> out;
  for (const std::string_view line : split_lines(mounts)) {
    const auto fields = split_fields(line);
    if (fields.size() < 3 || fields[1].text != "/") continue;
    // The last one is what is seen there.
    out.reset();
    if (fields[2].text == "zfs") out = fields[0].text;
  }
  return out;
}

std::optional<Error> asked_by_zfs(const Paths& paths) {
  if (!paths.root.empty()) return {};
  const auto mounts = read_file("/proc/self/mounts");
  const auto dataset = mounts ? zfs_on_root(*mounts) : std::nullopt;
  if (!dataset) return {};
  // `-` for a dataset that is not encrypted, and for ZFS that cannot be asked, nothing.
  const std::string root = property("encryptionroot", *dataset);
  if (root.empty() || root == "-" || property("keylocation", root) != "prompt") return {};
  return Error{Code::refused, "ZFS asks for the passphrase of '" + printable(root) + "' itself",
               "the root file system '" + printable(*dataset) +
                   "' is encrypted with it, and its turn comes after Latchkey's prompt: unless a "
                   "script of yours answers it, the boot waits at the console",
               "with the word shell granted (see latchkey.conf(5)), ssh to early boot and run: zfs "
               "load-key -a; or keep to the ssh server that you have, for Latchkey opens LUKS"};
}

}  // namespace latchkey
