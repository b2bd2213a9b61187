// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey add-passphrase: one more passphrase of the keys volume, for one more
// person.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "core/base/message.hpp"
#include "core/base/shell_word.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/slot_marks.hpp"
#include "core/storage/manual_commands.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/new_passphrase.hpp"
#include "latchkey/keys/slots.hpp"

namespace latchkey {
namespace {

struct Asked {
  std::string name{};
  bool accept_weak = false;
  std::string halt{};
};

std::string how_to_convert(const DeviceRef& keys) {
  return wake_first(keys) + cryptsetup_command("convert --type luks2", keys, "");
}

Result<> judge_name(const LuksDevice& luks, const DeviceRef& keys, const std::string& name,
                    int half_made) {
  const std::string what = "cannot add a passphrase named '" + printable(name) + "'";
  if (luks.header().type != "LUKS2")
    return Error{
        Code::refused, what,
        "the header of the keys volume is " + luks.header().type + ", which has no room for names",
        "convert it while it is closed: " + how_to_convert(keys)};
  for (const auto& [slot, there] : luks.slot_names())
    if (there == name && slot != half_made)
      return Error{
          Code::refused, what, "there is one of this name already",
          "choose another name, or run first: latchkey remove-passphrase " + shell_word(name)};
  return Ok{};
}

Result<> prepare(const Globals& globals, const Setup& setup, LuksDevice& luks, Unfinished& work,
                 Asker& asker, const Asked& asked, Secret& current, Secret& fresh) {
  if (auto fine =
          judge_name(luks, setup.config.keys.device, asked.name, recorded_slot(work, "new"));
      !fine)
    return fine;
  int opens = LuksDevice::any_slot;
  auto known = with_passphrase(
      globals, asker, "current " + std::string(passphrase_prompt), [&](Secret typed) -> Result<> {
        say(globals, "trying the passphrase; the key derivation takes a moment");
        const auto slot = luks.try_key(typed);
        if (!slot) return slot.error();
        opens = *slot;
        current = std::move(typed);
        return Ok{};
      });
  if (!known) return known;
  // An interrupted run's slot, with whatever was typed for it, goes; but not by the
  // hand of the one whose passphrase it is.
  if (opens == recorded_slot(work, "new") &&
      !is_another_slot(work, "new", opens, luks.slot_mark(opens))) {
    work.done = {"add", "prove"};
    return Ok{};
  }
  auto typed =
      ask_new_passphrase(globals, asker, "new passphrase of " + asked.name, asked.accept_weak);
  if (!typed) return typed.error();
  fresh = std::move(*typed);
  if (std::ranges::equal(fresh.reveal(), current.reveal()))
    return Error{Code::refused, "no passphrase was added", "it is the current one",
                 "run this again and type another one"};
  if (added_before(luks, work, fresh)) {
    work.done = {"add", "prove"};
    return Ok{};
  }
  if (auto gone = remove_half_made(luks, work, opens,
                                   removal_of_slot(setup, nullptr, recorded_slot(work, "new")));
      !gone)
    return gone;
  const auto slot = luks.free_slot();
  if (!slot) return slot.error();
  work.done.clear();
  work.values = {{"new", std::to_string(*slot)}};
  return Ok{};
}

int add(const Globals& globals, const Asked& asked, std::optional<int> descriptor) {
  if (auto fine = judge_passphrase_name(asked.name); !fine) return report_error(fine.error());
  const auto turn = begin_admin(globals, "add-passphrase", keys_work);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  auto work = work_on(globals, keys_work, "add-passphrase",
                      "latchkey add-passphrase " + shell_word(asked.name));
  if (!work) return report_error(work.error());
  auto header = AwakeHeader::of_keys(globals, *setup);
  if (!header) return report_error(header.error());
  LuksDevice& luks = header->luks();
  Secret current;
  Secret fresh;
  if (asked.halt != "list") {
    Asker asker(descriptor);
    header->give_way_to_unlocks(asker, globals, *setup);
    if (auto ready = prepare(globals, *setup, luks, *work, asker, asked, current, fresh); !ready)
      return report_error(ready.error());
  }
  const int slot = recorded_slot(*work, "new");
  const std::vector<WorkStep> steps{
      {"add", "adding the passphrase; the key derivation takes a moment",
       [&] {
         return note_added(luks.add_slot(current, fresh, passphrase_cost(), slot), *work, "new",
                           luks);
       }},
      {"prove", "trying it", [&] { return luks.try_slot(slot, fresh); }},
      {"name", "", [&] { return luks.name_slot(slot, asked.name); }},
      note_step(globals)};
  if (const int status = carry_out_and_tell(globals, *work, steps, asked.halt); status != 0)
    return status;
  header->rest(*setup);
  if (asked.halt == "list") return 0;
  say(globals, "the passphrase of '" + asked.name + "' opens the keys volume too (slot " +
                   std::to_string(slot) + "); to remove it: latchkey remove-passphrase " +
                   shell_word(asked.name));
  return 0;
}

}  // namespace

Run declare_add_passphrase(CLI::App& app, const Globals& globals) {
  const auto asked = std::make_shared<Asked>();
  app.add_option("name", asked->name, "whose it is, or what for")->required();
  const auto descriptor = declare_passphrase_fd(app);
  app.add_flag("--accept-weak", asked->accept_weak, "take a passphrase that could be guessed");
  const std::shared_ptr<std::string> halt(asked, &asked->halt);
  declare_halt(app, halt);
  return [asked, descriptor, &globals] { return add(globals, *asked, *descriptor); };
}

}  // namespace latchkey
