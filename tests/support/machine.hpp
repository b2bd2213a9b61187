// SPDX-License-Identifier: GPL-3.0-or-later
// A guest of tools/vm, as the stories use it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/child.hpp"

namespace latchkey::test {

class Machine {
 public:
  /// Where a new guest is when a story gets it.
  enum class At { early, login };

  /// Makes a guest (a folder of its own under build/vm) and leaves it waiting in
  /// early boot, or at its login with a system that has done starting. `options` go
  /// to `tools/vm up`; the release comes from LATCHKEY_TEST_RELEASE (bookworm by
  /// default).
  Machine(const std::string& name, const std::vector<std::string>& options, At at = At::early);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  /// Ends the guest; keeps its serial log beside the test's when one failed.
  ~Machine();

  /// Runs a word over early ssh, with `input` piped; pinned host key.
  [[nodiscard]] Done early(const std::string& word, std::string_view input = {});
  /// The same with words more on ssh's own command line, in the background.
  [[nodiscard]] Child early_with(const std::vector<std::string>& words,
                                 const std::string& word = {});
  /// An early ssh session on a terminal.
  [[nodiscard]] Child early_terminal(const std::string& word = {});
  /// Runs a line in early boot's own shell, without its network: for guests whose image
  /// has vm/guest/inside.
  [[nodiscard]] Done inside(const std::string& line);
  /// The same, in the background: a moment that is waited for, and what happens then.
  [[nodiscard]] Child inside_later(const std::string& line);
  /// Runs a command on the machine's own system.
  [[nodiscard]] Done sh(const std::string& command, std::string_view input = {});
  /// The same on a terminal.
  [[nodiscard]] Child terminal(const std::string& command);
  /// Runs a command that must succeed; gives what it printed. Throws otherwise.
  std::string must(const std::string& command, std::string_view input = {});
  /// How many lines with `part` (all, for "") a command prints that must succeed: counted
  /// here, where a command that fails is not taken for one that prints nothing.
  [[nodiscard]] std::size_t count(const std::string& command, const std::string& part);
  /// The names of the volumes that are open, in the order of the alphabet.
  [[nodiscard]] std::vector<std::string> mappings();
  /// Waits until a command succeeds on the machine's own system.
  void until(const std::string& command, std::chrono::seconds deadline = std::chrono::seconds(90));

  /// Waits until systemd has done all that the boot asked of it, and nothing has failed.
  void until_started(std::chrono::seconds deadline = std::chrono::seconds(300)) {
    until(
        "state=$(systemctl is-system-running --wait); [ \"$state\" = running ] || { echo "
        "\"$state\"; systemctl list-jobs --no-pager; systemctl --failed --no-pager; false; }",
        deadline);
  }

  /// Waits until each of these units of systemd runs (`is-active` is content with one).
  void until_active(const std::string& units) {
    until("! systemctl is-active " + units + " | grep -qvx active");
  }

  /// The keys volume's: the one that tools/vm made it with, or that a story chose.
  [[nodiscard]] std::string passphrase();
  void choose_passphrase(const std::string& chosen) { passphrase_ = chosen; }
  /// All that the serial console showed so far, in stories before this one too.
  [[nodiscard]] std::string console();
  void type(const std::string& text);
  /// How often it showed `text` in the guest's own past: what it said since load(), and up to
  /// the save() of what was loaded. A boot or a reset cuts nothing off.
  [[nodiscard]] int shown(const std::string& text);
  /// Waits until shown() gives at least `count`. Throws at the deadline.
  void until_console(const std::string& text, int count = 1,
                     std::chrono::seconds deadline = std::chrono::seconds(90));

  void wait_early() { vm({"wait", name_, "early"}); }
  void wait_login() { vm({"wait", name_, "login"}); }
  /// After a boot of a guest that may or may not be set up by now: unlocks it if it
  /// waits for that, and returns at its login.
  void come_up();
  /// Waits for early boot or the login, whichever answers first; gives "early" or "login".
  [[nodiscard]] std::string wait_up();
  /// Pins the early host keys that the guest has by now, as `early` needs after
  /// `latchkey init`. A snapshot of another set-up needs it again.
  void trust_early() { vm({"trust", name_}); }
  void save(const std::string& tag);
  /// True when a snapshot of that name was saved by this program.
  [[nodiscard]] bool saved(const std::string& tag) const { return saved_.contains(tag); }
  /// Takes the guest back to the moment of a save(), and what it showed with it.
  void load(const std::string& tag);
  void power_off() { interrupt({"poweroff", name_}); }
  /// Its disks stay as they are at that moment.
  void pull_the_plug() { interrupt({"kill", name_}); }
  /// `options` go to `tools/vm start`.
  void start(const std::vector<std::string>& options = {}) {
    std::vector<std::string> words{"start", name_};
    words.insert(words.end(), options.begin(), options.end());
    vm(words);
  }
  /// Adds a disk, pulls one out or plugs it in again: see `tools/vm disk`.
  void disk(const std::string& action, const std::string& disk,
            const std::vector<std::string>& options = {}) {
    std::vector<std::string> words{"disk", name_, action, disk};
    words.insert(words.end(), options.begin(), options.end());
    vm(words);
  }
  void reset() { interrupt({"reset", name_}); }
  void reboot() { interrupt({"reboot", name_}); }
  std::string monitor(const std::string& request) { return vm({"monitor", name_, request}); }

  /// Unlocks over early ssh and waits for the machine's own login.
  void unlock_and_boot();

 private:
  // The words of sh(): one connection serves all commands, since setting one up costs an
  // emulated processor more than most commands do.
  [[nodiscard]] std::vector<std::string> login();
  void hang_up();
  // What stops the guest, or takes it to another moment, leaves nobody at the other end of
  // that connection: it is ended before.
  std::string interrupt(const std::vector<std::string>& arguments) {
    hang_up();
    return vm(arguments);
  }
  // Saves or loads a snapshot; gives where in the serial log that was.
  std::size_t snapshot(const std::string& action, const std::string& tag);
  std::string vm(const std::vector<std::string>& arguments);

  std::string name_;
  std::string passphrase_{};
  std::vector<std::string> login_{};  // empty until it is first needed
  std::string line_{};                // the socket of the connection
  // The serial log goes on when a snapshot is loaded: what of it is this guest's own past is
  // what it had shown when it was saved, and the log from `since_` on.
  std::string past_{};
  std::size_t since_ = 0;
  std::map<std::string, std::string> saved_{};  // the past of each snapshot
};

/// Polls until `ready` says true. Throws `what` at the deadline.
void wait_until(const std::function<bool()>& ready, const std::string& what,
                std::chrono::seconds deadline);

/// A file, whole.
[[nodiscard]] std::string text_of(const std::string& file);

/// True when `text` holds `part`.
[[nodiscard]] bool has(const std::string& text, const std::string& part);

}  // namespace latchkey::test
