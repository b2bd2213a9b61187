// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey remove-passphrase: one passphrase of the keys volume opens it no more.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "core/base/text.hpp"
#include "core/luks/luks_slots.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/slots.hpp"
#include "sys/config/state.hpp"
#include "sys/config/unfinished.hpp"

namespace latchkey {
namespace {

struct Asked {
  std::string name{};
  int slot = LuksDevice::any_slot;
};

std::vector<std::string> list_of(const LuksDevice& luks) {
  const auto names = luks.slot_names();
  std::vector<std::string> lines;
  for (const SlotCost& slot : luks.header().slots) {
    const auto name = names.find(slot.slot);
    lines.push_back("slot " + std::to_string(slot.slot) + "  " +
                    (name == names.end() ? "(no name)" : name->second));
  }
  return lines;
}

// The slot that is to go. Fails when it is not clear, not there, or the last.
Result<int> choose(const LuksDevice& luks, const Asked& asked) {
  const bool by_name = !asked.name.empty();
  const std::string what =
      "cannot remove the passphrase " +
      (by_name ? "'" + printable(asked.name) + "'" : "of slot " + std::to_string(asked.slot));
  std::vector<int> found;
  if (by_name) {
    for (const auto& [slot, name] : luks.slot_names())
      if (name == asked.name && (asked.slot == LuksDevice::any_slot || asked.slot == slot))
        found.push_back(slot);
  } else if (luks.has_slot(asked.slot)) {
    found.push_back(asked.slot);
  }
  const std::string look = "to see which there are: latchkey remove-passphrase";
  if (found.empty()) return Error{Code::missing, what, "there is none", look};
  if (found.size() > 1)
    return Error{Code::usage, what, "several slots have this name", "say which one by --slot"};
  if (luks.header().slots.size() < 2)
    return Error{Code::refused, what,
                 "it is the last one: nothing would open the keys volume any more",
                 "add another one first: latchkey add-passphrase NAME"};
  return found.front();
}

struct Proof {
  int stays = LuksDevice::any_slot;  // the slot that is opened by what was typed
  bool twice = false;                // it opens the one that is to go as well
  std::string untried{};             // why it was not tried there
};

// Whoever removes one must be able to open the volume afterwards.
Result<Proof> prove_another(const LuksDevice& luks, const Secret& typed, int victim) {
  Proof proof;
  std::optional<Error> scarce;
  for (const SlotCost& slot : luks.header().slots) {
    if (slot.slot == victim) continue;
    const auto opened = luks.try_slot(slot.slot, typed);
    if (opened) {
      proof.stays = slot.slot;
      break;
    }
    if (opened.error().code == Code::memory)
      scarce = opened.error();
    else if (opened.error().code != Code::denied)
      return opened.error();
  }
  const auto opens_victim = luks.try_slot(victim, typed);
  proof.twice = static_cast<bool>(opens_victim);
  if (!opens_victim && opens_victim.error().code == Code::memory)
    proof.untried = opens_victim.error().why;
  if (proof.stays != LuksDevice::any_slot) return proof;
  // Not `denied`: no other form of it is to be tried then.
  if (proof.twice)
    return Error{Code::refused, "nothing was removed", "this is the passphrase that is to go",
                 "type one that stays"};
  if (scarce)
    return Error{Code::memory, "nothing was removed",
                 "no other key slot accepts this passphrase, and one was not tried: " + scarce->why,
                 scarce->hint};
  return Error{Code::denied, "nothing was removed", "no key slot accepts this passphrase",
               "try again"};
}

int remove(const Globals& globals, const Asked& asked, std::optional<int> descriptor) {
  const auto turn = begin_admin(globals, "remove-passphrase");
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  auto header = AwakeHeader::of_keys(globals, *setup);
  if (!header) return report_error(header.error());
  LuksDevice& luks = header->luks();
  if (asked.name.empty() && asked.slot == LuksDevice::any_slot) {
    for (const std::string& line : list_of(luks)) print(line + "\n");
    header->rest(*setup);
    return 0;
  }
  // Half-made slots are counted and named by the command that made them.
  const auto pending = load_unfinished(globals.paths, keys_work);
  if (!pending) return report_error(pending.error());
  if (*pending) {
    Error error = describe_unfinished(**pending);
    error.code = Code::refused;
    return report_error(error);
  }
  const auto victim = choose(luks, asked);
  if (!victim) return report_error(victim.error());
  const std::string text = slot_text(luks.slot_names(), *victim);
  Asker asker(descriptor);
  header->give_way_to_unlocks(asker, globals, *setup);
  Proof proof;
  const auto proved =
      with_passphrase(globals, asker, "a passphrase of the keys volume that stays",
                      [&](const Secret& typed) -> Result<> {
                        say(globals, "trying the passphrase; the key derivation takes a moment");
                        const auto found = prove_another(luks, typed, *victim);
                        if (!found) return found.error();
                        proof = *found;
                        return Ok{};
                      });
  if (!proved) return report_error(proved.error());
  // Noted first: a backup that is taken for out of date without need does no harm.
  if (auto noted = note_new_key(globals.paths); !noted) return report_error(noted.error());
  if (auto removed = luks.remove_slot(*victim); !removed) return report_error(removed.error());
  const std::string stays = slot_text(luks.slot_names(), proof.stays);
  header->rest(*setup);
  // The passphrase itself is not known here, so only of what was typed it can be told.
  if (!proof.twice)
    say(globals, "the passphrase " + text +
                     " is removed; it opens the keys volume no more, unless somebody gave the "
                     "same one to another key slot");
  if (!proof.untried.empty())
    say(globals, "whether it was the one that you typed was not tried: " + proof.untried);
  say(globals, old_copies_text);
  if (proof.twice)
    return report_error({Code::partial,
                         "the passphrase that was in " + text + " still opens the keys volume",
                         "it is the one that you typed, and is in " + stays + " too",
                         "to remove that one as well, with another passphrase: latchkey "
                         "remove-passphrase --slot " +
                             std::to_string(proof.stays)});
  return 0;
}

}  // namespace

Run declare_remove_passphrase(CLI::App& app, const Globals& globals) {
  const auto asked = std::make_shared<Asked>();
  app.add_option("name", asked->name, "its name; without name and slot all are listed");
  app.add_option("--slot", asked->slot, "its slot, when it has no name")
      ->type_name("N")
      ->check(CLI::Range(0, 31));
  const auto descriptor = declare_passphrase_fd(app);
  return [asked, descriptor, &globals] { return remove(globals, *asked, *descriptor); };
}

}  // namespace latchkey
