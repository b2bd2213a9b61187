// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/units/queue_order.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "core/base/lists.hpp"

namespace latchkey {
namespace {

using Names = std::vector<std::string>;

bool is_mount(const std::string& name) {
  return name.ends_with(".mount") || name.ends_with(".automount");
}

bool contains(const Names& names, const std::string& one) {
  return !one.empty() && std::ranges::find(names, one) != names.end();
}

const UnitState& state_of(const UnitStates& states, const std::string& name) {
  static const UnitState none{};
  const auto found = states.find(name);
  return found == states.end() ? none : found->second;
}

// systemd names units by their own names, we perhaps by an alias.
bool comes_after(const UnitStates& states, const std::string& name, const std::string& other) {
  const Names& after = state_of(states, name).after;
  return contains(after, other) || contains(after, state_of(states, other).id);
}

// Each behind those that have to come before it; in a circle as they stood.
class Sorted {
 public:
  using Before = std::function<bool(const std::string& one, const std::string& other)>;

  Sorted(const Names& names, Before before) : before_(std::move(before)) {
    add_once(names_, names);
    for (const std::string& name : names_) visit(name);
  }
  [[nodiscard]] const Names& names() const { return out_; }

 private:
  void visit(const std::string& name) {
    if (!seen_.insert(name).second) return;
    for (const std::string& other : names_)
      if (!seen_.contains(other) && before_(other, name)) visit(other);
    out_.push_back(name);
  }

  Before before_;
  Names names_{};
  Names out_{};
  std::set<std::string> seen_{};
};

}  // namespace

std::vector<std::string> start_order(const std::vector<std::string>& names,
                                     const UnitStates& states) {
  Names base = names;
  std::stable_partition(base.begin(), base.end(), is_mount);
  return Sorted(base, [&](const std::string& one,
                          const std::string& other) { return comes_after(states, other, one); })
      .names();
}

std::vector<std::string> stop_order(const std::vector<std::string>& names,
                                    const UnitStates& states) {
  Names base = names;
  std::stable_partition(base.begin(), base.end(),
                        [](const std::string& name) { return !is_mount(name); });
  return Sorted(base,
                [&](const std::string& one, const std::string& other) {
                  const auto triggers = [&](const std::string& trigger, const std::string& unit) {
                    return contains(state_of(states, unit).triggered_by, trigger);
                  };
                  if (triggers(one, other)) return true;
                  return !triggers(other, one) && comes_after(states, one, other);
                })
      .names();
}

}  // namespace latchkey
