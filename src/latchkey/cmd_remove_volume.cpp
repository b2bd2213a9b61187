// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey remove-volume: forgets a volume; with --wipe destroys it; takes back one
// whose creation was interrupted.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "core/base/text.hpp"
#include "core/config/new_volume.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/slots.hpp"
#include "latchkey/storage/volume_remover.hpp"
#include "sys/config/unfinished.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/lvm_admin.hpp"

namespace latchkey {
namespace {

struct Options {
  std::string name;
  bool wipe = false;
  std::string confirm;
  std::string halt;
};

// A typed name: nobody destroys a volume by a slip of the shell's history.
Result<> confirm(const Options& options, const Asker& asker, const std::string& what) {
  if (options.confirm == options.name) return Ok{};
  if (!options.confirm.empty() || !asker.interactive())
    return Error{Code::refused, "will not " + what, "that was not confirmed",
                 "add: --confirm " + options.name};
  const std::string typed = asker.question("This will " + what + ". Type its name to go on: ");
  if (typed == options.name) return Ok{};
  return Error{Code::refused, "will not " + what,
               "'" + printable(typed) + "' was typed, and nothing was changed",
               "run this again and type: " + options.name};
}

// A creation that came to its line was mounted by boots since, and may be in use; that of a note
// which came back with an old /etc may have been in use for long. Asked at every run until its
// header is wiped: whoever types what finishes the removal need not be who began it.
Result<> confirm_loss(const Globals& globals, const Setup& setup, const Options& options,
                      const Asker& asker, const VolumeRemover& remover, Removal& removal) {
  const bool destroy = removal.kind == Removal::Kind::destroy && removal.work.begun.empty();
  const bool back = removal.kind == Removal::Kind::take_back && !removal.work.is_done("wipe");
  if (back) {
    const auto complete = remover.was_complete();
    if (!complete) return complete.error();
    if (*complete)
      report_warning({Code::partial, "'" + options.name + "' was complete once, and may hold data",
                      "its logical volume has the mark of an unfinished creation no more",
                      "to keep it: delete " +
                          globals.paths.etc("unfinished/" + options.name + ".json") +
                          ", and take it in: latchkey adopt"});
    removal.used = removal.used || *complete || find_volume(setup, options.name) != nullptr;
    removal.work.values["used"] = removal.used ? "yes" : "";
  }
  if (!destroy && !(back && removal.used)) return Ok{};
  return confirm(options, asker, "destroy '" + options.name + "' with all its data");
}

Result<> no_service_names_it(const Setup& setup, const std::string& name) {
  for (const Service& service : setup.services) {
    if (std::ranges::find(service.volumes, name) == service.volumes.end()) continue;
    // What it is held for besides stays.
    std::string needs;
    for (const std::string& other : service.volumes)
      if (other != name) needs += " --needs " + other;
    return Error{Code::refused, "will not remove '" + name + "'",
                 "'" + service.unit + "' is held for it",
                 std::string("run: latchkey ") + (needs.empty() ? "unhold " : "hold ") +
                     service.unit + needs};
  }
  return Ok{};
}

// What is to be destroyed, as it is now. A line that a person wrote may not say which header is
// meant: it is the one that is there, and no other that comes in its place. A logical volume may
// have been named by its path or UUID.
Volume as_it_is(Volume volume) {
  if (volume.uuid.empty()) {
    const WokenLv awake(volume.device);
    if (const auto header = read_luks_header(place_of(volume))) volume.uuid = header->uuid;
  }
  volume.device = as_lv(volume.device);
  return volume;
}

// True where the line, or the name of the device, says which header is meant.
bool tells_header(const Volume& volume) {
  return !volume.uuid.empty() ||
         (volume.header.empty() && (volume.device.kind == DeviceRef::Kind::lv ||
                                    volume.device.kind == DeviceRef::Kind::uuid));
}

// None of them leaves a volume that is forgotten half done: at every moment the key in its key
// file opens it. Its disk may be gone for good, and nothing else would end them then.
bool may_be_dropped(const std::string& command) {
  return command == "adopt" || command == "resize-volume" || command == "rotate-key" ||
         command == "recovery-key";
}

// What is to go, and how: from the interrupted creation, from an interrupted
// removal, or from the configuration.
Result<Removal> removal_for(const Globals& globals, const Setup& setup, const Options& options) {
  auto before = load_unfinished(globals.paths, options.name);
  if (!before) return before.error();
  // Where its line still stands nothing is lost yet: what is asked for now counts, and is asked
  // for and looked at anew. A creation that is taken back is written down nowhere else.
  const bool removal_begun = *before && (*before)->command == "remove-volume";
  if (removal_begun) {
    Removal removal = removal_of(**before);
    if (removal.kind == Removal::Kind::take_back) return removal;
    if (find_volume(setup, options.name) == nullptr) {
      if (options.wipe == (removal.kind == Removal::Kind::destroy)) return removal;
      return Error{Code::refused, "will not remove '" + options.name + "'",
                   options.wipe ? "it is being forgotten, and its line is gone already"
                                : "it is being destroyed",
                   "to finish that, run: " + removal.work.finish +
                       (options.wipe ? "; latchkey adopt takes it in again, to be destroyed" : "")};
    }
  }
  if (*before && (*before)->command == "create-volume") {
    const auto asked = asked_in(**before);
    if (!asked) return asked.error();
    if ((*before)->is_done("untag"))
      return Error{Code::refused, "will not take '" + options.name + "' back",
                   "it is complete but for the images", "run: " + (*before)->finish};
    return take_back(*asked, **before);
  }
  if (*before && !removal_begun && !may_be_dropped((*before)->command)) {
    Error error = describe_unfinished(**before);
    error.code = Code::refused;
    return error;
  }
  const auto found = the_volume(setup, options.name);
  if (!found) return found.error();
  const Volume* volume = *found;
  if (auto free = no_service_names_it(setup, options.name); !free) return free.error();
  // Before the UUID that is found there hides that nobody had written one down.
  if (options.wipe && volume->uuid.empty())
    if (auto own = leads_to_its_own_header(*volume, "will not wipe " + volume->device.text(), true);
        !own)
      return own.error();
  Removal removal = forget(options.wipe ? as_it_is(*volume) : *volume, options.wipe);
  removal.unproved = options.wipe && !tells_header(*volume);
  if (*before && !removal_begun) removal.given_up = (*before)->command;
  return removal;
}

// An adoption that did not come to its line: there is nothing to forget but the note of it.
std::optional<int> give_up_adoption(const Globals& globals, const Setup& setup,
                                    const Options& options) {
  const auto before = load_unfinished(globals.paths, options.name);
  if (!before || !*before || (*before)->command != "adopt" || options.wipe ||
      find_volume(setup, options.name) != nullptr || options.halt == "list")
    return {};
  if (auto dropped = drop_unfinished(globals.paths, options.name); !dropped)
    return report_error(dropped.error());
  say(globals, "'" + options.name + "' is not taken in; what opened it before still does, and its "
               "header may hold one key slot more, of a key in the keys volume");
  return 0;
}

int remove(const Globals& globals, const Options& options, std::optional<int> descriptor) {
  if (!valid_lvm_name(options.name))
    return report_error({Code::usage, "'" + printable(options.name) + "' is no name of a volume",
                         "", "see the volumes: latchkey status"});
  const auto turn = begin_admin(globals, "remove-volume", options.name);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  if (const auto given_up = give_up_adoption(globals, *setup, options)) return *given_up;
  auto removal = removal_for(globals, *setup, options);
  if (!removal) return report_error(removal.error());
  Asker asker(descriptor);
  VolumeRemover remover(globals, *setup, *removal);
  if (options.halt != "list") {
    if (auto fine = remover.look(); !fine) return report_error(fine.error());
    if (auto yes = confirm_loss(globals, *setup, options, asker, remover, *removal); !yes)
      return report_error(yes.error());
    if (auto ready = remover.prepare(asker); !ready) return report_error(ready.error());
    if (auto gone = remover.let_go(); !gone) return report_error(gone.error());
  }
  if (const int status =
          carry_out_and_tell(globals, removal->work, remover.steps(), options.halt);
      status != 0)
    return status;
  if (options.halt == "list") return 0;
  if (removal->kind == Removal::Kind::forget &&
      (removal->given_up == "rotate-key" || removal->given_up == "recovery-key"))
    say(globals, "the '" + removal->given_up +
                     "' that was not finished is given up; the header may hold one key slot more, "
                     "which it made");
  if (removal->kind == Removal::Kind::forget)
    say(globals, "'" + options.name + "' is forgotten; its data on " +
                     removal->volume.device.text() +
                     " and its key are as they were: latchkey adopt takes it in again");
  else
    say(globals, "'" + options.name + "' is gone");
  return 0;
}

}  // namespace

Run declare_remove_volume(CLI::App& app, const Globals& globals) {
  const auto options = std::make_shared<Options>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("name", options->name, "the volume")->required();
  app.add_flag("--wipe", options->wipe, "destroy its key slots, its LV and its key");
  app.add_option("--confirm", options->confirm, "its name once more, instead of being asked")
      ->type_name("NAME");
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [options, descriptor, halt, &globals] {
    options->halt = *halt;
    return remove(globals, *options, *descriptor);
  };
}

}  // namespace latchkey
