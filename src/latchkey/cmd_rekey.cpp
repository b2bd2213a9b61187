// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey rekey: after it, no passphrase, copy of the keys volume or key of before opens
// the volumes by their headers of now.
#include <CLI/CLI.hpp>
#include <memory>

#include "core/keys/rekey_work.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/keys/rekeyer.hpp"
#include "sys/config/unfinished.hpp"

namespace latchkey {
namespace {

// What it stored would be copied, and become the volume's key when it is finished later.
Result<> no_key_is_half_given(const Globals& globals, const Setup& setup) {
  const auto all = list_unfinished(globals.paths);
  const Unfinished* const work = work_with_key(all, setup.volumes);
  if (work == nullptr) return Ok{};
  Error error = describe_unfinished(*work);
  error.code = Code::refused;
  error.why += "; a key that it may have stored would live on in the new keys volume";
  error.hint += "; then run: latchkey rekey";
  return error;
}

int rekey(const Globals& globals, std::optional<int> descriptor, bool accept_weak,
          const std::string& halt) {
  const auto turn = begin_admin(globals, "rekey", keys_work);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  auto work = work_on(globals, keys_work, "rekey", "latchkey rekey",
                      "until then the old passphrase works, or already the new one");
  if (!work) return report_error(work.error());
  if (auto clear = no_key_is_half_given(globals, *setup); !clear)
    return report_error(clear.error());
  Rekeyer rekeyer(globals, *setup, std::move(*work));
  if (halt != "list") {
    Asker asker(descriptor);
    if (auto ready = rekeyer.prepare(asker, accept_weak); !ready)
      return report_error(ready.error());
  }
  if (const int status = carry_out_and_tell(globals, rekeyer.work(), rekeyer.steps(), halt);
      status != 0)
    return status;
  if (halt == "list") return 0;
  say(globals,
      "every volume has a new key, on the new keys volume " + rekeyer.new_lv().text() +
          ", which one passphrase opens: add those of other administrators by 'latchkey "
          "add-passphrase NAME', and print a new recovery key of it by 'latchkey recovery-key "
          "keys'");
  for (const std::string& line : rekeyer.other_slots())
    say(globals, "what else opens it stays as it was, " + line);
  say(globals, old_copies_text);
  say(globals,
      "when somebody leaves: take that ssh key out of '" + globals.paths.etc("authorized_keys") +
          "'; who was root here has early boot's host keys, too, and could pose as it: remove '" +
          globals.paths.etc("hostkeys") +
          "'; then run: update-initramfs -u -k all; and give everybody the new host keys");
  return 0;
}

}  // namespace

Run declare_rekey(CLI::App& app, const Globals& globals) {
  const auto weak = std::make_shared<bool>(false);
  const auto halt = std::make_shared<std::string>();
  const auto descriptor = declare_passphrase_fd(app);
  app.add_flag("--accept-weak", *weak, "take a new passphrase that could be guessed");
  declare_halt(app, halt);
  return [=, &globals] { return rekey(globals, *descriptor, *weak, *halt); };
}

}  // namespace latchkey
