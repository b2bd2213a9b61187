// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/gateway_search.hpp"

#include <iterator>
#include <string>

namespace latchkey {
namespace {

constexpr std::chrono::seconds pause{10};

// As one who is about to take the gateway's address (RFC 5227), which needs none of its own and
// leaves no trace with the neighbours: whoever has it objects, and the status is 1.
constexpr int objected = 1;

Child ask(const std::string& link, const Address& gateway) {
  return Child(
      busybox_words({"arping", "-q", "-D", "-c", "3", "-w", "4", "-I", link, gateway.text()}));
}

}  // namespace

const std::set<int>& GatewaySearch::serve(std::span<const LinkFacts> links,
                                          const Address& gateway) {
  std::map<int, std::string> able;
  for (const LinkFacts& link : links)
    if (link.carrier) able.emplace(link.index, link.name);
  std::erase_if(heard_, [&](int index) { return !able.contains(index); });
  for (auto at = asking_.begin(); at != asking_.end();) {
    Child& child = at->second;
    const bool ended = child.ended();
    if (ended && child.status() == objected && able.contains(at->first)) heard_.insert(at->first);
    at = ended ? asking_.erase(at) : std::next(at);
  }
  if (heard_.empty() && asking_.empty() && Clock::now() >= next_) {
    next_ = Clock::now() + pause;
    for (const auto& [index, name] : able)
      asking_.emplace(index, ask(name, gateway)).first->second.keep();
  }
  return heard_;
}

std::optional<GatewaySearch::Clock::time_point> GatewaySearch::due() const {
  if (!heard_.empty() || !asking_.empty()) return {};
  return next_;
}

}  // namespace latchkey
