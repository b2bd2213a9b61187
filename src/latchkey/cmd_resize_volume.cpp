// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey resize-volume: a larger LV, mapping and file system, while it is in use.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/size.hpp"
#include "core/base/text.hpp"
#include "core/config/volume.hpp"
#include "core/mount/file_system.hpp"
#include "core/storage/manual_commands.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/steps.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/slots.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/mount/fsck.hpp"
#include "sys/mount/mount.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/device_owner.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

bool is_lv(const Volume& volume) { return volume.device.kind == DeviceRef::Kind::lv; }

Result<> look(const Globals& globals, const Setup& setup, const Volume& volume,
              const std::string& by) {
  const std::string what = "cannot resize '" + volume.name + "'";
  if (!is_lv(volume) && parse_growth(by) && *parse_growth(by) > 0)
    return Error{Code::refused, what, volume.device.text() + " is no logical volume",
                 "grow the device by its own means, then run: latchkey resize-volume " +
                     volume.name + " +0"};
  Facts facts = probe_all(setup, globals.paths);
  if (!facts.volumes[volume.name].open || !volume_up(volume, facts.volumes[volume.name]))
    return Error{Code::refused, what, "it is not open and mounted", "run: release-services"};
  if (!volume.mount_point.empty() &&
      grow_command(type_of(volume), mapping_path(volume), volume.mount_point).empty())
    return Error{Code::refused, what, "'" + type_of(volume) + "' cannot grow while it is mounted",
                 "copy its data to a larger volume: latchkey create-volume"};
  return Ok{};
}

// By how much it grows is turned into how large it becomes once, at the beginning:
// run again after a power cut, it must not grow twice.
Result<Unfinished> work_for(const Globals& globals, const Volume& volume, const std::string& by) {
  const std::string finish = "latchkey resize-volume " + volume.name + " " + by;
  const auto before = work_to_finish(globals, volume.name, "resize-volume", finish);
  if (!before) return before.error();
  if (*before) return **before;
  const auto more = parse_growth(by);
  if (!more)
    return Error{Code::usage, "cannot resize '" + volume.name + "' by '" + printable(by) + "'",
                 more.error().why, more.error().hint};
  Unfinished work;
  work.command = "resize-volume";
  work.name = volume.name;
  work.finish = finish;
  if (!is_lv(volume)) {
    work.values = {{"bytes", std::to_string(device_size(volume.device.path()))}};
    return work;
  }
  const auto lv = find_lv(volume.device);
  if (!lv) return lv.error();
  const auto vg = find_vg(volume.device.vg);
  if (!vg) return vg.error();
  if (!*lv)
    return Error{Code::missing, "cannot resize '" + volume.name + "'",
                 "there is no logical volume " + volume.device.text(), missing_disk_hint()};
  if (*more > vg->free && !(*lv)->thin)
    return Error{Code::refused, "cannot grow '" + volume.name + "' by " + size_text(*more),
                 "the volume group has " + size_text(vg->free) + " left",
                 "ask for less; or " + room_hint(volume.device.vg, *more - vg->free, vg->extent)};
  // LVM gives whole extents only.
  const std::uint64_t rounded = round_up(*more, std::max<std::uint64_t>(vg->extent, 1));
  work.values = {{"bytes", std::to_string((*lv)->size + rounded)}};
  return work;
}

// The kernel holds the volume's key where nobody can read it: to give it back for a
// longer mapping, the library must derive it once more.
Result<Secret> read_key(const Globals& globals, const Setup& setup, Asker& asker,
                        const Volume& volume) {
  auto session = KeysSession::open(globals, setup, asker, KeysAccess::read);
  if (!session) return session.error();
  auto key = session->keys().read(volume.key_file);
  if (auto closed = session->close(); !closed) return closed.error();
  return key;
}

int resize(const Globals& globals, const std::string& name, const std::string& by,
           std::optional<int> descriptor, const std::string& halt) {
  const auto turn = begin_admin(globals, "resize-volume", name);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  const auto found = the_volume(*setup, name);
  if (!found) return report_error(found.error());
  Volume there = **found;
  there.device = as_lv(there.device);
  const Volume* volume = &there;
  if (auto fine = look(globals, *setup, *volume, by); !fine) return report_error(fine.error());
  auto work = work_for(globals, *volume, by);
  if (!work) return report_error(work.error());
  Secret key;
  if (halt != "list" && !work->is_done("mapping")) {
    Asker asker(descriptor);
    auto read = read_key(globals, *setup, asker, *volume);
    if (!read) return report_error(read.error());
    key = std::move(*read);
  }
  const auto bytes = parse_number(work->value("bytes"), 1UL << 60U);
  const std::vector<WorkStep> steps{
      {"lv", "",
       [&] {
         return is_lv(*volume) ? grow_lv(volume->device, bytes.value_or(0)) : Result<>(Ok{});
       }},
      {"mapping", "", [&] { return grow_mapping(volume->mapping, place_of(*volume), key); }},
      {"file-system", "growing the file system; a large one takes a while", [&]() -> Result<> {
         return volume->mount_point.empty()
                    ? Result<>(Ok{})
                    : grow_file_system(type_of(*volume), mapping_path(*volume),
                                       volume->mount_point);
       }}};
  if (const auto done = carry_out(globals, *work, steps, halt); !done) {
    const int status = report_error(done.error());
    const auto lv =
        is_lv(*volume) ? find_lv(volume->device) : Result<std::optional<LvInfo>>(std::nullopt);
    // LVM grows it as a whole or not at all (no room for all legs of a mirror): then nothing
    // is half done, and other work on the volume can begin.
    const bool goes_on = done.error().code == Code::timeout;  // it may still grow
    const bool nothing_done =
        !goes_on && !work->is_done("lv") && lv && *lv && (*lv)->size < bytes.value_or(0);
    if (!nothing_done)
      report_warning(describe_unfinished(*work));
    else if (auto dropped = drop_unfinished(globals.paths, work->name); !dropped)
      report_warning(dropped.error());
    return status;
  }
  if (halt != "list") say(globals, "'" + name + "' has " + size_text(bytes.value_or(0)) + " now");
  return 0;
}

}  // namespace

Run declare_resize_volume(CLI::App& app, const Globals& globals) {
  const auto name = std::make_shared<std::string>();
  const auto by = std::make_shared<std::string>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("name", *name, "the volume")->required();
  app.add_option("size", *by, "by how much it grows: +5G; +0 where the LV has grown already")
      ->required();
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [=, &globals] { return resize(globals, *name, *by, *descriptor, *halt); };
}

}  // namespace latchkey
