// SPDX-License-Identifier: GPL-3.0-or-later
// latchkey rotate-key: a new random key for a data volume. At every moment what is
// in its key file opens it.
#include <CLI/CLI.hpp>
#include <memory>

#include "core/base/text.hpp"
#include "core/keys/rekey_work.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "latchkey/image/rebuild.hpp"
#include "latchkey/keys/slots.hpp"
#include "sys/luks/key_slots.hpp"
#include "sys/luks/luks_copies.hpp"
#include "sys/luks/random_key.hpp"

namespace latchkey {
namespace {

class KeyRotation {
 public:
  KeyRotation(const Globals& globals, const Setup& setup, const Volume& volume, Unfinished& work)
      : globals_(globals),
        setup_(setup),
        volume_(volume),
        work_(work),
        next_file_(volume.key_file + ".new") {}

  // Opens the keys volume and the header, and sees how far an interrupted run came.
  Result<> prepare(Asker& asker) {
    const std::string what = "cannot rotate the key of '" + volume_.name + "'";
    if (auto own = has_own_key_file(setup_, volume_, what); !own) return own;
    if (auto own = leads_to_its_own_header(volume_, what); !own) return own;
    if (auto stands = stands_for_good(volume_.device, what, "'" + volume_.name + "'"); !stands)
      return stands;
    auto keys = KeysSession::open(globals_, setup_, asker, KeysAccess::write);
    if (!keys) return keys.error();
    keys_ = std::move(*keys);
    auto header = AwakeHeader::of_volume(setup_, volume_);
    if (!header) return header.error();
    header_ = std::move(*header);
    auto key = keys_->keys().read(volume_.key_file);
    if (!key) return key.error();
    current_ = std::move(*key);
    const auto opens = slot_of_key_file(luks(), volume_, current_, what);
    if (!opens) return opens.error();
    return find_where_to_go_on(*opens);
  }

  std::vector<WorkStep> steps() {
    std::vector<WorkStep> steps{{"store", "drawing a new key and storing it on the keys volume",
                                 [this] { return store(); }},
                                {"add", "adding its key slot", [this] { return add(); }},
                                {"prove", "", [this] { return prove(next_file_); }}};
    // Early boot opens the volume by the image's copy of such a header, which must know the new
    // slot before its key takes the place of the old one: both are in it until the end.
    if (header_in_file(volume_))
      steps.push_back({"image", "", [this] { return bring_images_up_to_date(globals_); }});
    steps.push_back(
        {"rename", "", [this] { return keys_->keys().rename(next_file_, volume_.key_file); }});
    steps.push_back({"remove", "removing the old key's slot", [this] { return remove(); }});
    // And forget the old one once it is gone.
    if (header_in_file(volume_))
      steps.push_back({"header-copy", "", [this] { return bring_images_up_to_date(globals_); }});
    steps.push_back(note_step(globals_));
    return steps;
  }

  Result<> close() { return keys_->close(); }

 private:
  LuksDevice& luks() { return header_->luks(); }
  int fresh_slot() const { return recorded_slot(work_, "new"); }

  // A drawn key that was stored is a file like any other when it is read again, and
  // gets no cheap slot any more: so a run that did not come to its slot draws anew.
  Result<> find_where_to_go_on(int opens) {
    const int fresh = fresh_slot();
    if (fresh != LuksDevice::any_slot && luks().has_slot(fresh)) {
      if (opens == fresh) {
        work_.done = {"store", "add", "prove", "rename"};
        return Ok{};
      }
      const auto stored = keys_->keys().read(next_file_);
      if (stored && luks().try_slot(fresh, *stored)) {
        work_.done = {"store", "add", "prove"};
        return Ok{};
      }
      if (auto gone =
              remove_half_made(luks(), work_, opens, removal_of_slot(setup_, &volume_, fresh));
          !gone)
        return gone;
    }
    const auto slot = luks().free_slot();
    if (!slot) return slot.error();
    // All of them: the same key may sit in several.
    const auto old = opened_slots(setup_, &volume_, luks(), current_);
    if (!old) return old.error();
    work_.done.clear();
    work_.values = {{"old", text_of_slots(*old)}, {"new", std::to_string(*slot)}};
    mark_slots(work_, "old", luks());
    return Ok{};
  }

  Result<> store() {
    auto drawn = RandomKey::draw();
    if (!drawn) return drawn.error();
    drawn_ = std::move(*drawn);
    return keys_->keys().write(next_file_, drawn_->secret());
  }

  Result<> add() {
    return note_added(luks().add_slot(current_, *drawn_, fresh_slot()), work_, "new", luks());
  }

  // By what is on the keys volume, not by what is in memory.
  Result<> prove(const std::string& file) {
    const auto stored = keys_->keys().read(file);
    if (!stored) return stored.error();
    return luks().try_slot(fresh_slot(), *stored);
  }

  Result<> remove() {
    if (auto proved = prove(volume_.key_file); !proved) return proved;
    const auto stored = keys_->keys().read(volume_.key_file);
    if (!stored) return stored.error();
    return remove_replaced_slots(luks(), unchanged_slots(work_, "old", luks()), *stored);
  }

  const Globals& globals_;
  const Setup& setup_;
  const Volume& volume_;
  Unfinished& work_;
  std::string next_file_;
  std::optional<KeysSession> keys_{};
  std::optional<AwakeHeader> header_{};
  std::optional<RandomKey> drawn_{};
  Secret current_{};
};

int rotate(const Globals& globals, const std::string& name, std::optional<int> descriptor,
           const std::string& halt) {
  const auto turn = begin_admin(globals, "rotate-key", name);
  if (!turn) return report_error(turn.error());
  const auto setup = load_setup(globals.paths);
  if (!setup) return report_error(setup.error());
  const auto volume = the_volume(*setup, name);
  if (!volume) return report_error(volume.error());
  auto work = work_on(globals, name, "rotate-key", "latchkey rotate-key " + name);
  if (!work) return report_error(work.error());
  KeyRotation rotation(globals, *setup, **volume, *work);
  if (halt != "list") {
    Asker asker(descriptor);
    if (auto ready = rotation.prepare(asker); !ready) return report_error(ready.error());
  }
  if (const int status = carry_out_and_tell(globals, *work, rotation.steps(), halt); status != 0)
    return status;
  if (halt == "list") return 0;
  if (auto closed = rotation.close(); !closed) return report_error(closed.error());
  say(globals, "'" + name + "' has a new key; the old one opens it no more, its other slots stay");
  say(globals, old_copies_text);
  return 0;
}

}  // namespace

Run declare_rotate_key(CLI::App& app, const Globals& globals) {
  const auto name = std::make_shared<std::string>();
  const auto halt = std::make_shared<std::string>();
  app.add_option("name", *name, "the volume")->required();
  const auto descriptor = declare_passphrase_fd(app);
  declare_halt(app, halt);
  return [=, &globals] { return rotate(globals, *name, *descriptor, *halt); };
}

}  // namespace latchkey
