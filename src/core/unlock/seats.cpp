// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/seats.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "core/network/address.hpp"

namespace latchkey {
namespace {

constexpr std::size_t most_strangers = 32;
constexpr std::chrono::seconds introduction{10};
constexpr std::chrono::seconds farewell{5};

// An address; of IPv6 the /64, since every machine has all addresses of its own.
std::string network_of(const std::string& address) {
  const auto known = parse_address(address);
  if (!known || !known->v6) return address;
  return Subnet{*known, 64}.network().text();
}

// Takes one key's sessions, oldest first; adds those that have to give way.
void leave_excess(std::vector<const Seat*> sessions, std::vector<Leaving>& out) {
  std::map<std::string, std::size_t> held;
  for (const Seat* seat : sessions) ++held[network_of(seat->address)];
  while (sessions.size() > most_sessions_of_a_key) {
    // The first of equals: the oldest. The newest has had no time yet to send its answer, and
    // would never come in while all others wait for one.
    const auto gone =
        std::max_element(sessions.begin(), sessions.end() - 1, [&](const Seat* a, const Seat* b) {
          const auto rank = [&](const Seat* seat) {
            return std::tuple(held[network_of(seat->address)], !seat->answering);
          };
          return rank(a) < rank(b);
        });
    --held[network_of((*gone)->address)];
    out.push_back({(*gone)->id, "this session is over: its key has " +
                                    std::to_string(most_sessions_of_a_key) + " others"});
    sessions.erase(gone);
  }
}

}  // namespace

std::vector<Leaving> leaving(const std::vector<Seat>& seats, Seat::Time now) {
  std::vector<Leaving> out;
  std::size_t strangers = 0;
  std::map<std::string, std::vector<const Seat*>> sessions;
  for (auto seat = seats.rbegin(); seat != seats.rend(); ++seat) {
    if (seat->console) continue;
    if (!seat->account) {
      if (++strangers > most_strangers || now - seat->since > introduction)
        out.push_back({seat->id, ""});
    } else if (seat->ended) {
      if (now - *seat->ended > farewell) out.push_back({seat->id, ""});
    } else {
      sessions[*seat->account].push_back(&*seat);
    }
  }
  std::ranges::reverse(out);
  for (auto& [account, all] : sessions) {
    std::ranges::reverse(all);
    leave_excess(std::move(all), out);
  }
  return out;
}

}  // namespace latchkey
