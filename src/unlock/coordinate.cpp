// SPDX-License-Identifier: GPL-3.0-or-later
// Starts the coordinator: configuration, socket, leftovers.
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "core/base/message.hpp"
#include "core/ssh/door_keys.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/keys/unlock_turn.hpp"
#include "sys/process/oom.hpp"
#include "unlock/command.hpp"
#include "unlock/coordinator.hpp"
#include "unlock/socket.hpp"

namespace latchkey {
namespace {

int fail(const Error& error) {
  std::fputs(error_text("latchkey-unlock", error).c_str(), stderr);
  kmsg(sentence(error), Loudness::warning);
  return exit_status(error.code);
}

}  // namespace

int coordinate(const Paths& paths) {
  protect_process();
  spare_from_oom_killer();
  std::signal(SIGPIPE, SIG_IGN);
  auto setup = load_setup(paths);
  if (!setup) return fail(setup.error());
  // What a killed coordinator left is taken away before anything else.
  if (auto clean = clean_up_after_unlock(*setup, paths); !clean)
    kmsg(sentence(clean.error()), Loudness::warning);
  auto listener = listen_for_clients(paths);
  if (!listener) return fail(listener.error());
  Coordinator coordinator(std::move(*setup), paths,
                          parse_door_keys(text_or_empty(paths.etc("keys"))), std::move(*listener));
  coordinator.run();
  ::unlink(socket_path(paths).c_str());
  return 0;
}

}  // namespace latchkey
