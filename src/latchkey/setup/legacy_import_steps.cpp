// SPDX-License-Identifier: GPL-3.0-or-later
// The part of an import that writes, and what it says at its end.
#include <algorithm>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/config/volume_lines.hpp"
#include "core/hold/hold.hpp"
#include "latchkey/check/check.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/hold/holding.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/setup/first_setup.hpp"
#include "latchkey/setup/legacy_callers.hpp"
#include "latchkey/setup/legacy_import.hpp"
#include "latchkey/storage/placing.hpp"
#include "sys/base/fd.hpp"
#include "sys/config/owners_file.hpp"
#include "sys/config/state.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/process/process.hpp"
#include "sys/ssh/host_keys.hpp"
#include "sys/units/systemd.hpp"

namespace latchkey {
namespace {

Result<UnitState> state_of(const std::string& unit) {
  const auto shown = show_units({unit});
  if (!shown) return shown.error();
  return (*shown)[0];
}

// Nothing starts it at boot, and something could: static units are started by the
// release itself, templates by their instances.
bool wants_enabling(const UnitState& unit) {
  return unit.load == "loaded" && !is_wanted(unit) &&
         (unit.unit_file == "disabled" || unit.unit_file == "generated");
}

// As a person reads it: what, why, and what to type.
std::string advice(const Error& error) {
  return "  " + sentence(error) + "\n" + (error.hint.empty() ? "" : "    " + error.hint + "\n");
}

}  // namespace

// Lines that are there stay as their owner has them by now.
Result<> LegacyImport::write_volumes() {
  const std::string file = globals_.paths.etc("volumes");
  const auto text = volumes_text(globals_.paths);
  if (!text) return text.error();
  const auto before = parse_volumes(*text, file);
  if (!before) return before.error();
  std::string after = *text;
  for (const Volume& volume : layout_.volumes)
    if (std::ranges::find(*before, volume.name, &Volume::name) == before->end())
      after = with_volume_line(after, volume);
  added_ = after != *text;
  return write_owners_file(file, after);
}

// Where all was taken over before, backups know of every key.
Result<> LegacyImport::note_keys() const {
  if (!added_ && !resumed_)
    if (const auto state = load_state(globals_.paths); state && !state->newest_key.empty())
      return Ok{};
  return note_new_key(globals_.paths);
}

Result<> LegacyImport::hold_units() {
  for (const Unit& unit : units_) {
    const auto setup = load_setup(globals_.paths);
    if (!setup) return setup.error();
    const auto line = std::ranges::find(setup->services, unit.name, &Service::unit);
    const bool there = line != setup->services.end();
    const auto state = state_of(unit.name);
    if (there && state && is_held(*state, unit.name)) continue;
    // Without names it waits for all volumes, as the scripts started everything last.
    // What runs was started by the scripts, on their mounts: this is no time to stop it.
    if (hold_unit(globals_, unit.name, there ? line->volumes : std::vector<std::string>{},
                  Running::stays) != 0)
      complete_ = false;
  }
  return Ok{};
}

// The scripts kept these units from starting at boot by switching them off; their
// holds do that now, and off they would look forgotten.
Result<> LegacyImport::enable_units() {
  // On sysvinit the release itself starts what is held, switched on or not.
  if (init_system() != InitSystem::systemd) return Ok{};
  bool changed = false;
  for (Unit& unit : units_) {
    if (is_template(unit.name)) continue;  // its instances are switched on, one by one
    const auto state = state_of(unit.name);
    if (!state) {
      warn({state.error().code, "'" + unit.name + "' may not be switched on for the boot",
            sentence(state.error()), "see: systemctl is-enabled " + shell_word(unit.name)});
      continue;
    }
    if (!wants_enabling(*state)) continue;
    if (!is_held(*state, unit.name)) {
      warn({Code::refused, "'" + unit.name + "' is not switched on for the boot", "it is not held",
            "run: latchkey hold " + shell_word(unit.name) + " && systemctl enable " +
                shell_word(unit.name)});
      continue;
    }
    const auto done =
        run_ok({"systemctl", "enable", "--", unit.name}, "cannot enable '" + unit.name + "'",
               {.timeout = std::chrono::seconds(120)});
    if (!done) {
      warn(done.error());
      continue;
    }
    unit.enabled = changed = true;
    say(globals_,
        "'" + unit.name + "' is enabled again; held, it starts once its volumes are mounted");
  }
  return changed ? reload_systemd() : Result<>(Ok{});
}

std::vector<WorkStep> LegacyImport::steps() {
  const Globals& globals = globals_;
  resumed_ = !work_.begun.empty();
  return {
      {"volumes", "writing the volumes into /etc/latchkey", [this] { return write_volumes(); }},
      {"config", "",
       [this] {
         return write_first_files(globals_, {.keys = keys_,
                                             .keys_uuid = work_.value("uuid"),
                                             .authorized_keys = work_.value("authorized_keys")});
       }},
      {"note", "", [this] { return note_keys(); }},
      {"host-keys", "making the host keys of early boot",
       [&globals] { return make_host_keys(globals.paths); }},
      {"hold", "", [this] { return hold_units(); }},
      {"enable", "", [this] { return enable_units(); }},
      {"image", "looking at the image of every kernel",
       [&globals] { return bring_images_up_to_date(globals); }},
  };
}

void LegacyImport::report() const {
  std::string out = "\ntaken over from '" + printable(directory_) + "'\n";
  out += "  the keys volume " + keys_.text() + "; your passphrase and all keys stay as they are\n";
  for (const Volume& volume : layout_.volumes)
    out += "  " + volume.name + ": " + volume.device.text() + " on '" +
           printable(volume.mount_point) + "', " + volume.fs_type +
           (volume.uuid.empty() ? "; not seen now" : "") + "\n";
  for (const Unit& unit : units_)
    out += "  " + unit.name + ": held until every volume is mounted" +
           (unit.enabled ? "; enabled again" : "") + "\n";
  if (!layout_.notes.empty()) {
    out += "\nnot as it was\n";
    for (const std::string& note : layout_.notes) out += "  " + note + "\n";
  }

  const EarlyInputs inputs = read_early_inputs(globals_.paths);
  std::string later;
  for (const Findings& part :
       {check_fstab(globals_.paths, inputs), check_mount_points(globals_.paths, inputs),
        check_slots(globals_.paths, inputs)})
    for (const Finding& finding : part)
      if (finding.level != Finding::Level::ok) later += advice(finding.text);
  later += "  what is lost without a copy\n    run: latchkey backup FILE\n";
  out += "\nyours to do\n" + later;

  out += "\nonce a boot went well, delete by hand\n  '" + printable(directory_) +
         "' and what calls the scripts in it";
  const auto callers = legacy_callers(globals_.paths.root, directory_);
  out += callers.empty() ? "; nothing was found that does\n" : ":\n";
  for (const std::string& caller : callers) out += "    " + caller + "\n";
  print(out);
}

}  // namespace latchkey
