// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey recovery-key: a key to be kept on paper, for the day on which everything
// else is lost.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <memory>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "core/storage/manual_commands.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/new_passphrase.hpp"
#include "latchkey/keys/slots.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/stdio.hpp"
#include "sys/keys/recovery_key.hpp"
#include "sys/luks/luks_copies.hpp"

namespace latchkey {
namespace {

// From its memory straight to stdout: nothing on the way keeps a copy.
Result<> print_key(const Secret& key) {
  const auto bytes = key.reveal();
  if (!write_all(STDOUT_FILENO, {bytes.data(), bytes.size()}) ||
      !write_all(STDOUT_FILENO, std::string_view("\n")))
    return system_error(errno, "cannot print the recovery key");
  // The older one is removed next: a power cut must not leave a file that is empty.
  struct stat is {};
  if (::fstat(STDOUT_FILENO, &is) == 0 && S_ISREG(is.st_mode) && ::fsync(STDOUT_FILENO) != 0)
    return system_error(errno, "cannot write the recovery key to the disk");
  return Ok{};
}

class RecoveryMaker {
 public:
  RecoveryMaker(const Globals& globals, const Setup& setup, const Volume* volume, Unfinished& work)
      : globals_(globals), setup_(setup), volume_(volume), work_(work) {}

  // Gets what opens the header now. A run that was interrupted behind its printed key is gone
  // on with; any other draws a key of its own, since nobody may have seen that of before.
  Result<> prepare(Asker& asker) {
    auto opened = volume_ == nullptr ? open_keys(asker) : open_volume(asker);
    if (!opened) return opened;
    const auto opens = luks().try_key(existing_);
    if (!opens) return opens.error();
    opened_ = *opens;
    if (has_printed_key()) {
      printed_before_ = true;
      say(globals_, "the recovery key that the interrupted run printed stays the one in force");
      return Ok{};
    }
    if (auto gone =
            remove_half_made(luks(), work_, *opens, removal_of_slot(setup_, volume_, slot()));
        !gone)
      return gone;
    // Whether it came to be printed is not known, only that it could have been.
    if (work_.is_done("name") && !luks().has_slot(slot()))
      report_warning({Code::partial, "a recovery key that was printed before is void",
                      "the run that made it was interrupted, and its slot is gone",
                      "throw that paper away, if there is one"});
    const auto free = luks().free_slot();
    if (!free) return free.error();
    auto drawn = draw_recovery_key();
    if (!drawn) return drawn.error();
    key_ = std::move(*drawn);
    work_.done.clear();
    work_.values = {{"new", std::to_string(*free)}};
    return Ok{};
  }

  std::vector<WorkStep> steps() {
    std::vector<WorkStep> steps{
        {"add", "adding a slot for it; the key derivation takes a moment",
         [this] {
           return note_added(luks().add_slot(existing_, key_, passphrase_cost(), slot()), work_,
                             "new", luks());
         }},
        {"prove", "trying it", [this] { return luks().try_slot(slot(), key_); }},
        {"name", "",
         [this] { return named() ? luks().name_slot(slot(), recovery_slot_name) : Ok{}; }},
        {"print", "", [this] { return print_key(key_); }},
        {"remove", "", [this] { return remove_older(); }}};
    // Images hold a copy of such a header: the older key would go on to open by it.
    if (volume_ != nullptr && header_in_file(*volume_))
      steps.push_back({"header-copy", "", [this] { return bring_images_up_to_date(globals_); }});
    steps.push_back(note_step(globals_));
    return steps;
  }

  void rest() {
    if (volume_ == nullptr) header_->rest(setup_);
  }

  [[nodiscard]] bool printed_before() const { return printed_before_; }
  [[nodiscard]] bool named() { return luks().header().type == "LUKS2"; }
  [[nodiscard]] int slot() const { return recorded_slot(work_, "new"); }

 private:
  LuksDevice& luks() { return header_->luks(); }

  // And its slot is still the one that was made for it, as far as the header can tell.
  bool has_printed_key() {
    if (!work_.is_done("print") || !luks().has_slot(slot()) ||
        is_another_slot(work_, "new", slot(), luks().slot_mark(slot())))
      return false;
    const auto names = luks().slot_names();
    const auto own = names.find(slot());
    return !named() || (own != names.end() && own->second == recovery_slot_name);
  }

  Result<> open_keys(Asker& asker) {
    auto header = AwakeHeader::of_keys(globals_, setup_);
    if (!header) return header.error();
    header_ = std::move(*header);
    header_->give_way_to_unlocks(asker, globals_, setup_);
    return with_passphrase(globals_, asker, passphrase_prompt, [this](Secret typed) -> Result<> {
      say(globals_, "trying the passphrase; the key derivation takes a moment");
      const auto opens = luks().try_key(typed);
      if (!opens) return opens.error();
      existing_ = std::move(typed);
      return Ok{};
    });
  }

  Result<> open_volume(Asker& asker) {
    const std::string what = "cannot make a recovery key of '" + volume_->name + "'";
    if (auto own = leads_to_its_own_header(*volume_, what); !own) return own;
    if (auto stands = stands_for_good(volume_->device, what, "'" + volume_->name + "'"); !stands)
      return stands;
    auto keys = KeysSession::open(globals_, setup_, asker, KeysAccess::read);
    if (!keys) return keys.error();
    auto key = keys->keys().read(volume_->key_file);
    if (!key) return key.error();
    existing_ = std::move(*key);
    if (auto closed = keys->close(); !closed) return closed;
    auto header = AwakeHeader::of_volume(setup_, *volume_);
    if (!header) return header.error();
    header_ = std::move(*header);
    return Ok{};
  }

  // What was typed has just proved that somebody needs it, whatever its slot is named.
  Result<> remove_older() {
    const auto names = luks().slot_names();
    for (const int older : older_recovery_slots(names, slot(), opened_)) {
      if (auto gone = luks().remove_slot(older); !gone) return gone;
      say(globals_,
          "the slot of the recovery key of before is gone (slot " + std::to_string(older) + ")");
    }
    const auto own = names.find(opened_);
    if (opened_ != slot() && own != names.end() && own->second == recovery_slot_name)
      report_warning(
          {Code::partial, "key slot " + std::to_string(opened_) + " stays",
           "it is named as a recovery key, and is what you opened '" + work_.name + "' with",
           "when it is to go: " + removal_of_slot(setup_, volume_, opened_)});
    return Ok{};
  }

  const Globals& globals_;
  const Setup& setup_;
  const Volume* volume_;  // none: the keys volume
  Unfinished& work_;
  std::optional<AwakeHeader> header_{};
  Secret existing_{};
  int opened_ = LuksDevice::any_slot;  // by what was typed, or by the key file
  Secret key_{};
  bool printed_before_ = false;
};

void tell_how_to_use(const Globals& globals, const Setup& setup, const Volume* volume,
                     bool printed_before) {
  const KeysVolume& keys = setup.config.keys;
  say(globals, printed_before
                   ? "keep what was printed then on paper, away from this machine; if nobody has "
                     "it, run this again: it prints another one, and that one is void"
                   : "write it down now, it is not shown again; keep it on paper, away from this "
                     "machine");
  say(globals, volume == nullptr
                   ? recovery_key_use(keys.device, "", keys.mapping, true)
                   : recovery_key_use(volume->device, volume->header, volume->mapping, false));
  say(globals, "what to do then is in latchkey-recovery(7)");
}

int make(const Globals& globals, const std::string& name, std::optional<int> descriptor,
         const std::string& halt) {
  const auto turn = begin_admin(globals, "recovery-key", name);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  const Volume* volume = nullptr;
  if (name != keys_work) {
    const auto found = the_volume(*setup, name);
    if (!found) return report_error(found.error());
    volume = *found;
  }
  auto work = work_on(globals, name, "recovery-key", "latchkey recovery-key " + name);
  if (!work) return report_error(work.error());
  RecoveryMaker maker(globals, *setup, volume, *work);
  if (halt != "list") {
    if (goes_nowhere(STDOUT_FILENO))
      return report_error({Code::usage, "will not make a recovery key",
                           "stdout is closed or /dev/null: nobody would see it",
                           "run this on a terminal, or let its stdout go to a printer or a file"});
    Asker asker(descriptor);
    if (auto ready = maker.prepare(asker); !ready) return report_error(ready.error());
  }
  if (const int status = carry_out_and_tell(globals, *work, maker.steps(), halt); status != 0)
    return status;
  if (halt == "list") return 0;
  if (!maker.named())
    report_warning({Code::partial, "a LUKS1 header has no room for the name of the slot",
                    "a later recovery key will not replace this one",
                    "note the number of its slot with it: " + std::to_string(maker.slot())});
  maker.rest();
  tell_how_to_use(globals, *setup, volume, maker.printed_before());
  return 0;
}

}  // namespace

Run declare_recovery_key(CLI::App& app, const Globals& globals) {
  const auto name = std::make_shared<std::string>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("name", *name, "a volume, or 'keys' for the keys volume")->required();
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [=, &globals] { return make(globals, *name, *descriptor, *halt); };
}

}  // namespace latchkey
