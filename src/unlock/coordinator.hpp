// SPDX-License-Identifier: GPL-3.0-or-later
// The one process that unlocks. The console and every ssh session are its
// clients; it asks them all, tries one answer at a time, tells everyone what
// happens, and ends when the boot is to go on.
#pragma once

#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/ssh/door_keys.hpp"
#include "core/unlock/answers.hpp"
#include "core/unlock/report.hpp"
#include "core/unlock/waiting.hpp"
#include "core/unlock/wire.hpp"
#include "sys/config/setup.hpp"
#include "sys/process/worker.hpp"
#include "unlock/attempt.hpp"
#include "unlock/consoles.hpp"

namespace latchkey {

class Coordinator {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes the configuration, who may do what, and a listening SOCK_SEQPACKET
  /// socket.
  Coordinator(Setup setup, const Paths& paths, std::vector<DoorKey> keys, Fd listener);

  /// Serves until the boot is to go on; leaves the report behind.
  void run();

 private:
  struct Client {
    int id = 0;
    Fd fd{};
    std::optional<Hello> hello{};  // nothing until it has introduced itself
    Peer peer{};
    std::set<Word> words{};
    Secret answer{};
    Clock::time_point since{};
    std::optional<Clock::time_point> ended{};  // when it was told its result
    std::optional<Clock::time_point> sign{};   // of a person at its prompt
    unsigned failed = 0;                       // answers, since it came
    bool gone = false;
  };

  void poll_once();
  [[nodiscard]] int poll_timeout() const;
  void tick();
  void clear_seats();
  void accept_client();
  void listen_to(Client& client);
  void introduce(Client& client, std::string_view payload);
  void do_word(Client& client, Word word);
  void carry_on(Client& client);
  void restart_machine(Client& client, bool poweroff);
  void ask(Client& client);
  void send(Client& client, Wire type, std::string_view payload = {});
  void end(Client& client, int status, const std::string& text);
  void try_next();
  void hear_attempt();
  void volume_result(const VolumeReport& report);
  [[nodiscard]] bool attempt_is_alone() const;
  void give_up_attempt();
  void attempt_ended(const AttemptEnd& attempt);
  void tell_all(const std::string& text);
  void log(const std::string& text);
  // `result` is the report's; empty: there is none.
  void finish(const std::string& result, const Peer& peer, int status, const std::string& text);
  void let_clients_go();
  [[nodiscard]] std::vector<std::string> status_lines() const;
  [[nodiscard]] Hands hands() const;
  [[nodiscard]] static bool may_be_a_device(const Client& client);  // on a console: see waiting.hpp
  Client* client(int id);

  Setup setup_;
  Paths paths_;
  std::vector<DoorKey> keys_;
  Fd listener_;
  Consoles consoles_;
  std::list<Client> clients_{};
  Answers answers_{};
  std::optional<Worker> attempt_{};
  Clock::time_point attempt_since_{};
  int attempt_by_ = 0;
  Peer attempt_peer_{};
  bool keys_were_read_ = false;
  std::map<std::string, VolumeReport> results_{};
  std::vector<WrongAnswers> wrong_by_{};
  std::deque<std::string> log_{};
  Clock::time_point began_ = Clock::now();
  Clock::time_point waiting_since_ = began_;  // what [boot] wait counts from
  int next_id_ = 1;
  bool done_ = false;
};

}  // namespace latchkey
