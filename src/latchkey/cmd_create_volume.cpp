// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey create-volume: from free space to a mounted, encrypted file system that
// the next boot opens.
#include <CLI/CLI.hpp>
#include <memory>

#include "core/base/text.hpp"
#include "core/config/new_volume.hpp"
#include "core/mount/file_system.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/summary.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/holding.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/storage/volume_maker.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/process/processor.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

// What is there already is completed, as far as that needs no key.
int complete(const Globals& globals, const Setup& setup, const Volume& there,
             const NewVolume& asked) {
  const Volume wanted = volume_of(asked, there.uuid);
  if (there.device != wanted.device || there.mount_point != wanted.mount_point ||
      there.fs_type != wanted.fs_type)
    return report_error({Code::refused, "there is a volume '" + there.name + "' already",
                         "it is another one: " + there.device.text() + " on " +
                             (there.mount_point.empty() ? "no mount point" : there.mount_point),
                         "choose another name, or see: latchkey remove-volume"});
  // As after the system was restored from its own backup, onto new disks.
  if (const auto lv = find_lv(there.device); lv && !*lv)
    return report_error({Code::missing, "'" + there.name + "' has its line, and no logical volume",
                         "there is no " + there.device.text(),
                         "where it is lost for good, run: latchkey remove-volume " + there.name +
                             "; then this again"});
  for (const std::string& unit : asked.holds)
    if (const int status = hold_unit(globals, unit, {there.name}, Running::stops, Needs::also);
        status != 0)
      return status;
  if (auto built = bring_images_up_to_date(globals); !built) return report_error(built.error());
  Facts facts = probe_all(setup, globals.paths);
  if (!volume_up(there, facts.volumes[there.name]))
    return report_error({Code::partial, "'" + there.name + "' is made, and not up",
                         "it is not open, or not mounted",
                         "see why: latchkey status; then run: release-services"});
  say(globals, "'" + there.name + "' is there already: nothing to do");
  tell_of_fstab(globals.paths);
  tell_of_unheld(globals.paths, asked.name);
  return 0;
}

// The work to go on with, or a new one. Fails when another command is half done
// with this volume, or this one with other arguments.
Result<Unfinished> work_for(const Globals& globals, const NewVolume& asked) {
  const auto before = work_to_finish(globals, asked.name, "create-volume", command_line(asked));
  if (!before) return before.error();
  if (*before) return **before;
  const auto uuid = new_uuid();
  if (!uuid) return uuid.error();
  return begin_work(asked, *uuid);
}

void tell_of_cipher(const Globals& globals, const NewVolume& asked) {
  if (asked.cipher.empty() && !processor_has_aes())
    say(globals,
        "this processor has no instructions for AES; another cipher is several times "
        "faster on it: --cipher xchacha12,aes-adiantum-plain64 --key-size 256");
}

int create(const Globals& globals, const NewVolume& asked, std::optional<int> descriptor,
           const std::string& halt) {
  if (auto fine = judge(asked); !fine) return report_error(fine.error());
  const auto turn = begin_admin(globals, "create-volume", asked.name);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  auto work = work_for(globals, asked);
  if (!work) return report_error(work.error());
  const Volume* there = find_volume(*setup, asked.name);
  if (there != nullptr && work->begun.empty()) return complete(globals, *setup, *there, asked);
  if (!work->begun.empty() && halt != "list")
    say(globals, "going on with what was begun " + printable(work->begun));

  VolumeMaker maker(globals, *setup, asked, *work);
  if (halt != "list") {
    tell_of_cipher(globals, asked);
    if (auto fine = maker.look(); !fine) return report_error(fine.error());
    if (const auto lost = lost_helper(asked.fs_type)) report_warning(*lost);
    Asker asker(descriptor);
    if (auto ready = maker.prepare(asker); !ready) return report_error(ready.error());
  }
  if (const int status = carry_out_and_tell(globals, *work, maker.steps(), halt); status != 0)
    return status;
  if (halt == "list") return 0;
  say(globals, "'" + asked.name + "' is " +
                   (asked.mount_point == "none" ? "open" : "mounted on " + asked.mount_point) +
                   ", and early boot opens it with the others");
  tell_of_fstab(globals.paths);
  tell_of_unheld(globals.paths, asked.name);
  return maker.loose();
}

}  // namespace

Run declare_create_volume(CLI::App& app, const Globals& globals) {
  const auto asked = std::make_shared<NewVolume>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("vg", asked->vg, "the volume group to take the space from")->required();
  app.add_option("name", asked->name, "its name; the LV becomes encrypted-NAME")->required();
  app.add_option("size", asked->size,
                 "10G, 512M, 50%FREE; 'existing' takes the LV that is there and holds nothing")
      ->required();
  app.add_option("mount-point", asked->mount_point, "where it is mounted, or none")->required();
  app.add_option("type", asked->fs_type, "ext4, xfs, btrfs, or another that the kernel itself mounts and that has a mkfs.TYPE")
      ->required();
  app.add_option("mkfs", asked->mkfs, "after --: more arguments for mkfs.TYPE");
  app.add_option("--hold", asked->holds, "a unit that must wait for it, may be repeated")
      ->type_name("UNIT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--options", asked->options, "options for mount")->type_name("LIST");
  app.add_flag("--discard", asked->discard,
               "pass TRIM on; others then see which blocks are in use");
  app.add_option("--cipher", asked->cipher, "aes-xts-plain64 by default")->type_name("CIPHER");
  app.add_option("--key-size", asked->key_bits, "of the volume's own key")->type_name("BITS");
  app.add_option("--sector-size", asked->sector_size, "of the encryption")->type_name("BYTES");
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return
      [asked, descriptor, halt, &globals] { return create(globals, *asked, *descriptor, *halt); };
}

}  // namespace latchkey
