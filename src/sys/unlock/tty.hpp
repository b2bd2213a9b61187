// SPDX-License-Identifier: GPL-3.0-or-later
// The person in front of a terminal: lines, a prompt that stays below them, and
// a passphrase that is never shown.
#pragma once

#include <termios.h>

#include <chrono>
#include <string>

#include "sys/base/secret.hpp"
#include "sys/process/blocked_signals.hpp"

namespace latchkey {

/// Has a terminal write on that was stopped by Ctrl-S, by a stray XOFF on a serial line, or by
/// Scroll Lock: whoever writes to it waits for ever else, the boot's own scripts among them.
void restart_output(int fd) noexcept;

class Tty {
 public:
  /// A console may be stopped by anybody's slip, with nobody there to start it again: it writes on
  /// whatever comes, also after this went, and is left as one that shows what is typed, also where
  /// it came without echo (a prompt on it that was killed leaves it so).
  enum class Kind { session, console };

  /// Takes the descriptors to read from and to write to. When the input is a
  /// terminal its echo is off until this goes.
  Tty(int in, int out, Kind kind = Kind::session);
  Tty(const Tty&) = delete;
  Tty& operator=(const Tty&) = delete;
  ~Tty();

  [[nodiscard]] bool interactive() const noexcept { return interactive_; }

  /// Makes the terminal what it was, for a program that takes our place, as a shell, and has
  /// it show what is typed: one that Dropbear made comes without echo. What was typed and not
  /// read is dropped.
  void show_typing() noexcept;

  /// Shows a line above the prompt.
  void line(const std::string& text);
  /// Shows a prompt and keeps it until clear_prompt.
  void prompt(const std::string& text);
  /// Draws the prompt again, after something else wrote on the screen.
  void redraw();
  void clear_prompt();

  /// Stops, as Ctrl-Z asks, with the terminal as it was, and draws the prompt again afterwards:
  /// the shell has the terminal show what is typed meanwhile, and leaves it so.
  void stop_for(const BlockedSignals& stop);

  /// Reads what is there (one line of a terminal) behind what `into` holds.
  /// Gives false at the end of the input.
  [[nodiscard]] bool read_into(Secret& into);

  /// The same where something is there within this time; false where nothing is.
  [[nodiscard]] bool read_within(Secret& into, std::chrono::milliseconds time);

  /// Asks a question with echo on and gives the line that is typed.
  [[nodiscard]] std::string question(const std::string& text);

 private:
  void give_back() noexcept;
  void echo(bool on) noexcept;
  void write(const std::string& text);

  int in_;
  int out_;
  Kind kind_;
  termios before_{};  // before interactive_, whose initialiser fills it
  bool interactive_;
  std::string prompt_{};
};

/// Asks for a line on the terminal `in`, without showing what is typed; it is read behind
/// what `into` holds. Gives false at the end of the input. A signal that ends the process,
/// as Ctrl-C does, ends it when the terminal is what it was; one that stops it, as Ctrl-Z does, has
/// it ask anew when it goes on.
[[nodiscard]] bool ask_unseen(int in, int out, const std::string& prompt, Secret& into);

/// Makes a virtual console show text and hear its keyboard, whatever a graphical program
/// that was killed left it in. Nothing is done to another kind of terminal.
void make_text_console(int fd) noexcept;

}  // namespace latchkey
