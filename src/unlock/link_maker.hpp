// SPDX-License-Identifier: GPL-3.0-or-later
// Makes the VLANs, bonds and bridges of the plan, as soon as what they lie on is
// there.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/network/link_steps.hpp"
#include "sys/config/setup.hpp"

namespace latchkey {

class LinkMaker {
 public:
  explicit LinkMaker(Paths paths) : paths_(std::move(paths)) {}

  /// Does what can be done now, each thing written down before. What failed is told
  /// once, and true returned: it is to be tried again after a while.
  [[nodiscard]] bool serve(const NetworkPlan& plan, const std::vector<LinkFacts>& links);

 private:
  void create(const LinkStep& step);
  void join(const LinkStep& step);
  void set_up_bond(const VirtualLink& bond);
  bool call(const Arguments& command);
  void tell(const Error& error);

  Paths paths_;
  bool failed_ = false;
  std::set<std::string> told_{};
};

}  // namespace latchkey
