// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey remove-passphrase: one passphrase of the keys volume opens it no more.
#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "core/message.hpp"
#include "core/text.hpp"
#include "latchkey/admin.hpp"
#include "latchkey/slots.hpp"
#include "latchkey/terminal.hpp"
#include "sys/state.hpp"
#include "sys/unfinished.hpp"

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

// Whoever removes one must be able to open the volume afterwards.
Result<> prove_another(const LuksDevice& luks, const Secret& typed, int victim) {
  for (const SlotCost& slot : luks.header().slots) {
    if (slot.slot == victim) continue;
    const auto opened = luks.try_slot(slot.slot, typed);
    if (opened || opened.error().code != Code::denied) return opened;
  }
  if (luks.try_slot(victim, typed))
    return Error{Code::denied, "nothing was removed", "this is the passphrase that is to go",
                 "type one that stays"};
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
  const auto proved = with_passphrase(
      globals, asker, "a passphrase of the keys volume that stays", [&](const Secret& typed) {
        say(globals, "trying the passphrase; the key derivation takes a moment");
        return prove_another(luks, typed, *victim);
      });
  if (!proved) return report_error(proved.error());
  // Noted first: a backup that is taken for out of date without need does no harm.
  if (auto noted = note_new_key(globals.paths); !noted) return report_error(noted.error());
  if (auto removed = luks.remove_slot(*victim); !removed) return report_error(removed.error());
  header->rest(*setup);
  say(globals, "the passphrase " + text + " opens the keys volume no more");
  say(globals, old_copies_text);
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
