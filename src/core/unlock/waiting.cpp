// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/waiting.hpp"

#include <algorithm>

#include "core/base/message.hpp"

namespace latchkey {
namespace {

constexpr std::chrono::minutes hands_off{5};

}  // namespace

std::string open_sentence(const Setup& setup, const Facts& facts) {
  std::size_t open = 0;
  for (const Volume& volume : setup.volumes) {
    const auto fact = facts.volumes.find(volume.name);
    if (fact != facts.volumes.end() && fact->second.open) ++open;
  }
  const std::string all = std::to_string(setup.volumes.size());
  const char* const noun = setup.volumes.size() == 1 ? " volume is open" : " volumes are open";
  if (open == setup.volumes.size()) return (open == 1 ? "the " : "all ") + all + noun;
  return std::to_string(open) + " of " + all + noun;
}

std::vector<std::string> waiting_lines(const Setup& setup, const Facts& facts, double seconds,
                                       unsigned wrong_answers) {
  std::vector<std::string> lines;
  lines.push_back("waiting for the passphrase since " + duration_text(seconds) + "; " +
                  open_sentence(setup, facts));
  if (!facts.keys.device)
    lines.push_back("the keys volume " + setup.config.keys.device.text() + " has not appeared yet");
  for (const Volume& volume : setup.volumes) {
    const auto fact = facts.volumes.find(volume.name);
    if (fact == facts.volumes.end() || !fact->second.device)
      lines.push_back("the device of '" + volume.name + "', " + volume.device.text() +
                      ", has not appeared yet");
  }
  if (wrong_answers > 0)
    lines.push_back(std::to_string(wrong_answers) + (wrong_answers == 1
                                                         ? " wrong passphrase so far"
                                                         : " wrong passphrases so far"));
  return lines;
}

const Volume* closed_and_needed(const Setup& setup, const Facts& facts) {
  for (const Volume& volume : setup.volumes) {
    if (!needed_by_boot(volume)) continue;
    const auto fact = facts.volumes.find(volume.name);
    if (fact == facts.volumes.end() || !fact->second.open) return &volume;
  }
  return nullptr;
}

std::optional<WaitTime> wait_ends(WaitTime since, std::chrono::seconds wait, const Hands& hands) {
  if (hands.answering) return {};
  WaitTime out = since + wait;
  for (const WaitTime sign : hands.signs) out = std::max(out, sign + hands_off);
  const WaitTime most = since + 3 * wait;
  if (hands.device_answering) return std::max(out, most);
  for (const WaitTime sign : hands.device_signs)
    out = std::max(out, std::min(sign + hands_off, most));
  return out;
}

AttemptPatience attempt_patience(const BootConfig& boot, std::size_t volumes) {
  constexpr std::chrono::seconds turn(90);         // for an earlier unlock to end
  constexpr std::chrono::seconds reading(60);      // devices, once they are there
  constexpr std::chrono::seconds derivation(600);  // of the passphrase, on a slow machine
  const auto finding = 2 * boot.device_timeout;    // the keys volume, then what lies on others
  const auto opening = static_cast<std::int64_t>(volumes) * boot.open_timeout;  // in turn, at worst
  return {boot.device_timeout + boot.open_timeout + std::chrono::seconds(60),
          turn + finding + reading + derivation + opening};
}

std::string need_text(const Volume& volume) {
  if (volume.mount_point.empty()) return "what the system lies on";
  return volume.mount_point == "/" ? "the root file system" : volume.mount_point;
}

}  // namespace latchkey
