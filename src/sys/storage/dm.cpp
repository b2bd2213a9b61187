// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/storage/dm.hpp"

#include <libdevmapper.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"

namespace latchkey {
namespace {

using DmTask = Handle<dm_task, dm_task_destroy>;

// The library keeps its descriptor of device-mapper open. A forked process that
// closes what it inherited would go on using its number, whatever file has it then.
struct ReleasedControl {
  ReleasedControl() = default;
  ReleasedControl(const ReleasedControl&) = delete;
  ReleasedControl& operator=(const ReleasedControl&) = delete;
  ~ReleasedControl() { dm_lib_release(); }
};

// Asking libdevmapper where there is no device-mapper makes it load modules,
// create a node and complain on stderr.
bool kernel_has_device_mapper() { return ::access("/sys/class/misc/device-mapper", F_OK) == 0; }

}  // namespace

bool kernel_has_target(const std::string& kind) {
  const ReleasedControl released;
  const DmTask task(dm_task_create(DM_DEVICE_LIST_VERSIONS));
  if (!task || dm_task_run(task.get()) == 0) return false;
  const auto* target = static_cast<const dm_versions*>(dm_task_get_versions(task.get()));
  while (target != nullptr) {
    if (kind == target->name) return true;
    if (target->next == 0) break;
    target =
        reinterpret_cast<const dm_versions*>(reinterpret_cast<const char*>(target) + target->next);
  }
  return false;
}

std::vector<std::string> mapping_targets(const std::string& name) {
  std::vector<std::string> out;
  if (name.empty() || !kernel_has_device_mapper()) return out;
  const ReleasedControl released;
  // Its status tells the kinds too, and unlike its table no key.
  const DmTask table(dm_task_create(DM_DEVICE_STATUS));
  // Without no_flush a thin pool or a cache writes its metadata first, and waits for its disk.
  if (!table || dm_task_no_flush(table.get()) == 0 ||
      dm_task_set_name(table.get(), name.c_str()) == 0 || dm_task_run(table.get()) == 0)
    return out;
  void* next = nullptr;
  do {
    std::uint64_t start = 0;
    std::uint64_t length = 0;
    char* kind = nullptr;
    char* parameters = nullptr;
    next = dm_get_next_target(table.get(), next, &start, &length, &kind, &parameters);
    if (kind != nullptr) out.emplace_back(kind);
  } while (next != nullptr);
  return out;
}

void await_node(const std::string& name) {
  constexpr int looks = 30;
  constexpr int between_ms = 100;
  const std::string node = "/dev/mapper/" + name;
  const auto there = [&] { return ::access(node.c_str(), F_OK) == 0; };
  if (there() || mapping_targets(name).empty()) return;
  for (int look = 0; look < looks; ++look) {
    ::poll(nullptr, 0, between_ms);
    if (there()) return;
  }
  const ReleasedControl released;
  const DmTask make(dm_task_create(DM_DEVICE_MKNODES));
  if (make && dm_task_set_name(make.get(), name.c_str()) != 0 && dm_task_run(make.get()) != 0)
    dm_task_update_nodes();  // the library only notes it until then
}

Result<> remove_unfinished_mapping(const std::string& name) {
  if (!kernel_has_device_mapper()) return Ok{};
  const ReleasedControl released;
  const DmTask look(dm_task_create(DM_DEVICE_INFO));
  dm_info info{};
  if (!look || dm_task_set_name(look.get(), name.c_str()) == 0 || dm_task_run(look.get()) == 0 ||
      dm_task_get_info(look.get(), &info) == 0 || info.exists == 0)
    return Ok{};
  const char* const uuid = dm_task_get_uuid(look.get());
  const bool encrypted = uuid != nullptr && std::string_view(uuid).starts_with("CRYPT-");
  if (!encrypted || info.live_table != 0 || info.open_count != 0) return Ok{};
  const DmTask remove(dm_task_create(DM_DEVICE_REMOVE));
  // With a cookie, udev takes the node away, and is waited for. Without one the
  // library does it itself, and not now: at the latest when this process ends, by
  // which time the name may be that of the volume opened since.
  std::uint32_t cookie = 0;
  const bool removed = remove && dm_task_set_name(remove.get(), name.c_str()) != 0 &&
                       dm_task_set_cookie(remove.get(), &cookie, 0) != 0 &&
                       dm_task_run(remove.get()) != 0;
  const int error = remove ? dm_task_get_errno(remove.get()) : ENOMEM;
  if (cookie != 0) dm_udev_wait(cookie);
  if (removed) return Ok{};
  return system_error(error, "cannot remove the unfinished mapping '" + name + "'",
                      "run: dmsetup remove " + name);
}

}  // namespace latchkey
