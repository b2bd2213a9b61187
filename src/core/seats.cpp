// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/seats.hpp"

#include <algorithm>
#include <map>

namespace latchkey {
namespace {

constexpr std::size_t most_strangers = 32;
constexpr std::chrono::seconds introduction{10};
constexpr std::chrono::seconds farewell{5};

}  // namespace

std::vector<Leaving> leaving(const std::vector<Seat>& seats, Seat::Time now) {
  std::vector<Leaving> out;
  std::size_t strangers = 0;
  std::map<std::string, std::size_t> sessions;
  for (auto seat = seats.rbegin(); seat != seats.rend(); ++seat) {
    if (seat->console) continue;
    if (!seat->account) {
      if (++strangers > most_strangers || now - seat->since > introduction)
        out.push_back({seat->id, ""});
    } else if (seat->ended) {
      if (now - *seat->ended > farewell) out.push_back({seat->id, ""});
    } else if (++sessions[*seat->account] > most_sessions_of_a_key) {
      out.push_back({seat->id, "this session is over: its key has " +
                                   std::to_string(most_sessions_of_a_key) + " newer ones"});
    }
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace latchkey
