// SPDX-License-Identifier: GPL-3.0-or-later
// `latchkey init`: from a volume group with free space to a machine that can be
// unlocked over early ssh.
#include <CLI/CLI.hpp>

#include "core/base/text.hpp"
#include "core/config/new_volume.hpp"
#include "core/mount/cryptroot.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/keys_maker.hpp"
#include "latchkey/keys/new_passphrase.hpp"
#include "latchkey/setup/first_setup.hpp"
#include "latchkey/setup/init_keys.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/image/finished_image.hpp"
#include "sys/image/zfs_root.hpp"
#include "sys/luks/luks.hpp"
#include "sys/mount/file_system.hpp"
#include "sys/ssh/host_keys.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

struct InitOptions {
  std::string vg{};
  std::string size = "64M";
  std::string authorized_keys{};
  std::shared_ptr<std::optional<int>> descriptor{};
  std::shared_ptr<std::string> halt = std::make_shared<std::string>();
  bool accept_weak = false;
  bool keep_cryptroot = false;
  bool give_up = false;
};

// What goes on with an interrupted run, and what gives it up.
std::string command_of(const InitOptions& options) { return "latchkey init " + options.vg; }
std::string undo_of(const InitOptions& options) { return command_of(options) + " --give-up"; }

const std::vector<std::string> steps_of_the_volume{"lv", "format", "file-system", "untag"};

Result<> have_kernel(const Paths& paths) {
  if (!boot_kernels(paths).empty()) return Ok{};
  return Error{Code::missing, "no boot of this machine could be unlocked over ssh",
               "there is no kernel in '" + paths.root + "/boot', so no image was built",
               "see that /boot is mounted and a kernel installed, then run this again"};
}

std::vector<WorkStep> init_steps(KeysMaker& run) {
  const Globals& globals = run.globals;
  std::vector<WorkStep> steps = steps_to_make_keys(run);
  steps.push_back({"config", "writing the configuration into /etc/latchkey", [&run] {
                     return write_first_files(
                         run.globals, {.keys = run.lv(),
                                       .keys_uuid = run.work.value("uuid"),
                                       .authorized_keys = run.work.value("authorized_keys")});
                   }});
  steps.push_back({"host-keys", "making the host keys of early boot",
                   [&globals] { return make_host_keys(globals.paths); }});
  steps.push_back({"untag", "", [&run] { return finish_keys_lv(run); }});
  steps.push_back({"image", "looking at the image of every kernel", [&run] {
                     auto built = bring_images_up_to_date(run.globals);
                     if (built) built = have_kernel(run.globals.paths);
                     if (built || run.work.value("keep_cryptroot") != "yes") return built;
                     report_warning(built.error());
                     return Result<>(Ok{});
                   }});
  return steps;
}

Result<> have_programs(const Paths& paths) {
  if (!can_make_file_system("ext4"))
    return Error{Code::missing, "cannot make a file system", "there is no mkfs.ext4",
                 "run: apt install e2fsprogs"};
  return can_build_images(paths);
}

// What was begun before, or is configured already, or a new work. Changes nothing.
Result<Unfinished> find_work(const Globals& globals, const InitOptions& options) {
  const auto begun = load_unfinished(globals.paths, "keys");
  if (!begun) return begun.error();
  if (*begun) {
    if ((*begun)->command == "init" && (*begun)->value("vg") == options.vg) return **begun;
    Error error = describe_unfinished(**begun);
    error.code = Code::refused;
    return error;
  }
  Unfinished work{
      .command = "init", .name = "keys", .finish = command_of(options), .undo = undo_of(options)};
  work.values["vg"] = options.vg;
  work.values["lv"] = "encrypted-keys";
  const std::string conf = globals.paths.etc("latchkey.conf");
  const auto text = read_file(conf);
  if (!text && text.error().code != Code::missing) return text.error();
  if (!text) {
    work.values["size"] = options.size;
    return work;
  }
  const auto config = parse_config(*text, conf);
  if (!config) return config.error();
  const DeviceRef& lv = config->keys.device;
  if (lv.kind != DeviceRef::Kind::lv || lv.vg != options.vg)
    return Error{Code::refused, "this machine has a keys volume already",
                 "'" + conf + "' names " + config->keys.device.text(),
                 "latchkey create-volume adds data volumes to it"};
  work.values["lv"] = lv.lv;
  work.values["uuid"] = config->keys.uuid;
  work.done = steps_of_the_volume;
  return work;
}

bool volume_is_made(const Unfinished& work) { return work.is_done("file-system"); }

// Somebody has removed what an interrupted run made before a configuration named it: it is made
// again. It held no key yet.
Result<> forget_removed(KeysMaker& run) {
  Unfinished& work = run.work;
  if (!work.is_done("lv") || work.is_done("config") || work.is_done("untag")) return Ok{};
  const auto there = find_lv(run.lv());
  if (!there) return there.error();
  if (*there) return Ok{};
  for (const char* step : {"lv", "format", "file-system"}) std::erase(work.done, step);
  return Ok{};
}

// The keys volume that the configuration names is there, and is one.
Result<> judge_made(const KeysMaker& run) {
  const auto there = find_lv(run.lv());
  if (!there) return there.error();
  if (!*there)
    return Error{
        Code::missing, "the keys volume " + run.lv().text() + " is not there",
        "'" + run.globals.paths.etc("latchkey.conf") + "' names it",
        "is its disk there? if it is lost for good, move latchkey.conf away to begin anew"};
  const WokenLv woken(run.lv());
  const auto header = read_luks_header(place_of(run.volume()));
  return header ? Result<>(Ok{}) : Result<>(header.error());
}

// Such an image boots on: init has not done what it is for until that root is a volume.
Result<> leave_cryptroot(KeysMaker& run, const InitOptions& options) {
  const Paths& paths = run.globals.paths;
  if (options.keep_cryptroot) run.work.values["keep_cryptroot"] = "yes";
  const EarlyInputs inputs = read_early_inputs(paths);
  if (inputs.configured || run.work.value("keep_cryptroot") == "yes") return Ok{};
  const auto refuse = [](Error error) {
    error.why = error.what + ": " + error.why;
    error.what = "cannot make this machine wait for Latchkey's unlock";
    return error;
  };
  if (auto zfs = asked_by_zfs(paths)) return refuse(std::move(*zfs));
  const auto opened = opened_early(paths, inputs);
  if (opened.empty()) return Ok{};
  Error error = refuse(foreign_opening(opened.front()));
  error.hint += "; where it can be taken in: latchkey init " + options.vg +
                " --keep-cryptroot, then latchkey adopt";
  return error;
}

// Everything that can be refused or asked is, before anything is made.
Result<> prepare(KeysMaker& run, const InitOptions& options) {
  const Globals& globals = run.globals;
  if (!valid_lvm_name(options.vg))
    return Error{Code::usage, "'" + printable(options.vg) + "' is no name of a volume group", "",
                 "see: lvm vgs"};
  auto work = find_work(globals, options);
  if (!work) return work.error();
  run.work = std::move(*work);
  if (auto known = forget_removed(run); !known) return known;
  if (auto fit = leave_cryptroot(run, options); !fit) return fit;
  WhoMayUnlock who(globals, options.authorized_keys, run.work.value("authorized_keys"));
  // A person is asked only when nothing else is in the way.
  if (auto done = who.find(); !done) return done;
  if (auto there = have_programs(globals.paths); !there) return there;
  const auto vg = find_vg(options.vg);
  if (!vg) return vg.error();
  auto fit = volume_is_made(run.work) ? judge_made(run) : lies_outside(options.vg);
  if (fit && !volume_is_made(run.work)) fit = judge_keys_room(run, *vg);
  if (!fit) return fit;
  if (auto done = who.ask(); !done) return done;
  run.work.values["authorized_keys"] = who.text();
  if (volume_is_made(run.work)) return Ok{};
  Asker asker(*options.descriptor);
  auto passphrase =
      ask_new_passphrase(globals, asker, "new passphrase of the keys volume", options.accept_weak);
  if (!passphrase) return passphrase.error();
  run.passphrase = std::move(*passphrase);
  // Until there is a file system the header is proved anew with what was typed now.
  std::erase(run.work.done, "format");
  return name_keys_volume(run);
}

std::string first_volume(const Globals& globals, const std::string& vg) {
  const auto setup = load_setup(globals.paths);
  if (setup && !setup->volumes.empty()) return "";
  return "make a data volume, as in\n  latchkey create-volume " + vg +
         " www 10G /srv/www ext4\n";
}

// An LV of that name that another one, or a configuration, lays claim to is none to be removed.
std::string what_stays(const Globals& globals, const Unfinished& work) {
  const DeviceRef lv{.kind = DeviceRef::Kind::lv, .vg = work.value("vg"), .lv = work.value("lv")};
  if (work.is_done("config"))
    return "'" + globals.paths.etc("latchkey.conf") + "' still names " + lv.text() +
           ": to begin anew with another keys volume, move it away";
  const std::string tag = work.value("tag");
  const auto there = find_lv(lv);
  if (there && *there && !tag.empty() && has_tag(**there, tag))
    return "the logical volume " + lv.text() + ", with the tag " + tag +
           ", stays; nothing uses it: lvm lvremove " + lv.text();
  return "a logical volume " + lv.text() + " with the tag " + (tag.empty() ? "latchkey_…" : tag) +
         " would be what it made; none is seen now";
}

int init(const Globals& globals, const InitOptions& options) {
  KeysMaker run{globals};
  if (*options.halt == "list") {
    (void)carry_out(globals, run.work, init_steps(run), *options.halt);
    return 0;
  }
  const auto alone = begin_admin(globals, "init", "keys");
  if (!alone) return report_error(alone.error());
  if (options.give_up)
    return give_up(globals, "keys", "init", command_of(options),
                   [&](const Unfinished& work) { return what_stays(globals, work); });
  if (auto ready = prepare(run, options); !ready) return report_error(ready.error());
  if (const int status = carry_out_and_tell(globals, run.work, init_steps(run), *options.halt);
      status != 0)
    return status;
  return tell_the_way_in(globals, first_volume(globals, options.vg)) ? 0
                                                                     : exit_status(Code::partial);
}

}  // namespace

Run declare_init(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<InitOptions>();
  app.add_option("vg", options->vg, "the volume group that gets the keys volume")
      ->required()
      ->type_name("VG");
  app.add_option("--size", options->size, "of the keys volume (64M)")->type_name("SIZE");
  app.add_option("--authorized-keys", options->authorized_keys,
                 "the public ssh keys of those who may unlock; on a terminal your own are offered")
      ->type_name("FILE");
  options->descriptor = declare_passphrase_fd(app);
  app.add_flag("--accept-weak", options->accept_weak, "take a passphrase that can be guessed");
  app.add_flag("--keep-cryptroot", options->keep_cryptroot,
               "go on though cryptsetup-initramfs opens root: images boot on until it is adopted");
  app.add_flag("--give-up", options->give_up, "forget an interrupted init of this group");
  declare_halt(app, options->halt);
  return [options, &globals] { return init(globals, *options); };
}

}  // namespace latchkey
