// SPDX-License-Identifier: GPL-3.0-or-later
#include "unlock/doorkeeper.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/image/image.hpp"
#include "core/network/link_calls.hpp"
#include "core/ssh/door_keys.hpp"
#include "core/unlock/console_names.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/kmsg.hpp"
#include "sys/ssh/host_key_files.hpp"
#include "unlock/early_network.hpp"

namespace latchkey {
namespace {

using namespace std::chrono_literals;

constexpr auto udev_patience = 5s;   // for udevd to finish with a link
constexpr auto link_patience = 60s;  // for a named link to appear
constexpr auto call_bound = 5s;      // of a call of ip: who took longer, hung
constexpr auto log_interval = 5s;    // between looks at the log's size
constexpr off_t log_limit = 256L * 1024;

void warn(const Error& error) {
  kmsg(sentence(error) + (error.hint.empty() ? "" : "; " + error.hint), Loudness::warning);
}

// Everything that the door and its children say goes to one file. It is
// appended to, so that cutting it leaves no hole.
void open_log(const std::string& path) {
  const Fd log(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!log) return;
  ::dup2(log.get(), 1);
  ::dup2(log.get(), 2);
}

// Whoever floods the door with connections must not fill the memory.
void bound_log() {
  struct stat info {};
  if (::fstat(2, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > log_limit)
    if (::ftruncate(2, 0) != 0) return;
}

// Seconds. A router forgets a connection on which nothing is said, and a person types into it.
constexpr const char* keepalive = "60";

std::vector<std::string> dropbear_words(const Paths& paths, std::uint16_t port) {
  std::vector<std::string> out{paths.root + image_dropbear, "-F", "-E", "-K", keepalive, "-p",
                               std::to_string(port)};
  const std::vector<std::string> keys = usable_host_keys(paths.etc("hostkeys"));
  for (const std::string& key : keys) out.insert(out.end(), {"-r", key});
  if (keys.empty())
    kmsg("early ssh has no host key in " + paths.etc("hostkeys"), Loudness::warning);
  return out;
}

std::string own_hostname(const Paths& paths) {
  const auto text = read_file(paths.root + "/etc/hostname", 4096);
  return text ? hostname_in(*text) : "";
}

// Not waited for: a serial line whose other side holds it back must not hold the door.
bool to_console(const std::string& device, const std::string& line) {
  const Fd fd(::open(device.c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  return fd && write_all(fd.get(), line + "\r\n");
}

// What Dropbear, which reads what strangers send, needs beside being root's: a port below 1024,
// and for a session a terminal of its own and root's groups. And what a session that it starts was
// granted. It says which of its processes the kernel ends first without CAP_SYS_RESOURCE: the
// keeper has set how low that may go.
Capabilities dropbear_needs(const std::vector<DoorKey>& keys) {
  Capabilities needs =
      capability(CAP_NET_BIND_SERVICE) | capability(CAP_CHOWN) | capability(CAP_SETGID);
  for (const DoorKey& key : keys) {
    if (key.words.contains(Word::shell)) return ~Capabilities{0};
    if (may_restart(key)) needs |= capability(CAP_SYS_BOOT);
  }
  return needs;
}

// Where the prompts are too: which of the consoles a provider shows, nobody knows.
void to_consoles(const Paths& paths, const std::string& line) {
  bool told = false;
  for (const std::string& name :
       console_names(text_or_empty(paths.root + "/sys/class/tty/console/active")))
    told = to_console(paths.root + "/dev/" + name, line) || told;
  if (!told) (void)to_console(paths.root + "/dev/console", line);
}

}  // namespace

Doorkeeper::Doorkeeper(const Paths& paths) : paths_(paths), maker_(paths) {
  open_log(early_path(paths_, "door.log"));
  read_config();
}

void Doorkeeper::read_config() {
  NetworkConfig network;
  // Only this file: what is wrong with the volumes is no matter of the door.
  const std::string file = paths_.etc("latchkey.conf");
  const auto text = read_file(file);
  const auto config = text ? parse_config(*text, file) : Result<Config>(text.error());
  if (config) {
    ssh_ = config->ssh;
    network = config->network;
  } else {
    warn(config.error());
    kmsg("early ssh goes on with DHCP on every link and port 22", Loudness::warning);
  }
  const std::string cmdline = text_or_empty(paths_.root + "/proc/cmdline", 64UL * 1024);
  // From /conf/initramfs.conf and its like: the init of initramfs-tools exports it.
  const auto exported = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  plan_ = network_plan(cmdline, network, exported("IP"), exported("DEVICE"));
  for (const Error& problem : plan_.problems) warn(problem);
  if (plan_.hostname.empty()) plan_.hostname = own_hostname(paths_);
}

int Doorkeeper::run() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const Fd wake(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  // Dropbear listens on every address, also on those that come later.
  dropbear_.emplace(dropbear_words(paths_, ssh_.port),
                    dropbear_needs(parse_door_keys(text_or_empty(paths_.etc("keys")))));
  dropbear_->keep();
  auto events = LinkEvents::open(paths_.root);
  if (!wake || !events) {
    if (!events) warn(events.error());
    return exit_status(Code::io);
  }
  while (true) {
    dropbear_->keep();
    serve_links();
    announce_addresses();
    bound_log();
    pollfd watched[]{
        {wake.get(), POLLIN, 0}, {events->links(), POLLIN, 0}, {events->udev(), POLLIN, 0}};
    if (::poll(watched, 3, wait_time()) < 0 && errno != EINTR) return exit_status(Code::io);
    events->drain();
    signalfd_siginfo info{};
    while (::read(wake.get(), &info, sizeof info) == sizeof info)
      if (info.ssi_signo != SIGCHLD) return 0;
  }
}

void Doorkeeper::serve_links() {
  if (retry_ && Clock::now() >= *retry_) retry_.reset();
  bool early = false;
  const bool patient = !early_since_ || Clock::now() - *early_since_ < udev_patience;
  const std::vector<LinkFacts> links = read_links(paths_.root, patient, early);
  be_patient(links, early);
  // What it makes comes back as an event. What it cannot make keeps nothing else up.
  if (make_again_ && Clock::now() >= *make_again_) make_again_.reset();
  if (!make_again_) {
    const auto began = Clock::now();
    if (maker_.serve(plan_, links))
      make_again_ = Clock::now() + make_wait_.after(Clock::now() - began >= call_bound);
    else
      make_wait_.reset();
  }

  std::map<std::size_t, std::vector<LinkFacts>> candidates;
  std::set<int> present;
  for (const LinkFacts& link : links) {
    const auto index = plan_for(plan_, link);
    if (!index) continue;
    present.insert(link.index);
    candidates[*index].push_back(link);
    serve_link(link, plan_.links[*index]);
  }
  std::erase_if(served_, [&](const auto& entry) { return !present.contains(entry.first); });
  std::erase_if(searches_, [&](const auto& entry) { return !candidates.contains(entry.first); });
  // What failed is not tried again by the very events that trying it made.
  if (retry_) return;
  const std::set<int> changed = std::exchange(changed_, {});
  for (const auto& [index, with_plan] : candidates)
    hold_addresses(index, with_plan, able_to_hold(plan_, index, candidates), changed);
}

void Doorkeeper::serve_link(const LinkFacts& link, const LinkPlan& plan) {
  Served& served = served_[link.index];
  if (!served.name.empty() && served.name != link.name) {
    // Renamed while up: what is ours must be found under its new name.
    if (raised_links(paths_).contains(served.name)) remember_raised(paths_, link.name);
    served.dhcp.reset();
  }
  // A link that lost its cable or was taken down may have lost routes too.
  if (served.name != link.name || link.up != served.up || (link.carrier && !served.carrier))
    changed_.insert(link.index);
  served.name = link.name;
  served.up = link.up;
  served.carrier = link.carrier;
  if (served.raise_again && Clock::now() >= *served.raise_again) served.raise_again.reset();
  if (!link.up && !served.raise_again) {
    // A card may refuse while its firmware is loading: tried again.
    if (const auto raised = raise_link(paths_, link); raised) {
      served.raise_wait.reset();
    } else {
      tell(link, raised.error());
      const bool hung = raised.error().code == Code::timeout;
      served.raise_again = Clock::now() + served.raise_wait.after(hung);
    }
  }
  serve_dhcp(link, plan, served);
}

void Doorkeeper::serve_dhcp(const LinkFacts& link, const LinkPlan& plan, Served& served) {
  if (plan.dhcp4 && !served.dhcp) {
    std::vector<std::string> words =
        dhcp_words(link.name, plan_.hostname, plan.client_id, paths_.root + image_dhcp_event);
    words.insert(words.begin(), "udhcpc");
    served.dhcp.emplace(busybox_words(std::move(words)));
  }
  // It needs the link up, and would only die without.
  if (served.dhcp && link.up) served.dhcp->keep();
}

void Doorkeeper::hold_addresses(std::size_t index, const std::vector<LinkFacts>& candidates,
                                const std::vector<LinkFacts>& able, const std::set<int>& changed) {
  const LinkPlan& plan = plan_.links[index];
  if (plan.fixed == LinkSetup{}) return;
  if (plan.fixed.addresses.empty()) {  // an MTU is for each link, an address for one
    for (const LinkFacts& link : candidates)
      if (changed.contains(link.index)) apply(plan, link);
    return;
  }
  int& present = holders_[index];
  const int chosen = holder(where_heard(index, able), present);
  if (chosen == 0 && !able.empty()) return;
  if (chosen == present && !changed.contains(chosen)) return;
  for (const LinkFacts& link : candidates)
    if (link.index == present && chosen != present)
      undo_setup(plan.fixed, link.name, link_metric(link.name));
  present = chosen;
  for (const LinkFacts& link : candidates)
    if (link.index == chosen) apply(plan, link);
}

std::vector<LinkFacts> Doorkeeper::where_heard(std::size_t index,
                                               const std::vector<LinkFacts>& able) {
  const std::vector<Route>& routes = plan_.links[index].fixed.routes;
  const auto gateway =
      std::ranges::find_if(routes, [](const Route& route) { return route.via && !route.via->v6; });
  if (gateway == routes.end() || std::ranges::count_if(able, &LinkFacts::carrier) < 2) {
    searches_.erase(index);
    return able;
  }
  const std::set<int>& heard = searches_[index].serve(able, *gateway->via);
  std::vector<LinkFacts> out;
  for (const LinkFacts& link : able)
    if (heard.contains(link.index)) out.push_back(link);
  return out.empty() ? able : out;
}

void Doorkeeper::apply(const LinkPlan& plan, const LinkFacts& link) {
  if (const auto done = apply_setup(paths_, plan.fixed, link.name); done) {
    retry_wait_.reset();
    told_.erase(link.index);
  } else {
    tell(link, done.error());
    retry_ = Clock::now() + retry_wait_.after(done.error().code == Code::timeout);
    changed_.insert(link.index);
  }
}

void Doorkeeper::be_patient(const std::vector<LinkFacts>& links, bool early) {
  if (!early)
    early_since_.reset();
  else if (!early_since_)
    early_since_ = Clock::now();
  if (widened_ || !plan_.fallback || Clock::now() - begin_ < link_patience) return;
  widened_ = true;
  for (const std::string& name : widen(plan_, links))
    kmsg("there is no network link '" + printable(name) + "'; early ssh tries every wired one",
         Loudness::warning);
}

void Doorkeeper::announce_addresses() {
  const std::vector<LinkAddress> addresses = read_addresses();
  greet_neighbours(addresses);
  for (const LinkAddress& address : addresses) {
    if (address.subnet.address.link_local() || !address.subnet.address.host()) continue;
    const std::string text = "early ssh answers at root@" + address.subnet.address.text() +
                             " port " + std::to_string(ssh_.port) + " (" + address.link + ")";
    if (!announced_.insert(text).second) continue;
    to_consoles(paths_, "latchkey: " + text);
    kmsg(text, Loudness::detail);  // the consoles have it already
  }
  // Addresses that come and go (privacy extensions) must not pile up.
  if (announced_.size() > 1000) announced_.clear();
}

// A router may keep the MAC address that the running system had under an IPv4 address for
// hours, and early boot says nothing unasked. Once more when the cable is back. Nothing waits
// for it, or depends on it.
void Doorkeeper::greet_neighbours(const std::vector<LinkAddress>& addresses) {
  std::erase_if(greetings_, [](Child& greeting) { return greeting.ended(); });
  const auto hears = [&](const LinkAddress& address) {
    return std::ranges::any_of(served_, [&](const auto& entry) {
      return entry.second.name == address.link && entry.second.carrier;
    });
  };
  std::vector<LinkAddress> now;
  for (const LinkAddress& address : addresses)
    if (!address.subnet.address.v6 && address.subnet.address.host() && hears(address))
      now.push_back(address);
  for (const LinkAddress& address : now) {
    if (std::ranges::find(greeted_, address) != greeted_.end()) continue;
    greetings_.emplace_back(busybox_words(
        {"arping", "-q", "-U", "-c", "2", "-I", address.link, address.subnet.address.text()}));
    greetings_.back().keep();
  }
  greeted_ = std::move(now);
}

// Tried again soon, and told once: the log has other things to keep.
void Doorkeeper::tell(const LinkFacts& link, const Error& error) {
  if (std::string& told = told_[link.index]; told != sentence(error)) {
    told = sentence(error);
    warn(error);
  }
}

int Doorkeeper::wait_time() const {
  auto next = Clock::now() + log_interval;
  const auto sooner = [&](std::optional<Clock::time_point> at) {
    if (at) next = std::min(next, *at);
  };
  sooner(dropbear_->due());
  for (const auto& [index, served] : served_) {
    if (served.dhcp && served.up) sooner(served.dhcp->due());
    sooner(served.raise_again);
  }
  if (!retry_)  // they are served with what is tried again then
    for (const auto& [index, search] : searches_) sooner(search.due());
  sooner(retry_);
  sooner(make_again_);
  if (early_since_) sooner(*early_since_ + udev_patience);
  if (!widened_ && plan_.fallback) sooner(begin_ + link_patience);
  return poll_ms(next);
}

}  // namespace latchkey
