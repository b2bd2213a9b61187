// SPDX-License-Identifier: GPL-3.0-or-later
// A client of the coordinator: an ssh session or a console. It shows what it is
// told and passes the passphrase on; it decides nothing.
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/ssh/door_keys.hpp"
#include "core/unlock/typed_line.hpp"
#include "sys/base/clock.hpp"
#include "sys/keys/passphrase.hpp"
#include "sys/process/oom.hpp"
#include "sys/process/privileges.hpp"
#include "sys/process/worker.hpp"
#include "sys/unlock/piped.hpp"
#include "sys/unlock/tty.hpp"
#include "unlock/alone.hpp"
#include "unlock/command.hpp"
#include "unlock/socket.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{60};            // for a coordinator to come (back)
constexpr std::chrono::seconds alone_after{3};          // when the unlock is over as well
constexpr std::chrono::milliseconds screen_quiet{300};  // before a prompt is drawn again
constexpr std::chrono::seconds ends_apart{1};           // two Ctrl-D of a person
constexpr std::chrono::seconds question_time{30};       // then the passphrase is asked again

class Session {
 public:
  Session(const Paths& paths, const Hello& hello, const DoorKey& key, int in, int out,
          Fd kernel_log)
      : paths_(paths),
        hello_(hello),
        key_(key),
        in_(in),
        terminal_(in, out, hello.console ? Tty::Kind::console : Tty::Kind::session),
        kernel_log_(std::move(kernel_log)),
        typed_(typed_limit + 1) {}  // one more than is taken: so that too much is told

  int run() {
    while (!status_) {
      if (socket_ || connect()) wait();
    }
    return *status_;
  }

 private:
  bool connect() {
    const auto began = Clock::now();
    bool told = false;
    while (true) {
      auto socket = connect_to_coordinator(paths_);
      if (socket) {
        socket_ = std::move(*socket);
        question_ends_at_.reset();
        send(Wire::hello, encode_hello(hello_));
        return true;
      }
      // One that died is started again within that time; one that did its work is not.
      if (!hello_.console && Clock::now() - began > alone_after && unlock_is_over(paths_)) {
        go_on_alone();
        return false;
      }
      if (Clock::now() - began > patience) {
        terminal_.line(error_text("latchkey-unlock",
                                  {Code::timeout, "cannot reach the unlocker",
                                   "early boot has not come to it yet, or the boot has gone on",
                                   "try again in a minute, or: ssh to the machine's own sshd"}));
        status_ = exit_status(Code::timeout);
        return false;
      }
      if (!told) terminal_.line("waiting for the unlocker");
      told = true;
      ::poll(nullptr, 0, 200);
    }
  }

  void go_on_alone() {
    terminal_.clear_prompt();
    if (hello_.word == Word::shell && key_.words.contains(Word::shell))
      become_shell();
    else
      status_ = act_alone(paths_, key_, hello_.word, terminal_);
  }

  void send(Wire type, std::span<const char> payload) {
    if (!send_packet(socket_.get(), static_cast<char>(type), payload)) socket_.reset();
  }

  void wait() {
    std::array<pollfd, 3> watched{{{socket_.get(), POLLIN, 0},
                                   {asked_ && !input_over_ ? in_ : -1, POLLIN, 0},
                                   {kernel_log_.get(), POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), milliseconds_to_the_next());
    if ((watched[2].revents & POLLIN) != 0) drain_kernel_log();
    if (redraw_at_ && Clock::now() >= *redraw_at_) {
      redraw_at_.reset();
      terminal_.redraw();
    }
    if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) listen();
    if (status_ || !socket_) return;
    if (terminal_.interactive() && (watched[1].revents & (POLLHUP | POLLERR)) != 0)
      return hung_up();
    if ((watched[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_input();
    if (pipe_ends_at_ && Clock::now() >= *pipe_ends_at_) input_ended();
    if (question_ends_at_ && Clock::now() >= *question_ends_at_) ask_again("nobody said yes");
    if (hint_at_ && Clock::now() >= *hint_at_) tell_how_to_type();
  }

  // Until the first of what is to be done at a certain time; -1: there is none.
  [[nodiscard]] int milliseconds_to_the_next() const {
    std::optional<Clock::time_point> next;
    for (const auto& at : {redraw_at_, pipe_ends_at_, question_ends_at_, hint_at_})
      if (at && (!next || *at < *next)) next = at;
    return next ? poll_ms(*next) : -1;
  }

  // Kernel messages land in the middle of the prompt: it is drawn again once
  // they have stopped.
  void drain_kernel_log() {
    std::array<char, 1024> record{};
    while (::read(kernel_log_.get(), record.data(), record.size()) > 0 || errno == EPIPE) {
    }
    redraw_at_ = Clock::now() + screen_quiet;
  }

  void listen() {
    std::string packet(wire_limit, '\0');
    const ssize_t got = ::recv(socket_.get(), packet.data(), packet.size(), 0);
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) {
      socket_.reset();
      asked_ = false;
      terminal_.clear_prompt();
      // Who waits for the passphrase's result waits for the next coordinator. Another word's
      // answer would only begin anew; one that never began is asked for once more.
      if (hello_.word != Word::unlock && (heard_ || cut_off_)) {
        terminal_.line(
            error_text("latchkey-unlock",
                       {Code::io, "cannot show the whole answer",
                        "the unlocker ended, or hung up, in the middle of it", "try again"}));
        status_ = exit_status(Code::io);
      }
      cut_off_ = true;
      return;
    }
    heard_ = true;
    const std::string text = printable(std::string_view(packet).substr(1, static_cast<std::size_t>(got) - 1), 2000);
    switch (static_cast<Wire>(packet[0])) {
      case Wire::say: terminal_.line(text); break;
      case Wire::ask: asked(text); break;
      case Wire::wrong: wrong(packet[1], text.substr(1)); break;
      case Wire::shell: become_shell(); break;
      case Wire::end:
        terminal_.clear_prompt();
        if (text.size() > 1) terminal_.line(text.substr(1));
        status_ = static_cast<unsigned char>(packet[1]);
        break;
      default: break;
    }
  }

  void asked(const std::string& prompt) {
    asked_ = true;
    question_ends_at_.reset();
    if (terminal_.interactive()) {
      terminal_.prompt(prompt);
    } else if (input_over_) {
      answer();  // asked again by a new coordinator
    } else if (typed_.empty() && !hinted_) {
      hint_at_ = Clock::now() + pipe_patience;
    }
  }

  // `ssh host unlock` has no terminal here: whoever types sees no prompt, and at home the
  // passphrase.
  void tell_how_to_type() {
    hint_at_.reset();
    hinted_ = true;
    (void)write_all(STDERR_FILENO,
                    "latchkey-unlock: reads the passphrase from standard input; to type it "
                    "unseen: ssh -t HOST unlock\n");
  }

  void wrong(char status, const std::string& text) {
    terminal_.line(text);
    if (!terminal_.interactive()) status_ = static_cast<unsigned char>(status);
  }

  void read_input() {
    pipe_ends_at_.reset();
    hint_at_.reset();
    const bool came = terminal_.read_into(typed_);
    if (!came && hello_.console && ended_again()) return hung_up();
    if (question_ends_at_) {
      question_answered();
    } else if (terminal_.interactive()) {
      if (came)
        answer();
      else
        offer_to_carry_on();
    } else if (!came || typed_.room().empty()) {
      input_ended();
    } else {
      // `ssh -T` and a person who types, or a program that keeps the pipe open: no end of the
      // input will ever come.
      pipe_ends_at_ = Clock::now() + (typed_.reveal().back() == '\n' ? pipe_quiet : pipe_still);
    }
  }

  // A terminal that is gone says at once, and again for each look, that the input has ended:
  // the questions about that would take a processor from the key derivation. The keeper of the
  // consoles opens it anew a second later; a person with two slips of Ctrl-D is asked again.
  void hung_up() {
    terminal_.clear_prompt();
    status_ = exit_status(Code::io);
  }

  bool ended_again() {
    const auto before = std::exchange(ended_at_, Clock::now());
    return before && *ended_at_ - *before < ends_apart;
  }

  void input_ended() {
    pipe_ends_at_.reset();
    input_over_ = true;
    if (typed_.empty()) {
      terminal_.line("latchkey-unlock: error: no passphrase came: standard input is empty");
      status_ = exit_status(Code::usage);
      return;
    }
    answer();
  }

  void answer() {
    asked_ = false;
    const auto bytes = typed_.reveal();
    // All that was piped is one answer: the unlock tries what of it may be the passphrase.
    const auto passphrase =
        bytes.first(terminal_.interactive() ? without_line_end(bytes) : bytes.size());
    terminal_.clear_prompt();
    if (terminal_.interactive() && nothing_meant(passphrase)) {
      terminal_.line("type the passphrase, or Ctrl-D to boot on without the data");
      typed_.clear();
      asked(passphrase_prompt);
      return;
    }
    send(Wire::passphrase, passphrase);
    // A pipe's bytes are kept for the next coordinator; what a person typed is not.
    if (terminal_.interactive()) typed_.clear();
  }

  // A Ctrl-D may have been a slip, and what is typed next, however late, a passphrase: the
  // question shows and keeps nothing either, and does not stay.
  void offer_to_carry_on() {
    std::vector<std::string> others;
    for (const Word word : other_words()) others.emplace_back(word_text(word));
    if (!others.empty()) terminal_.line("a word may be typed here as well: " + join(others, ", "));
    question_ends_at_ = Clock::now() + question_time;
    terminal_.prompt("boot on without the data? type yes");
  }

  // What can be said here: many clients of phones cannot send a word when they log in. A shell
  // is none of them: this session has given its capabilities away.
  [[nodiscard]] std::set<Word> other_words() const {
    std::set<Word> out = hello_.console ? default_words() : key_.words;
    for (const Word word : {Word::unlock, Word::carry_on, Word::shell}) out.erase(word);
    return out;
  }

  // As if it had come with the log-in.
  void say(Word word) {
    question_ends_at_.reset();
    terminal_.clear_prompt();
    asked_ = false;
    hello_.word = word;
    socket_.reset();
  }

  // What is left of a pasted text, or noise on a serial line, is no answer.
  [[nodiscard]] static bool nothing_meant(std::span<const char> line) {
    Secret copy(line.size());
    return !copy.append(line) || taken_back(copy).empty();
  }

  void question_answered() {
    const Secret meant = taken_back(typed_);
    const auto bytes = meant.reveal();
    const std::string_view answer = trim(std::string_view(bytes.data(), bytes.size()));
    const bool yes = answer == "yes";
    const auto word = parse_word(answer);
    typed_.clear();
    if (word && other_words().contains(*word)) return say(*word);
    if (!yes) return ask_again("that was not yes");
    question_ends_at_.reset();
    terminal_.clear_prompt();
    send(Wire::carry_on, {});
  }

  void ask_again(const std::string& why) {
    terminal_.clear_prompt();
    terminal_.line(why + ": waiting for the passphrase");
    asked(passphrase_prompt);
  }

  // What a person starts there is neither to outlive the memory's end nor to find signals
  // and a terminal as the door and this session had them.
  void become_shell() {
    terminal_.clear_prompt();
    terminal_.show_typing();
    be_usual_for_oom_killer();
    std::signal(SIGPIPE, SIG_DFL);
    const char* const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=linux", nullptr};
    const char* const argv[] = {"sh", nullptr};
    ::execve("/bin/sh", const_cast<char* const*>(argv), const_cast<char* const*>(environment));
    terminal_.line("latchkey-unlock: error: cannot start /bin/sh: " +
                   std::string(std::strerror(errno)));
    status_ = exit_status(Code::io);
  }

  const Paths& paths_;
  Hello hello_;
  const DoorKey& key_;
  int in_;
  Tty terminal_;
  Fd kernel_log_;
  Secret typed_;
  Fd socket_{};
  bool heard_ = false;
  bool cut_off_ = false;
  bool asked_ = false;
  bool input_over_ = false;
  std::optional<Clock::time_point> redraw_at_{};
  std::optional<Clock::time_point> pipe_ends_at_{};
  std::optional<Clock::time_point> question_ends_at_{};  // set: it is the question that is asked
  std::optional<Clock::time_point> hint_at_{};
  bool hinted_ = false;
  std::optional<Clock::time_point> ended_at_{};
  std::optional<int> status_{};
};

}  // namespace

int client(const Paths& paths, const Hello& hello) {
  protect_process();
  const DoorKey key = door_key(parse_door_keys(text_or_empty(paths.etc("keys"))), hello.key);
  // It carries words between a terminal and the coordinator. A granted shell is root's, and
  // without a coordinator it is the session itself that restarts the machine, also when the
  // word is typed later.
  if (hello.word != Word::shell || !key.words.contains(Word::shell))
    keep_capabilities(may_restart(key) ? capability(CAP_SYS_BOOT) : 0);
  std::signal(SIGPIPE, SIG_IGN);
  return Session(paths, hello, key, 0, 1, Fd()).run();
}

int console(const Paths& paths, const char* terminal) {
  protect_process();
  std::signal(SIGPIPE, SIG_IGN);
  const Fd fd(::open(terminal, O_RDWR | O_CLOEXEC));
  if (!fd) return exit_status(Code::missing);
  make_text_console(fd.get());  // a plymouthd that hangs is killed, and cleans up nothing
  // Ctrl-C at the console is no reason to lose the prompt.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGQUIT, SIG_IGN);
  std::signal(SIGTSTP, SIG_IGN);
  Fd kernel_log(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (kernel_log) ::lseek(kernel_log.get(), 0, SEEK_END);
  const Hello hello{.console = true};
  const DoorKey nobody;
  return Session(paths, hello, nobody, fd.get(), fd.get(), std::move(kernel_log)).run();
}

}  // namespace latchkey
