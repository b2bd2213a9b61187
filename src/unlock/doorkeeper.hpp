// SPDX-License-Identifier: GPL-3.0-or-later
// The worker of `door`: network and Dropbear as long as it lives.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/config/config.hpp"
#include "core/network/network.hpp"
#include "core/unlock/retry_wait.hpp"
#include "sys/config/setup.hpp"
#include "sys/network/link.hpp"
#include "unlock/child.hpp"
#include "unlock/gateway_search.hpp"
#include "unlock/link_maker.hpp"

namespace latchkey {

class Doorkeeper {
 public:
  /// Reads the configuration. A broken one is told and replaced by what can be
  /// had: nobody is to be locked out by it.
  explicit Doorkeeper(const Paths& paths);

  /// Works until SIGTERM; gives 0 then, another status when it cannot go on and
  /// is to be started again.
  int run();

 private:
  using Clock = std::chrono::steady_clock;

  // What is being done with one link.
  struct Served {
    std::string name{};
    std::optional<Child> dhcp{};
    bool up = false;
    bool carrier = false;
    std::optional<Clock::time_point> raise_again{};  // one that refuses keeps no other waiting
    RetryWait raise_wait{};
  };

  void read_config();
  void serve_links();
  void serve_link(const LinkFacts& link, const LinkPlan& plan);
  void serve_dhcp(const LinkFacts& link, const LinkPlan& plan, Served& served);
  // `able` are those of the candidates that may hold them by now.
  void hold_addresses(std::size_t index, const std::vector<LinkFacts>& candidates,
                      const std::vector<LinkFacts>& able, const std::set<int>& changed);
  // Those of them on which the gateway answered; all, where it did on none, or need not be asked.
  [[nodiscard]] std::vector<LinkFacts> where_heard(std::size_t index,
                                                   const std::vector<LinkFacts>& able);
  void apply(const LinkPlan& plan, const LinkFacts& link);
  void be_patient(const std::vector<LinkFacts>& links, bool early);
  void announce_addresses();
  void greet_neighbours(const std::vector<LinkAddress>& addresses);
  void tell(const LinkFacts& link, const Error& error);
  [[nodiscard]] int wait_time() const;

  Paths paths_;
  SshConfig ssh_{};
  NetworkPlan plan_{};
  LinkMaker maker_;
  std::optional<Child> dropbear_{};
  std::map<int, Served> served_{};
  std::map<std::size_t, int> holders_{};  // plan → index of the link
  std::map<std::size_t, GatewaySearch> searches_{};  // the same
  std::set<int> changed_{};               // links whose setup is to be given again
  std::set<std::string> announced_{};
  std::vector<LinkAddress> greeted_{};  // what the neighbours were told, while it is so
  std::vector<Child> greetings_{};
  std::map<int, std::string> told_{};  // link → what failed last
  Clock::time_point begin_ = Clock::now();
  std::optional<Clock::time_point> early_since_{};
  std::optional<Clock::time_point> retry_{};
  std::optional<Clock::time_point> make_again_{};
  RetryWait retry_wait_{};
  RetryWait make_wait_{};
  bool widened_ = false;
};

}  // namespace latchkey
