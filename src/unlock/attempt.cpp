// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/attempt.hpp"

#include <chrono>
#include <map>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/plan/plan_text.hpp"
#include "core/unlock/wire.hpp"
#include "sys/unlock/unlock.hpp"

namespace latchkey {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string encode(const VolumeReport& report) {
  return report.name + "\n" + (report.open ? "1" : "0") + "\n" + std::to_string(report.seconds) +
         "\n" + printable(report.problem, 1000) + "\n" + printable(report.hint, 1000);
}

// Passes on what the loop reports. The other side may be gone (a killed
// coordinator): then nobody hears it, and the unlock goes on all the same.
class Telling : public Reporter {
 public:
  explicit Telling(Channel& channel) : channel_(channel) {}

  void started(const Step& step) override {
    if (std::holds_alternative<OpenVolume>(step.action)) begun_[step.volume] = Clock::now();
    tell(progress_text(step.action));
  }
  void finished(const Step& step, const std::string&) override {
    if (std::holds_alternative<ReadKeys>(step.action)) channel_.send(attempt_says::keys_read);
    if (std::holds_alternative<OpenVolume>(step.action))
      volume({step.volume, true, seconds_since(begun_[step.volume]), "", ""});
    else
      tell(success_text(step.action));
  }
  void failed(const Step& step, const Error& error) override {
    if (!step.volume.empty())
      volume({step.volume, false, 0, sentence(error), error.hint});
    else if (std::holds_alternative<ActivateLvs>(step.action))
      tell(sentence(error));  // the volumes themselves tell whether they are missing
    else if (!cause_)
      cause_ = error;
  }
  void note(const std::string& text) override { tell(text); }

  void end(int status) {
    std::string text;
    if (cause_) text = sentence(*cause_) + (cause_->hint.empty() ? "" : "; " + cause_->hint);
    channel_.send(attempt_says::end, std::to_string(status) + "\n" + text);
  }
  void end(const Error& error) {
    cause_ = error;
    end(exit_status(error.code));
  }

 private:
  void tell(const std::string& text) {
    if (!text.empty()) channel_.send(attempt_says::text, text);
  }
  void volume(const VolumeReport& report) { channel_.send(attempt_says::volume, encode(report)); }

  Channel& channel_;
  std::map<std::string, Clock::time_point> begun_{};
  std::optional<Error> cause_{};
};

int attempt(Channel& channel, const Setup& setup, const Paths& paths) {
  auto passphrase = channel.receive_secret(typed_limit);
  if (!passphrase) return exit_status(Code::io);
  Telling telling(channel);
  const auto outcome =
      unlock_here(setup, paths, std::move(*passphrase), telling, [&] { channel = Channel(Fd()); });
  if (!outcome) {
    telling.end(outcome.error());
    return 0;
  }
  // Only the keys volume can call the passphrase wrong: a data volume that refuses its key
  // is no reason to ask again.
  const int denied = exit_status(Code::denied);
  const int status = outcome->status();
  telling.end(outcome->passphrase_denied ? denied
              : status == denied         ? exit_status(Code::partial)
                                         : status);
  return 0;
}

}  // namespace

Result<Worker> start_attempt(const Setup& setup, const Paths& paths, const Secret& passphrase) {
  auto worker = Worker::fork([&](Channel& channel) {
    close_other_descriptors(channel.fd());
    return attempt(channel, setup, paths);
  });
  if (worker) worker->channel().send_secret(passphrase);
  return worker;
}

AttemptEnd parse_attempt_end(const std::string& payload) {
  const std::size_t end = payload.find('\n');
  if (end == std::string::npos) return {exit_status(Code::io), ""};
  const auto status = parse_number(payload.substr(0, end), 255);
  return {static_cast<int>(status.value_or(exit_status(Code::io))), payload.substr(end + 1)};
}

VolumeReport parse_volume_report(const std::string& payload) {
  auto parts = split(payload, '\n');
  parts.resize(5);
  return {parts[0], parts[1] == "1", std::strtod(parts[2].c_str(), nullptr), parts[3], parts[4]};
}

}  // namespace latchkey
