// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/link_maker.hpp"

#include <fcntl.h>
#include <net/if.h>

#include <cerrno>

#include "core/base/message.hpp"
#include "core/network/link_calls.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/process/process.hpp"
#include "unlock/early_network.hpp"

namespace latchkey {
namespace {

// Files of sysfs take a value as it is written, in one piece, or refuse it.
Result<> write_value(const std::string& path, const std::string& value) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (fd && write_all(fd.get(), value + "\n")) return Ok{};
  return system_error(errno, "cannot write '" + value + "' to '" + path + "'");
}

}  // namespace

bool LinkMaker::serve(const NetworkPlan& plan, const std::vector<LinkFacts>& links) {
  failed_ = false;
  const std::vector<std::string> made = made_links(paths_);
  for (const LinkStep& step : link_steps(plan, links, {made.begin(), made.end()})) {
    if (step.kind == LinkStep::Kind::create) create(step);
    if (step.kind == LinkStep::Kind::join) join(step);
    if (step.kind == LinkStep::Kind::raise)
      if (const auto raised = raise_link(paths_, step.member); !raised) tell(raised.error());
  }
  return failed_;
}

void LinkMaker::create(const LinkStep& step) {
  const std::string& name = step.made.name;
  std::vector<std::string> words = module_words(step.made.kind);
  words.insert(words.begin(), {"modprobe", "-q"});
  // Compiled in, or missing: what follows tells.
  if (!run(words, {.timeout = std::chrono::seconds(10)})) kmsg("cannot run modprobe");
  remember_made(paths_, name, true);
  const bool made = call(create_command(step.made, step.member));
  // Somebody else was quicker: then it is theirs.
  if (!made && ::if_nametoindex(name.c_str()) != 0) remember_made(paths_, name, false);
  if (made)
    kmsg("made the " + std::string(kind_text(step.made.kind)) + " '" + name + "' over '" +
         step.member.name + "'");
}

void LinkMaker::join(const LinkStep& step) {
  const bool bond = step.made.kind == VirtualLink::Kind::bond;
  if (bond && step.first) {
    remember_made(paths_, step.made.name, true);  // also one that the driver made by itself
    set_up_bond(step.made);
  }
  if (!step.member.up)
    remember_raised(paths_, step.member.name);  // a bond raises its members itself
  else if (bond && !raised_links(paths_).contains(step.member.name))
    remember_lowered(paths_, step.member.name);
  for (const Arguments& command : join_commands(step.made, step.member))
    if (!call(command)) return;
}

void LinkMaker::set_up_bond(const VirtualLink& bond) {
  call(lower_command(bond.name));
  // The driver made it without.
  if (const auto mac = parse_mac(bond.mac))
    call({"ip", "link", "set", "dev", bond.name, "address", *mac});
  const std::string directory = paths_.root + "/sys/class/net/" + bond.name + "/bonding/";
  for (const BondSetting& setting : bond.settings)
    if (const auto done = write_value(directory + setting.name, setting.value); !done) {
      // The bond carries without it, perhaps less well.
      Error error = done.error();
      error.hint = "the bond '" + bond.name + "' goes on without it";
      if (told_.insert(error.what).second)
        kmsg(sentence(error) + "; " + error.hint, Loudness::warning);
    }
}

bool LinkMaker::call(const Arguments& command) {
  const auto done = call_early(command, std::chrono::seconds(5));
  if (!done) tell(done.error());
  return bool(done);
}

void LinkMaker::tell(const Error& error) {
  failed_ = true;
  if (told_.insert(error.what + error.why).second) kmsg(sentence(error), Loudness::warning);
}

}  // namespace latchkey
