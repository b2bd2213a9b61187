// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/coordinator.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/plan/plan.hpp"
#include "core/unlock/waiting.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/storage/probe.hpp"

namespace latchkey {
namespace {

constexpr std::size_t most_log_lines = 500;
constexpr std::chrono::seconds look_interval{2};

double seconds_since(Coordinator::Clock::time_point start) {
  return std::chrono::duration<double>(Coordinator::Clock::now() - start).count();
}

}  // namespace

Coordinator::Coordinator(Setup setup, const Paths& paths, std::vector<DoorKey> keys, Fd listener)
    : setup_(std::move(setup)),
      paths_(paths),
      keys_(std::move(keys)),
      listener_(std::move(listener)),
      consoles_(active_consoles()) {}

void Coordinator::run() {
  if (setup_.volumes.empty()) {
    finish("", Peer{}, 0, "no volume is configured yet; the boot goes on");
    return;
  }
  log(std::to_string(setup_.volumes.size()) + " volumes wait for their passphrase");
  tick();
  while (!done_) poll_once();
}

// --- waiting ---------------------------------------------------------------

int Coordinator::poll_timeout() const {
  auto until = Clock::now() + look_interval;
  if (!attempt_)
    if (const auto wake = answers_.wake()) until = std::min(until, *wake);
  return poll_ms(until);
}

void Coordinator::poll_once() {
  std::vector<pollfd> watched;
  watched.push_back({listener_.get(), POLLIN, 0});
  watched.push_back({attempt_ ? attempt_->channel().fd() : -1, POLLIN, 0});
  std::vector<Client*> order;
  for (Client& c : clients_) {
    watched.push_back({c.fd.get(), POLLIN, 0});
    order.push_back(&c);
  }
  consoles_.watch(watched);
  ::poll(watched.data(), watched.size(), poll_timeout());

  constexpr short something = POLLIN | POLLHUP | POLLERR;
  if ((watched[1].revents & something) != 0) hear_attempt();
  for (std::size_t i = 0; i < order.size() && !done_; ++i)
    if ((watched[i + 2].revents & something) != 0 && !order[i]->gone) listen_to(*order[i]);
  if (!done_ && (watched[0].revents & POLLIN) != 0) accept_client();
  if (!done_) tick();
}

// What is due without anybody saying something.
void Coordinator::tick() {
  clear_seats();
  consoles_.keep_running();
  if (attempt_ && Clock::now() - attempt_since_ >=
                      attempt_patience(setup_.config.boot, setup_.volumes.size()).whole)
    give_up_attempt();
  if (done_ || attempt_is_alone()) return;
  // Somebody else may have opened them: an attempt that outlived an earlier
  // coordinator, or a person in a rescue shell.
  const Facts facts = probe_volumes(setup_);
  if (!unlock_needed(setup_, facts)) {
    finish("unlocked", attempt_ ? attempt_peer_ : Peer{}, 0,
           "all volumes are open; the boot goes on");
    return;
  }
  const auto& boot = setup_.config.boot;
  const auto ends = boot.wait ? wait_ends(waiting_since_, *boot.wait, hands()) : std::nullopt;
  if (ends && Clock::now() >= *ends) {
    log("nobody answered within " + duration_text(static_cast<double>(boot.wait->count())));
    if (boot.then != Then::carry_on) {
      Client nobody;
      restart_machine(nobody, boot.then == Then::poweroff);
    }
    if (const Volume* const needed = closed_and_needed(setup_, facts)) {
      waiting_since_ = Clock::now();
      log("without " + need_text(*needed) + " the boot cannot go on: waiting again");
      return;
    }
    finish("timeout", Peer{}, exit_status(Code::timeout),
           "nobody answered in time; the boot goes on without the data");
    return;
  }
  if (!attempt_) try_next();
}

// One that hangs keeps no person from going on without it; `[boot] wait` acts when it has
// been given up.
bool Coordinator::attempt_is_alone() const {
  return attempt_ && Clock::now() - attempt_since_ <
                         attempt_patience(setup_.config.boot, setup_.volumes.size()).alone;
}

Hands Coordinator::hands() const {
  Hands out;
  bool of_a_device = false;  // the attempt; of somebody who is gone by now it is a person's
  for (const Client& c : clients_) {
    if (c.gone) continue;
    const bool tried = attempt_ && attempt_by_ == c.id;
    const bool device = may_be_a_device(c);
    of_a_device = of_a_device || (tried && device);
    bool& answering = device ? out.device_answering : out.answering;
    answering = answering || tried || answers_.waits(c.id);
    if (!c.ended && c.sign) (device ? out.device_signs : out.signs).push_back(*c.sign);
  }
  out.answering = out.answering || (attempt_ && !of_a_device);
  return out;
}

bool Coordinator::may_be_a_device(const Client& client) {
  return client.hello && client.hello->console && client.failed >= failed_answers_of_a_device;
}

// --- the unlock ------------------------------------------------------------

void Coordinator::try_next() {
  const auto id = answers_.next(Clock::now());
  if (!id) return;
  Client* const from = client(*id);
  if (from == nullptr) return;
  attempt_by_ = *id;
  attempt_peer_ = from->peer;
  attempt_since_ = Clock::now();
  keys_were_read_ = false;
  auto worker = start_attempt(setup_, paths_, from->answer);
  from->answer = Secret();
  if (worker)
    attempt_.emplace(std::move(*worker));
  else
    attempt_ended({exit_status(worker.error().code), sentence(worker.error())});
}

void Coordinator::hear_attempt() {
  const auto message = attempt_->channel().receive();
  if (!message) {
    attempt_.reset();
    attempt_ended({exit_status(Code::io), "the unlock process ended early; try again"});
    return;
  }
  if (message->type == attempt_says::text) tell_all(message->payload);
  if (message->type == attempt_says::keys_read) keys_were_read_ = true;
  if (message->type == attempt_says::volume) volume_result(parse_volume_report(message->payload));
  if (message->type == attempt_says::end) {
    const AttemptEnd attempt = parse_attempt_end(message->payload);
    // It has only to exit: waiting for that here means that none of its workers
    // is alive when udev goes away.
    (void)attempt_->reap_within(std::chrono::seconds(5));
    attempt_.reset();
    attempt_ended(attempt);
  }
}

void Coordinator::give_up_attempt() {
  attempt_->end();
  attempt_.reset();
  attempt_ended({exit_status(Code::timeout),
                 "the unlock took longer than " + duration_text(seconds_since(attempt_since_)) +
                     " and was given up; does every disk answer? try again, or see: log, dmesg"});
}

void Coordinator::volume_result(const VolumeReport& report) {
  results_[report.name] = report;
  if (report.open) {
    tell_all("'" + report.name + "' is open (" + duration_text(report.seconds) + ")");
    return;
  }
  tell_all(report.problem);
  if (!report.hint.empty()) tell_all("  hint: " + report.hint);
}

void Coordinator::attempt_ended(const AttemptEnd& attempt) {
  // With the keys read, what can be opened is open: the boot goes on, and the
  // exit status says whether something is missing.
  const Facts facts = probe_volumes(setup_);
  const Volume* const needed = closed_and_needed(setup_, facts);
  if ((keys_were_read_ || attempt.status == 0) && needed == nullptr) {
    finish("unlocked", attempt_peer_, attempt.status,
           "unlocked by " + attempt_peer_.text() + ": " + open_sentence(setup_, facts) +
               "; the boot goes on");
    return;
  }
  Client* const from = client(attempt_by_);
  std::string text = attempt.text;
  if (keys_were_read_ && needed != nullptr) {
    text = "'" + needed->name + "' is not open: without " + need_text(*needed) +
           " the boot cannot go on";
    log(text);
  } else if (attempt.status == exit_status(Code::denied)) {
    const auto delay = answers_.wrong(attempt_peer_.account(), Clock::now());
    text =
        "wrong passphrase; the next answer is taken after " + std::to_string(delay.count()) + " s";
    count_wrong(wrong_by_, attempt_peer_);
    log("a wrong passphrase from " + attempt_peer_.text());
  } else {
    log(text);
  }
  if (from == nullptr) return;
  ++from->failed;
  send(*from, Wire::wrong, status_byte(attempt.status, text));
  ask(*from);
}

// --- telling ---------------------------------------------------------------

void Coordinator::log(const std::string& text) {
  const std::string line = "[" + duration_text(seconds_since(began_)) + "] " + printable(text, 850);
  log_.push_back(line);
  if (log_.size() > most_log_lines) log_.pop_front();
  kmsg(text, Loudness::detail);  // the consoles have it from their clients
}

void Coordinator::tell_all(const std::string& text) {
  log(text);
  for (Client& c : clients_)
    if (c.hello && c.hello->word == Word::unlock) send(c, Wire::say, text);
}

std::vector<std::string> Coordinator::status_lines() const {
  return waiting_lines(setup_, probe_volumes(setup_), seconds_since(began_),
                       answers_.wrong_total());
}

void Coordinator::finish(const std::string& result, const Peer& peer, int status,
                         const std::string& text) {
  BootReport report{.result = result,
                    .peer = peer,
                    .time = std::time(nullptr),
                    .waited = seconds_since(began_),
                    .wrong_answers = answers_.wrong_total(),
                    .wrong_by = wrong_by_,
                    .uptime = uptime()};
  for (const Volume& volume : setup_.volumes)
    if (const auto found = results_.find(volume.name); found != results_.end())
      report.volumes.push_back(found->second);
  // Without a result nothing has happened that anybody would want to be told.
  if (!result.empty())
    if (auto written = write_file(paths_.run("boot.json"), to_json(report) + "\n", 0600); !written)
      log(sentence(written.error()));
  log(text);
  std::string lines;
  for (const std::string& line : log_) lines += line + "\n";
  if (auto written = write_file(paths_.run("early.log"), lines, 0600); !written)
    kmsg(sentence(written.error()), Loudness::warning);
  for (Client& c : clients_)
    if (c.hello) end(c, status, text);
  let_clients_go();
  if (attempt_) attempt_->end();  // it hangs, and the boot does not wait for it
  attempt_.reset();
  done_ = true;
}

// The last word is to reach people before the door is closed behind us: waits
// until every client has hung up, at most a second.
void Coordinator::let_clients_go() {
  const auto deadline = Clock::now() + std::chrono::seconds(1);
  for (Client& c : clients_) {
    while (!c.gone && Clock::now() < deadline) {
      pollfd watched{c.fd.get(), POLLIN, 0};
      std::array<char, 64> rest{};
      if (::poll(&watched, 1, poll_ms(deadline)) > 0 &&
          ::recv(c.fd.get(), rest.data(), rest.size(), 0) <= 0)
        c.gone = true;
    }
  }
  consoles_.wait_until(deadline);
}

}  // namespace latchkey
