// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey adopt: takes in a LUKS volume that was made elsewhere.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/config/new_volume.hpp"
#include "core/config/volume_lines.hpp"
#include "core/mount/file_system.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/storage/placing.hpp"
#include "latchkey/storage/volume_adopter.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/image/cryptroot.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

struct Options {
  std::string vg;
  std::string name;
  std::string mount_point;
  std::string fs_type;
  std::string device;
  std::string header;
  std::string key_file;
  std::string options;
  std::string halt;
};

Result<DeviceRef> device_for(const Options& options) {
  if (!options.device.empty()) {
    auto named = parse_device_ref(options.device);
    // By its path an LV is a device like any other: it is never grown, woken or looked up in LVM.
    if (named && named->kind == DeviceRef::Kind::path) return as_lv(*named);
    return named;
  }
  for (const std::string& lv : {"encrypted-" + options.name, options.name}) {
    const DeviceRef ref{.kind = DeviceRef::Kind::lv, .vg = options.vg, .lv = lv};
    const auto found = find_lv(ref);
    if (!found) return found.error();
    if (*found) return ref;
  }
  if (const auto vg = find_vg(options.vg); !vg) return vg.error();
  return Error{Code::missing, "there is no volume to adopt",
               "the group '" + options.vg + "' has neither 'encrypted-" + options.name + "' nor '" +
                   options.name + "'",
               "see lvs(8), or name it with --device"};
}

// Open already, perhaps by its owner's crypttab: the name stays, so that nothing has
// to be stopped.
std::string mapping_on(const DeviceRef& device, const std::string& name) {
  for (const Mapping& mapping : mappings_on(device.path()))
    if (encrypts(mapping)) return mapping.name;
  return "cleartext-" + name;
}

Result<Volume> volume_for(const Options& options) {
  if (!valid_lvm_name(options.vg) || !valid_lvm_name(options.name))
    return Error{Code::usage,
                 "'" + printable(options.vg + " " + options.name) +
                     "' are no names of a volume group and a volume",
                 "", "use letters, digits and + _ . -"};
  if (const std::string why = why_reserved(options.name); !why.empty())
    return Error{Code::usage, "'" + options.name + "' cannot be a volume's name", why,
                 "choose another name, and say which device it is: --device"};
  const auto device = device_for(options);
  if (!device) {
    // What was typed on the command line is no line of a file.
    Error error = device.error();
    if (error.code == Code::config) error.code = Code::usage;
    return error;
  }
  if (device->kind == DeviceRef::Kind::lv)
    if (auto awake = activate_lvs({device->text()}); !awake) return awake.error();
  Volume volume;
  volume.name = options.name;
  volume.device = *device;
  volume.mount_point = options.mount_point == "none" ? "" : options.mount_point;
  volume.fs_type = options.fs_type;
  volume.mount_options = options.options;
  volume.mapping = mapping_on(*device, options.name);
  volume.key_file = (device->vg.empty() ? "" : device->vg + "-") + options.name + ".key";
  volume.header = options.header;
  const auto header = read_luks_header({device->path(), options.header, options.name, ""});
  if (!header) return header.error();
  // Whoever puts another disk in its place is found out by it.
  volume.uuid = header->uuid;
  volume.cipher = option_cipher(header->cipher);
  volume.boot = volume.mount_point.empty() && mappings_under_system().contains(volume.mapping);
  return as_read(volume);
}

// With /boot on it, GRUB asks first, and only whoever sits at the console can answer.
Result<> boot_is_outside(const Paths& paths, const Options& options, bool has_root) {
  if (!has_root) return Ok{};
  auto prompt = boot_loader_in_root(paths);
  if (!prompt) return Ok{};
  return Error{Code::refused, "will not adopt '" + printable(options.name) + "'", sentence(*prompt),
               prompt->hint};
}

Unfinished new_work(const Options& options, const Volume& volume) {
  Unfinished work;
  work.values = {{"device", volume.device.text()}, {"header", volume.header}};
  work.command = "adopt";
  work.name = options.name;
  work.finish = "latchkey adopt";
  for (const std::string& word : {options.vg, options.name, options.mount_point, options.fs_type})
    work.finish += " " + shell_word(word);
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) work.finish += std::string(" ") + option + " " + shell_word(value);
  };
  add("--device", options.device);
  add("--header", options.header);
  add("--key-file", options.key_file);
  add("--options", options.options);
  return work;
}

// What the record of an adoption says of a line that its owner had: it is none of its own.
constexpr const char* line_value = "line";

// Those options of a line that --options can say.
std::string options_said(const Volume& volume) {
  std::vector<std::string> all;
  if (!volume.mount_options.empty()) all.push_back(volume.mount_options);
  if (volume.discard) all.emplace_back("x-latchkey.discard");
  if (!volume.fsck) all.emplace_back("x-latchkey.nofsck");
  return join(all, ",");
}

// Why the line that is there cannot stay, or nothing: it is another one than was asked for.
std::optional<Error> differs(const Paths& paths, const Options& options, const Volume& there,
                             const Volume& asked) {
  const auto refuse = [&](const std::string& what, const std::string& value) {
    return Error{Code::refused, "there is a volume '" + there.name + "' already",
                 "its line in '" + paths.etc("volumes") + "' has " + what + " " +
                     (value.empty() ? "none" : "'" + printable(value) + "'"),
                 "edit that line where it is wrong, or say the same here: a line that is there "
                 "stays as it is"};
  };
  if (there.mount_point != asked.mount_point) return refuse("the mount point", there.mount_point);
  if (there.fs_type != asked.fs_type) return refuse("the type", there.fs_type);
  if (!options.header.empty() && there.header != asked.header)
    return refuse("the header", there.header);
  // Asked for is the name that it is open under now, if it is.
  if (asked.mapping != there.mapping && find_mapping(asked.mapping) && !find_mapping(there.mapping))
    return Error{Code::refused, "will not adopt '" + there.name + "'",
                 "it is open as '" + printable(asked.mapping) + "', and by its line in '" +
                     paths.etc("volumes") + "' its mapping is '" + printable(there.mapping) + "'",
                 "write x-latchkey.mapping=" + printable(asked.mapping) +
                     " among the options of that line, so that nothing has to be stopped"};
  if (!options.options.empty() && options_said(there) != options_said(asked))
    return refuse("the options", options_said(there));
  return {};
}

// With what was interrupted before. Where it is mounted, and as what, may be said anew until it
// is: a wrong type would fail for ever.
Result<Unfinished> work_for(const Globals& globals, const Options& options, const Volume& volume) {
  Unfinished work = new_work(options, volume);
  const auto before = load_unfinished(globals.paths, options.name);
  const auto same_value = [&](const char* key) { return (*before)->value(key) == work.value(key); };
  if (before && *before && (*before)->command == "adopt" && same_value("device") &&
      same_value("header") && !(*before)->is_done("mount")) {
    Unfinished corrected = **before;
    if (corrected.finish != work.finish) std::erase(corrected.done, "configure");
    corrected.finish = work.finish;
    return corrected;
  }
  const auto same = work_to_finish(globals, options.name, "adopt", work.finish);
  if (!same) return same.error();
  return *same ? **same : work;
}

// A line that was there before this work was begun is its owner's, who may have edited it: what
// the command would write lacks that.
Result<Volume> volume_to_adopt(const Globals& globals, const Options& options, const Setup& setup,
                               const Volume& asked, Unfinished& work) {
  const Volume* const there = find_volume(setup, asked.name);
  if (there == nullptr || (!work.begun.empty() && work.value(line_value).empty())) return asked;
  if (const auto other = differs(globals.paths, options, *there, asked)) return *other;
  work.values[line_value] = "stays";
  return *there;
}

// A volume that is open stays so; from the next boot on it is opened as its line and its header
// say.
void tell_of_options(const Volume& volume) {
  if (!find_mapping(volume.mapping)) return;
  std::vector<std::string> lost = passing_options(volume.mapping, volume.header);
  if (volume.discard) std::erase(lost, "allow-discards");
  const auto options = split(volume.mount_options, ',');
  if (std::ranges::find(options, "ro") != options.end() && !volume.fsck)
    std::erase(lost, "readonly");
  if (lost.empty()) return;
  std::vector<std::string> kept = lost;  // which a header can keep, and no option of the line says
  std::vector<std::string> hints;
  if (std::erase(kept, "allow-discards") > 0)
    hints.emplace_back("add x-latchkey.discard to the options of its line");
  if (std::erase(kept, "readonly") > 0)
    hints.emplace_back(
        "add ro and x-latchkey.nofsck to the options of its line: nothing writes to it then");
  if (!kept.empty())
    hints.push_back("have a LUKS2 header keep them: cryptsetup refresh --persistent --" +
                    join(kept, " --") + " " + shell_word(volume.mapping) +
                    " --key-file FILE (with: latchkey mount-keys)");
  report_warning({Code::partial, "'" + volume.name + "' is open with options of who opened it",
                  "the next boot opens it without " + join(lost, ", "), join(hints, "; ")});
}

int adopt(const Globals& globals, const Options& options, std::optional<int> descriptor) {
  const auto turn = begin_admin(globals, "adopt", options.name);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  if (auto outside = boot_is_outside(globals.paths, options, options.mount_point == "/"); !outside)
    return report_error(outside.error());
  const auto volume = volume_for(options);
  if (!volume) return report_error(volume.error());
  if (auto outside = boot_is_outside(globals.paths, options, volume->boot); !outside)
    return report_error(outside.error());

  {
    const WokenLv woken(setup->config.keys.device);
    if (auto fits = fits_into_volumes(globals.paths, setup->config.keys, *volume); !fits)
      return report_error(fits.error());
    const auto inside = keys_inside(setup->config.keys.device, {*volume});
    if (!inside.empty())
      return report_error({Code::refused,
                           "will not adopt '" + options.name + "': " + inside.front().what,
                           inside.front().why, "keep to what opens it now"});
  }

  auto work = work_for(globals, options, *volume);
  if (!work) return report_error(work.error());
  const auto taken = volume_to_adopt(globals, options, *setup, *volume, *work);
  if (!taken) return report_error(taken.error());
  const Adoption asked{*taken, options.key_file};
  VolumeAdopter adopter(globals, *setup, asked, *work);
  if (options.halt != "list") {
    if (auto fine = adopter.look(); !fine) return report_error(fine.error());
    if (const auto lost = lost_helper(taken->fs_type)) report_warning(*lost);
    Asker asker(descriptor);
    if (auto ready = adopter.prepare(asker); !ready) return report_error(ready.error());
  }
  if (const int status = carry_out_and_tell(globals, *work, adopter.steps(), options.halt);
      status != 0)
    return status;
  if (options.halt == "list") return 0;
  say(globals, "'" + options.name + "' is taken in; what opened it before still does");
  tell_of_options(*taken);
  tell_of_fstab(globals.paths);
  tell_of_unheld(globals.paths, options.name);
  return 0;
}

}  // namespace

Run declare_adopt(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("vg", options->vg, "the volume group it is in")->required();
  app.add_option("name", options->name, "its name; the LV is encrypted-NAME or NAME")->required();
  app.add_option("mount-point", options->mount_point, "where it is mounted, or none")->required();
  app.add_option("type", options->fs_type, "of its file system")->required();
  app.add_option("--device", options->device, "the device, when it is no LV of these names")
      ->type_name("DEVICE");
  app.add_option("--header", options->header, "where its LUKS header is, when that is detached")
      ->type_name("PATH");
  app.add_option("--key-file", options->key_file, "a file that opens it now")->type_name("FILE");
  app.add_option("--options", options->options, "options for mount")->type_name("LIST");
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [options, descriptor, halt, &globals] {
    options->halt = *halt;
    return adopt(globals, *options, *descriptor);
  };
}

}  // namespace latchkey
