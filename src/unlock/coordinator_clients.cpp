// SPDX-License-Identifier: GPL-3.0-or-later
// The coordinator's side of each connection: who it is, what it may say, when it has to go.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/unlock/seats.hpp"
#include "core/unlock/waiting.hpp"
#include "sys/base/peer.hpp"
#include "sys/process/restart.hpp"
#include "sys/storage/probe.hpp"
#include "unlock/coordinator.hpp"

namespace latchkey {

void Coordinator::clear_seats() {
  std::vector<Seat> seats;
  for (const Client& c : clients_) {
    if (c.gone) continue;
    Seat seat{.id = c.id, .since = c.since, .ended = c.ended};
    if (c.hello) seat.account = c.peer.account();
    seat.console = c.hello && c.hello->console;
    seat.address = c.peer.address;
    seat.answering = answers_.waits(c.id) || (attempt_ && attempt_by_ == c.id);
    seats.push_back(std::move(seat));
  }
  for (const Leaving& one : leaving(seats, Clock::now())) {
    Client* const from = client(one.id);
    if (from == nullptr) continue;
    if (!one.why.empty()) end(*from, exit_status(Code::busy), one.why);
    from->gone = true;
  }
  for (const Client& c : clients_)
    if (c.gone) answers_.drop(c.id);
  clients_.remove_if([](const Client& c) { return c.gone; });
}

Coordinator::Client* Coordinator::client(int id) {
  const auto found = std::ranges::find(clients_, id, &Client::id);
  return found == clients_.end() || found->gone ? nullptr : &*found;
}

void Coordinator::accept_client() {
  Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd || !peer_is_same_user(fd.get())) return;
  // The whole log at once, in packets of up to a KiB each, to who is still about to read.
  make_room(fd.get(), 2 * 1024 * 1024);
  Client c;
  c.id = next_id_++;
  c.fd = std::move(fd);
  c.since = Clock::now();
  clients_.push_back(std::move(c));
}

void Coordinator::send(Client& client, Wire type, std::string_view payload) {
  if (client.gone || !client.fd) return;
  // A client that does not read is dropped rather than waited for.
  if (!send_packet(client.fd.get(), static_cast<char>(type), payload.substr(0, wire_limit - 1)))
    client.gone = true;
}

void Coordinator::end(Client& client, int status, const std::string& text) {
  send(client, Wire::end, status_byte(status, text));
  client.hello->word = Word::status;  // whatever it was: it waits for nothing any more
  if (!client.ended) client.ended = Clock::now();
}

void Coordinator::ask(Client& client) { send(client, Wire::ask, passphrase_prompt); }

void Coordinator::listen_to(Client& client) {
  // The type byte and the passphrase behind it: all of it only in locked memory.
  Secret packet(wire_limit);
  const ssize_t got = ::recv(client.fd.get(), packet.room().data(), packet.room().size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    client.gone = true;
    return;
  }
  packet.grow(static_cast<std::size_t>(got));
  const auto bytes = packet.reveal();
  const auto type = static_cast<Wire>(bytes[0]);
  const auto payload = bytes.subspan(1);
  if (!client.hello) {
    if (type == Wire::hello)
      introduce(client, std::string_view(payload.data(), payload.size()));
    else
      client.gone = true;
    return;
  }
  if (type == Wire::carry_on) carry_on(client);
  if (type != Wire::passphrase || client.hello->word != Word::unlock) return;
  client.answer = Secret(typed_limit);  // a piped one has the end of its line
  if (!client.answer.append(payload)) {
    const Error error = too_long_error();
    send(client, Wire::wrong, status_byte(exit_status(error.code), sentence(error)));
    ask(client);
    return;
  }
  client.sign = Clock::now();
  answers_.offer(client.id, client.hello->console, client.peer.account());
  if (attempt_) send(client, Wire::say, "another answer is being tried; yours is next");
}

void Coordinator::introduce(Client& client, std::string_view payload) {
  const auto hello = parse_hello(payload);
  if (!hello) {
    client.gone = true;
    return;
  }
  client.hello = *hello;
  if (hello->console) {
    client.peer.kind = "console";
    client.words = default_words();
  } else {
    const DoorKey key = door_key(keys_, hello->key);
    client.peer = {"ssh", hello->key, key.fingerprint, key.comment, hello->address};
    client.words = key.words;
    log(client.peer.text() + " came in and says '" + std::string(word_text(hello->word)) + "'");
  }
  do_word(client, hello->word);
}

void Coordinator::do_word(Client& client, Word word) {
  if (!client.words.contains(word)) {
    end(client, exit_status(Code::refused), not_granted(word));
    return;
  }
  switch (word) {
    case Word::unlock:
      // The coordinator starts a console itself; whoever logs in is a person.
      if (!client.hello->console) client.sign = Clock::now();
      for (const std::string& line : status_lines()) send(client, Wire::say, line);
      if (attempt_)
        send(client, Wire::say, "an answer of " + attempt_peer_.text() + " is being tried");
      ask(client);
      break;
    case Word::status:
      for (const std::string& line : status_lines()) send(client, Wire::say, line);
      end(client, exit_status(Code::partial), "");
      break;
    case Word::log:
      for (const std::string& line : log_) send(client, Wire::say, line);
      end(client, 0, "");
      break;
    case Word::carry_on:
      carry_on(client);
      break;
    case Word::reboot:
      restart_machine(client, false);
      break;
    case Word::poweroff:
      restart_machine(client, true);
      break;
    case Word::shell:
      log(client.peer.text() + " gets a shell");
      send(client, Wire::shell);
      break;
  }
}

void Coordinator::carry_on(Client& client) {
  if (!client.words.contains(Word::carry_on)) return;
  if (attempt_is_alone()) {
    send(client, Wire::say, "volumes are being opened; wait for the result");
    end(client, exit_status(Code::busy), "not done: an unlock is under way");
    return;
  }
  if (const Volume* const needed = closed_and_needed(setup_, probe_volumes(setup_))) {
    end(client, exit_status(Code::refused),
        "not done: " + need_text(*needed) + " is the volume '" + needed->name +
            "', which is closed: give the passphrase, or start the provider's rescue system; "
            "see latchkey-recovery(7)");
    return;
  }
  finish("continued", client.peer, 0,
         "the boot goes on without the data, told by " + client.peer.text() +
             "; unlock later with: release-services");
}

void Coordinator::restart_machine(Client& client, bool poweroff) {
  if (attempt_is_alone()) {
    end(client, exit_status(Code::busy), "not done: an unlock is under way");
    return;
  }
  log(std::string(poweroff ? "powering off" : "rebooting") +
      (client.hello ? ", told by " + client.peer.text() : ""));
  if (client.hello) end(client, 0, poweroff ? "powering off" : "rebooting");
  let_clients_go();
  log(sentence(restart_now(poweroff)));  // it comes back only to say why not
}

}  // namespace latchkey
