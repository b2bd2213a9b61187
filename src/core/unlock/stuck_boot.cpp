// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/stuck_boot.hpp"

#include "core/base/text.hpp"

namespace latchkey {

bool works_alone(Word word) {
  return word == Word::log || word == Word::shell || word == Word::reboot ||
         word == Word::poweroff;
}

std::vector<std::string> words_alone(const DoorKey& key) {
  std::vector<std::string> mine;
  for (const Word word : key.words)
    if (works_alone(word)) mine.emplace_back(word_text(word));
  return mine;
}

std::vector<std::string> stuck_lines(const std::string& open, const DoorKey& key) {
  const std::vector<std::string> mine = words_alone(key);
  std::vector<std::string> lines{
      open + "; the unlock is over, and the boot has not reached the machine's own sshd",
      "it checks or mounts the root file system now, or is stuck: root= names no device that is "
      "there, or its file system has errors that need a person"};
  lines.push_back(mine.empty() ? "this key may say nothing that helps here"
                               : "this key may say: " + join(mine, ", "));
  if (!key.words.contains(Word::reboot) && !key.words.contains(Word::shell))
    lines.emplace_back(
        "reboot, poweroff and shell are for keys to which [ssh] grants in latchkey.conf(5) gave "
        "them; else the console or the provider's panel has to help");
  return lines;
}

}  // namespace latchkey
