// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey change-passphrase: a new passphrase in the place of one of the keys
// volume's. The old one works until the new one is proved.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/new_passphrase.hpp"
#include "latchkey/keys/slots.hpp"

namespace latchkey {
namespace {

class PassphraseChange {
 public:
  PassphraseChange(const Globals& globals, const Setup& setup, LuksDevice& luks, Unfinished& work)
      : globals_(globals), setup_(setup), luks_(luks), work_(work) {}

  // Asks for the current passphrase and, unless an interrupted change only has to be
  // completed, for the new one.
  Result<> prepare(Asker& asker, bool accept_weak) {
    int old = LuksDevice::any_slot;
    const auto ask_current = [&] {
      return with_passphrase(
          globals_, asker, "current " + std::string(passphrase_prompt),
          [&](Secret typed) -> Result<> {
            say(globals_, "trying the passphrase; the key derivation takes a moment");
            auto slot = work_.begun.empty() ? luks_.try_key(typed) : recognise(typed);
            if (!slot && slot.error().code == Code::denied) {
              slot = luks_.try_key(typed);
              if (slot) give_up_interrupted();
            }
            if (!slot) return slot.error();
            old = *slot;
            current_ = std::move(typed);
            return Ok{};
          });
    };
    auto known = ask_current();
    // A script that gives both again gives the old one first, which may be gone already.
    if (!known && known.error().code == Code::denied && !work_.begun.empty() &&
        !asker.interactive())
      known = ask_current();
    if (!known) return known;
    if (!work_.begun.empty() && old == recorded_slot(work_, "new")) {
      say(globals_, "this is the new passphrase: completing the change");
      work_.done = {"add", "prove"};
      completes_ = true;
      return Ok{};
    }
    return ask_new(asker, old, accept_weak);
  }

  std::vector<WorkStep> steps() {
    const int slot = recorded_slot(work_, "new");
    const std::string name = inherited_slot_name(work_.value("slot-name"));
    return {{"add", "adding the new passphrase; the key derivation takes a moment",
             [this, slot] {
               return note_added(luks_.add_slot(current_, fresh_, passphrase_cost(), slot), work_,
                                 "new", luks_);
             }},
            {"prove", "trying the new passphrase",
             [this, slot] { return luks_.try_slot(slot, fresh_); }},
            {"name", "",
             [this, slot, name] {
               return name.empty() ? Result<>(Ok{}) : luks_.name_slot(slot, name);
             }},
            {"remove", "removing the old passphrase", [this] { return remove_old(); }},
            note_step(globals_)};
  }

  // After the steps: what the old passphrase still opens. Nobody can tell when only the new
  // one was typed.
  Result<std::vector<int>> still_opened() const {
    return completes_ ? std::vector<int>{} : opened_slots(setup_, nullptr, luks_, current_);
  }
  [[nodiscard]] bool completes() const noexcept { return completes_; }

 private:
  // Somebody else types: the change that was interrupted is not theirs to complete or to take
  // back, and must not keep them from their own.
  void give_up_interrupted() {
    std::string both;
    for (const char* which : {"old", "new"})
      if (const int slot = recorded_slot(work_, which);
          slot != LuksDevice::any_slot && luks_.has_slot(slot))
        both += (both.empty() ? "" : " and ") + std::to_string(slot);
    report_warning({Code::refused, "the change that was interrupted is left as it is",
                    "its passphrases open the keys volume: slot " + both,
                    "when one is to go: latchkey remove-passphrase --slot N"});
    work_.begun.clear();
    work_.done.clear();
    work_.values.clear();
  }

  // The slot may be another person's by now, where the note of this change came back with an old
  // /etc. An older release noted its name alone.
  Result<> remove_old() {
    const auto same = unchanged_slots(work_, "old", luks_);
    if (same.empty()) return Ok{};
    const int old = same.front();
    const auto names = luks_.slot_names();
    const auto name = names.find(old);
    if (noted_slot_mark(work_, "old", old).empty() && luks_.has_slot(old) &&
        (name == names.end() ? "" : name->second) != work_.value("slot-name")) {
      report_warning({Code::refused, slot_text(names, old) + " was left as it is",
                      "it has not the name of the one that was to be removed",
                      "when nobody needs it: " + removal_of_slot(setup_, nullptr, old)});
      return Ok{};
    }
    return luks_.remove_slot(old);
  }

  // After an interrupted change its two passphrases tell how to go on.
  Result<int> recognise(const Secret& typed) const {
    std::optional<Error> scarce;
    for (const char* which : {"new", "old"}) {
      const int slot = recorded_slot(work_, which);
      if (slot == LuksDevice::any_slot || !luks_.has_slot(slot)) continue;
      const auto opened = luks_.try_slot(slot, typed);
      if (opened) return slot;
      if (opened.error().code == Code::memory)
        scarce = opened.error();
      else if (opened.error().code != Code::denied)
        return opened.error();
    }
    if (scarce) return *scarce;
    return Error{Code::denied, "cannot go on with the change of the passphrase",
                 "this is neither the old passphrase nor the new one",
                 "type one of these two, even if another one opens the keys volume as well"};
  }

  Result<> ask_new(Asker& asker, int old, bool accept_weak) {
    auto fresh = ask_new_passphrase(globals_, asker, "new passphrase", accept_weak);
    if (!fresh) return fresh.error();
    fresh_ = std::move(*fresh);
    if (std::ranges::equal(fresh_.reveal(), current_.reveal()))
      return Error{Code::refused, "the passphrase was not changed",
                   "the new one is the current one", "run this again and type another one"};
    if (!work_.begun.empty() && recorded_slot(work_, "old") == old &&
        added_before(luks_, work_, fresh_)) {
      work_.done = {"add"};
      return Ok{};
    }
    if (auto gone = remove_half_made(luks_, work_, old,
                                     removal_of_slot(setup_, nullptr, recorded_slot(work_, "new")));
        !gone)
      return gone;
    const auto slot = luks_.free_slot();
    if (!slot) return slot.error();
    const auto names = luks_.slot_names();
    const auto name = names.find(old);
    work_.done.clear();
    work_.values = {{"old", std::to_string(old)},
                    {"new", std::to_string(*slot)},
                    {"slot-name", name == names.end() ? "" : name->second}};
    mark_slots(work_, "old", luks_);
    return Ok{};
  }

  const Globals& globals_;
  const Setup& setup_;
  LuksDevice& luks_;
  Unfinished& work_;
  Secret current_{};
  Secret fresh_{};
  bool completes_ = false;  // an interrupted change, by its new passphrase
};

int tell_still_opened(const LuksDevice& luks, const std::vector<int>& slots) {
  std::vector<std::string> texts;
  for (const int slot : slots) texts.push_back(slot_text(luks.slot_names(), slot));
  return report_error({Code::partial, "the old passphrase still opens the keys volume",
                       "the same one is in another key slot too: " + join(texts, ", "),
                       "the change itself is done; to remove that one as well: latchkey "
                       "remove-passphrase --slot " +
                           std::to_string(slots.front())});
}

int change(const Globals& globals, std::optional<int> descriptor, bool accept_weak,
           const std::string& halt) {
  const auto turn = begin_admin(globals, "change-passphrase", keys_work);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  auto work = work_on(globals, keys_work, "change-passphrase", "latchkey change-passphrase",
                      "until then the old and the new passphrase may both work");
  if (!work) return report_error(work.error());
  auto header = AwakeHeader::of_keys(globals, *setup);
  if (!header) return report_error(header.error());
  PassphraseChange change(globals, *setup, header->luks(), *work);
  if (halt != "list") {
    Asker asker(descriptor);
    header->give_way_to_unlocks(asker, globals, *setup);
    if (auto ready = change.prepare(asker, accept_weak); !ready) return report_error(ready.error());
  }
  if (const int status = carry_out_and_tell(globals, *work, change.steps(), halt); status != 0)
    return status;
  if (halt == "list") {
    header->rest(*setup);
    return 0;
  }
  const auto still = change.still_opened();
  const int status = !still           ? report_error(still.error())
                     : still->empty() ? 0
                                      : tell_still_opened(header->luks(), *still);
  header->rest(*setup);
  if (work->value("slot-name") == recovery_slot_name)
    say(globals,
        "what was changed was the recovery key: the new passphrase has no name, and for a new "
        "key on paper there is: latchkey recovery-key keys");
  if (status == 0)
    say(globals, std::string("the passphrase is changed; ") +
                     (change.completes() ? "the key slot of the old one is gone"
                                         : "the old one opens the keys volume no more"));
  say(globals, old_copies_text);
  return status;
}

}  // namespace

Run declare_change_passphrase(CLI::App& app, const Globals& globals) {
  const auto weak = std::make_shared<bool>(false);
  const auto halt = std::make_shared<std::string>();
  const auto descriptor = declare_passphrase_fd(app);
  app.add_flag("--accept-weak", *weak, "take a new passphrase that could be guessed");
  declare_halt(app, halt);
  return [=, &globals] { return change(globals, *descriptor, *weak, *halt); };
}

}  // namespace latchkey
