// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/early_network.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/network/link_calls.hpp"
#include "core/network/link_steps.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/network/link.hpp"
#include "sys/network/network_user.hpp"
#include "sys/process/process.hpp"

namespace latchkey {
namespace {

// Each line is one write, so that no writer cuts another's.
void append(const std::string& path, const std::string& line) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd || !write_all(fd.get(), line + "\n"))
    kmsg("cannot write '" + path + "'; the link will keep what it is given", Loudness::warning);
}

// Leases of months must fit, and be read again.
constexpr std::size_t longest_ledger = 16UL << 20;

// Only one at a time writes the ledger, so that none of its lines is lost to one that takes
// others out of it. Freed when this goes.
Fd take_ledger(const Paths& paths) {
  Fd fd(::open(early_path(paths, "added.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
               0600));
  while (fd && ::flock(fd.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  return fd;
}

void append_line(const std::string& path, const std::string& line) {
  const auto text = read_file(path, longest_ledger);
  const auto lines = text ? split_lines(*text) : std::vector<std::string_view>{};
  if (std::ranges::find(lines, line) == lines.end()) append(path, line);
}

std::set<std::string> links_of(const std::string& path) {
  std::set<std::string> out;
  const auto text = read_file(path);
  if (!text) return out;
  for (const std::string_view line : split_lines(*text))
    if (valid_link_name(line)) out.emplace(line);
  return out;
}

bool has(const std::vector<LinkAddress>& addresses, const std::string& link, const Subnet& subnet) {
  return std::ranges::find(addresses, LinkAddress{link, subnet}) != addresses.end();
}

std::vector<LinkEntry> ledger(const Paths& paths) {
  const auto text = read_file(early_path(paths, "added"), longest_ledger);
  if (!text && text.error().code != Code::missing)
    kmsg(sentence(text.error()) + "; links may keep what early boot gave them", Loudness::warning);
  return text ? parse_ledger(*text) : std::vector<LinkEntry>{};
}

// Calls of ip that may hang before no more is made. Not a time for all: on a machine
// that stalls, that would be over before anything was brought back. Each call after one
// that hung gets twice its time: 14 s in all, of the 30 that whoever calls us waits.
constexpr int most_hanging = 3;
constexpr std::chrono::seconds call_bound{2};

// The way back of all links, one after the other, and what did not work.
class Restorer {
 public:
  explicit Restorer(const Paths& paths) : paths_(paths) {}

  /// One call for a link, if it is there.
  void call_for(const std::string& link, const Arguments& command) {
    if (begin(link)) call_ip(command);
  }

  /// Takes back what was given to a link, or all that it has and the link itself down.
  void restore(const LinkEntry& entry, bool lower) {
    if (!begin(entry.link)) return;
    if (lower) {
      call_ip(flush_command(entry.link));
      call_ip(lower_command(entry.link));  // takes the routes along
    } else {
      const auto present = read_addresses();
      LinkSetup ours = entry.setup;
      std::erase_if(ours.addresses, [&](const Subnet& a) { return !has(present, entry.link, a); });
      for (const Arguments& command : undo_commands(ours, entry.link, entry.metric))
        call_ip(command);
    }
    if (entry.setup.mtu && read_mtu(paths_.root, entry.link) != *entry.setup.mtu)
      for (const Arguments& command : link_commands({.mtu = entry.setup.mtu}, entry.link, 0))
        call_ip(command);
  }

  /// Takes the rules back that were made for a link, also for one that is gone. What fails is
  /// not there, or ends the calls for the link itself as well.
  void drop_rules(const LinkEntry& entry) {
    for (const RuledAddress& one : entry.ruled)
      for (const Arguments& command : undo_way_commands(std::span(&one.address, 1), one.metric))
        (void)attempt(command);
  }

  /// The links that are not as they were, each with its first problem; empty for none.
  [[nodiscard]] const std::string& left() const { return left_; }

 private:
  bool begin(const std::string& link) {
    link_ = link;
    failed_ = false;
    return ::if_nametoindex(link.c_str()) != 0;
  }

  Result<std::string> attempt(const Arguments& command) {
    Result<std::string> done = Error{Code::timeout, "too many calls of ip did not end", "", ""};
    // Once more after one that hung: all of them may be repeated, and what a machine that
    // stalled for a moment leaves out would be found by the real network.
    while (hanging_ < most_hanging) {
      done = call_early(command, call_bound * (1 << hanging_));
      if (done || done.error().code != Code::timeout) break;
      ++hanging_;
    }
    return done;
  }

  void call_ip(const Arguments& command) {
    const auto done = attempt(command);
    // Gone already is as good as taken away.
    if (::if_nametoindex(link_.c_str()) == 0) return;
    if (!done && done.error().why.find("No such process") == std::string::npos &&
        done.error().why.find("Cannot assign requested address") == std::string::npos)
      fail(sentence(done.error()));
  }

  void fail(const std::string& why) {
    if (failed_) return;
    failed_ = true;
    left_ += (left_.empty() ? "'" : ", '") + link_ + "' (" + why + ")";
  }

  const Paths& paths_;
  std::string link_{};
  bool failed_ = false;
  int hanging_ = 0;  // calls that did not end
  std::string left_{};
};

}  // namespace

// The same busybox everywhere: so the tests run what early boot runs.
Result<std::string> call_early(const Arguments& command, std::chrono::seconds timeout) {
  Arguments words = command;
  if (const std::string busybox = find_program("busybox"); !busybox.empty())
    words.insert(words.begin(), busybox);
  return run_ok(words, "cannot do '" + join(command, " ") + "'", {.timeout = timeout});
}

std::string early_path(const Paths& paths, const std::string& file) {
  return paths.run("early" + (file.empty() ? "" : "/" + file));
}

unsigned link_metric(const std::string& link) { return 1000 + ::if_nametoindex(link.c_str()); }

std::vector<std::string> made_links(const Paths& paths) {
  const auto text = read_file(early_path(paths, "made"));
  return text ? parse_made(*text) : std::vector<std::string>{};
}

void remember_made(const Paths& paths, const std::string& link, bool ours) {
  const auto made = made_links(paths);
  // The last line about a link counts, so that one may stand there twice.
  if ((std::ranges::find(made, link) != made.end()) != ours)
    append(early_path(paths, "made"), made_line(link, ours));
}

void remember_lowered(const Paths& paths, const std::string& link) {
  append_line(early_path(paths, "lowered"), link);
}

std::set<std::string> raised_links(const Paths& paths) {
  return links_of(early_path(paths, "links"));
}

void remember_raised(const Paths& paths, const std::string& link) {
  append_line(early_path(paths, "links"), link);
}

Result<> raise_link(const Paths& paths, const LinkFacts& link) {
  remember_raised(paths, link.name);
  const auto done = call_early(raise_command(link.name), std::chrono::seconds(5));
  if (!done) return done.error();
  return Ok{};
}

Result<> apply_setup(const Paths& paths, const LinkSetup& setup, const std::string& link) {
  const unsigned metric = link_metric(link);
  const auto present = read_addresses();
  LinkEntry ours{.link = link, .metric = metric, .setup = setup};
  for (const Address& address : with_own_way(setup)) ours.ruled.push_back({address, metric});
  std::erase_if(ours.setup.addresses, [&](const Subnet& a) { return has(present, link, a); });
  if (setup.mtu) {
    const auto known = ledger(paths);
    const auto entry = std::ranges::find(known, link, &LinkEntry::link);
    const bool noted = entry != known.end() && entry->setup.mtu;
    ours.setup.mtu.reset();
    if (const unsigned before = read_mtu(paths.root, link); !noted && before != 0)
      ours.setup.mtu = before;
  }
  {
    const Fd turn = take_ledger(paths);
    for (const std::string& line : ledger_lines(ours))
      append_line(early_path(paths, "added"), line);
  }
  std::optional<Error> first;
  for (const Arguments& command : link_commands(setup, link, metric))
    if (const auto done = call_early(command, std::chrono::seconds(5)); !done && !first)
      first = done.error();
  // Without them a machine with one router is reached all the same.
  for (const Arguments& command : way_commands(setup, link, metric))
    (void)call_early(command, std::chrono::seconds(5));
  if (first) return *first;
  return Ok{};
}

void take_lease_back(const Paths& paths, const LinkSetup& setup, const std::string& link,
                     unsigned metric) {
  if (!undo_setup(setup, link, metric)) return;
  LinkEntry gone{.link = link, .metric = metric, .setup = setup};
  gone.setup.mtu.reset();  // the one to go back to stays
  for (const Address& address : with_own_way(setup)) gone.ruled.push_back({address, metric});
  const std::vector<std::string> lines = ledger_lines(gone);
  const std::string path = early_path(paths, "added");
  const Fd turn = take_ledger(paths);
  const auto text = read_file(path, longest_ledger);
  if (!text) return;
  std::string rest;
  for (const std::string_view line : split_lines(*text))
    if (std::ranges::find(lines, line) == lines.end()) rest.append(line).append("\n");
  if (const auto written = write_file(path, rest, 0600); !written)
    kmsg(sentence(written.error()), Loudness::warning);
}

bool undo_setup(const LinkSetup& setup, const std::string& link, unsigned metric) {
  std::vector<Arguments> commands = undo_way_commands(with_own_way(setup), metric);
  const auto more = undo_commands(setup, link, metric);
  commands.insert(commands.end(), more.begin(), more.end());
  bool ended = true;
  for (const Arguments& command : commands)
    if (const auto done = call_early(command, std::chrono::seconds(5)); !done)
      ended = ended && done.error().code != Code::timeout;
  return ended;
}

Result<> restore_network(const Paths& paths) {
  const std::set<std::string> raised = raised_links(paths);
  const std::string user = network_user(paths.root);
  std::vector<std::string> made = made_links(paths);
  if (!user.empty() && !(raised.empty() && made.empty()))
    kmsg("the network stays up after early boot, for " + user, Loudness::warning);
  Restorer restorer(paths);
  // The topmost first. Addresses and routes go with a link, and what was part of it is free.
  std::ranges::reverse(made);
  for (const std::string& link : made)
    if (user.empty()) restorer.call_for(link, delete_command(link));
  std::vector<LinkEntry> entries = ledger(paths);
  const auto stays = [&](const std::string& link) {
    return raised.contains(link) && !user.empty();
  };
  for (const LinkEntry& entry : entries)
    if (!stays(entry.link)) restorer.drop_rules(entry);
  for (const std::string& link : raised)
    if (std::ranges::find(entries, link, &LinkEntry::link) == entries.end())
      entries.push_back({.link = link});
  for (const LinkEntry& entry : entries) {
    if (std::ranges::find(made, entry.link) != made.end()) continue;
    if (!stays(entry.link)) restorer.restore(entry, raised.contains(entry.link));
  }
  for (const std::string& link : links_of(early_path(paths, "lowered")))
    if (user.empty()) restorer.call_for(link, raise_command(link));
  if (restorer.left().empty()) return Ok{};
  return Error{Code::partial, "cannot bring back every network link", restorer.left(), ""};
}

}  // namespace latchkey
