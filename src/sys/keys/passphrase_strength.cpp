// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/passphrase_strength.hpp"

#include <sys/mman.h>
#include <zxcvbn.h>

#include <cstdlib>

#include "core/unlock/wire.hpp"
#include "sys/process/worker.hpp"

namespace latchkey {

// libzxcvbn reads the passphrase where it lies, but keeps a reversed copy of it on
// its heap while it looks for words spelled backwards, and single characters on its
// stack. That happens in a process of its own, all of whose memory is locked, and
// which ends with it.
Result<double> passphrase_bits(const Secret& passphrase) {
  auto worker = Worker::fork([](Channel& channel) {
    (void)::mlockall(MCL_CURRENT | MCL_FUTURE);
    auto typed = channel.receive_secret(passphrase_limit + 1);
    if (!typed) return 1;
    Secret text(typed->size() + 1);
    const char nul = '\0';
    if (!text.append(typed->reveal()) || !text.append({&nul, 1})) return 1;
    ZxcMatch_t* parts = nullptr;
    const double bits = ZxcvbnMatch(text.reveal().data(), nullptr, &parts);
    ZxcvbnFreeInfo(parts);
    return channel.send('B', std::to_string(bits)) ? 0 : 1;
  });
  if (!worker) return worker.error();
  const Error broken{Code::io, "cannot judge the passphrase", "the estimate did not come", ""};
  if (!worker->channel().send_secret(passphrase)) return broken;
  const auto answer = worker->channel().receive();
  if (!answer || answer->type != 'B') return broken;
  return std::strtod(answer->payload.c_str(), nullptr);
}

}  // namespace latchkey
