// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/hold/release_effects.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/volume.hpp"
#include "core/hold/hold.hpp"
#include "sys/hold/init_system.hpp"
#include "sys/hold/unit_starter.hpp"
#include "sys/hold/unit_stopper.hpp"
#include "sys/luks/crypt.hpp"
#include "sys/luks/volume_use.hpp"
#include "sys/mount/fsck.hpp"
#include "sys/mount/mount.hpp"
#include "sys/mount/mounts_above.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/lvm.hpp"

namespace latchkey {
namespace {

using std::chrono::seconds;
constexpr seconds kernel_bound = std::chrono::minutes(5);
constexpr seconds stop_bound = std::chrono::minutes(3);
constexpr seconds tell_each = std::chrono::minutes(1);
constexpr std::size_t most_told = 8;

// Messages of a worker to its parent.
constexpr char done = 'd';     // with the detail
constexpr char failed = 'f';   // with the error
constexpr char warning = 'w';  // with a text
constexpr char moved = 'p';    // a check, with its pass, the passes and the percent

// A checker goes on when the person who began it types Ctrl-C or goes away: it
// would only leave the file system worse. The lock is kept as long as it runs.
void outlive_terminal() {
  for (const int number : {SIGINT, SIGHUP}) ::signal(number, SIG_IGN);
}

std::string pack(const CheckProgress& progress) {
  return std::to_string(progress.pass) + " " + std::to_string(progress.passes) + " " +
         std::to_string(progress.percent);
}

CheckProgress unpack_progress(std::string_view text) {
  const auto words = split_fields(text);
  const auto number = [&](std::size_t at) {
    return at < words.size() ? static_cast<int>(parse_number(words[at].text, 100).value_or(0)) : 0;
  };
  return {number(0), number(1), number(2)};
}

// At most so long: the one before may hang.
void await(const Fd& before) {
  pollfd passed{before.get(), POLLIN, 0};
  if (before) ::poll(&passed, 1, 20'000);
}

Result<std::string> detail(const Result<>& result) {
  if (!result) return result.error();
  return std::string();
}

// LVs of the configuration that are active on this volume's mapping hold it open.
Result<> deactivate_upon(const Volume& volume, const Setup& setup) {
  const std::vector<Mapping> all = stacked_devices();
  const auto mapping = std::ranges::find(all, volume.mapping, &Mapping::name);
  if (mapping == all.end()) return Ok{};
  for (const Volume& other : setup.volumes) {
    const auto device = block_device(other.device.path());
    if (&other == &volume || other.device.kind != DeviceRef::Kind::lv || !device) continue;
    if (!all_below(*device, all).contains(mapping->number)) continue;
    if (auto off = deactivate_lv(other.device); !off) return off;
  }
  return Ok{};
}

Result<std::string> close_volume(const Volume& volume, const Setup& setup) {
  if (auto off = deactivate_upon(volume, setup); !off) return off.error();
  const auto closed = close_volume_mapping(volume, "latchkey lock");
  return closed ? Result<std::string>(std::string()) : closed.error();
}

}  // namespace

Result<> set_marker(const Paths& paths, const std::string& unit, bool released) {
  const std::string path = paths.run(marker_of(unit));
  if (!released) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Ok{};
    return system_error(errno, "cannot take the release of '" + unit + "' back");
  }
  const std::string what = "cannot mark '" + unit + "' as released";
  const std::string directory = paths.run("released");
  if (auto made = make_directories(directory, 0755); !made) return made;
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return system_error(errno, what);
  return Ok{};
}

ReleaseEffects::ReleaseEffects(const Setup& setup, const Paths& paths, Reporter& reporter,
                               ReleaseOptions options)
    : setup_(setup),
      paths_(paths),
      reporter_(reporter),
      options_(std::move(options)),
      starter_({.timeout = setup.config.release.service_timeout + kernel_bound,
                .batch =
                    [this] {
                      return std::make_unique<UnitStarter>(setup_.config.release.service_timeout,
                                                           options_.behind_boot, setup_.services);
                    },
                .prepare = [this](const std::string& unit) -> Result<bool> {
                  if (auto marked = set_marker(paths_, unit, true); !marked) return marked.error();
                  return options_.start_units();
                }}),
      stopper_({.timeout = stop_bound + kernel_bound,
                .batch = [] { return std::make_unique<UnitStopper>(stop_bound); },
                .prepare = [this](const std::string& unit) -> Result<bool> {
                  if (auto marked = set_marker(paths_, unit, false); !marked) return marked.error();
                  return true;
                }}) {}

// Scripts are to be started and stopped in the order of the services file, though each has
// its process: each waits until the one before has let go of a pipe.
ReleaseEffects::InLine ReleaseEffects::next_in_line() {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
  InLine place;
  place.before = std::make_shared<Fd>(std::exchange(baton_, Fd(ends[0])));
  place.mine = std::make_shared<Fd>(ends[1]);
  return place;
}

ReleaseEffects::Body ReleaseEffects::body_of(const Action& action) {
  const auto on_volume = [this](const std::string& name, auto work) -> Body {
    const Volume* volume = find_volume(setup_, name);
    if (volume == nullptr) return {};
    return [volume, work](Channel& channel) { return work(*volume, channel); };
  };
  if (const auto* check = std::get_if<CheckFs>(&action))
    return on_volume(check->volume, [](const Volume& volume, Channel& channel) {
      const auto checked = check_fs(
          volume, {[&](const std::string& line) { channel.send(warning, line); },
                   [&](const CheckProgress& progress) { channel.send(moved, pack(progress)); }});
      if (!checked) return Result<std::string>(checked.error());
      if (!checked->warning.empty()) channel.send(warning, checked->warning);
      return Result<std::string>(checked->detail);
    });
  if (const auto* mount = std::get_if<MountFs>(&action))
    return on_volume(mount->volume, [this](const Volume& volume, Channel&) {
      if (auto above = mount_what_is_above(setup_, paths_, volume); !above) return detail(above);
      return detail(mount_volume(volume, options_.over_files));
    });
  if (const auto* unmount = std::get_if<UnmountFs>(&action))
    return on_volume(unmount->volume,
                     [](const Volume& volume, Channel&) { return detail(unmount_volume(volume)); });
  if (const auto* close = std::get_if<CloseVolume>(&action))
    return on_volume(close->volume, [this](const Volume& volume, Channel&) {
      return close_volume(volume, setup_);
    });
  if (const auto* stop = std::get_if<StopUnit>(&action))
    return [this, unit = stop->unit, place = next_in_line()](Channel&) {
      if (auto marked = set_marker(paths_, unit, false); !marked) return detail(marked);
      await(*place.before);
      return detail(stop_service(paths_, unit, stop_bound));  // its end lets go of the pipe
    };
  if (const auto* release = std::get_if<ReleaseUnit>(&action)) {
    return [this, unit = release->unit, place = next_in_line()](Channel&) -> Result<std::string> {
      if (auto marked = set_marker(paths_, unit, true); !marked) return marked.error();
      if (!options_.start_units()) return std::string();
      Turn turn;
      turn.wait = [&] { await(*place.before); };
      turn.pass = [&] { place.mine->reset(); };
      return start_service(paths_, unit, setup_.config.release.service_timeout, turn);
    };
  }
  return {};
}

std::optional<seconds> ReleaseEffects::bound_of(const Action& action) const {
  if (std::holds_alternative<CheckFs>(action)) return {};
  // The workers for units keep their own time; this is for when they cannot.
  if (std::holds_alternative<ReleaseUnit>(action))
    return setup_.config.release.service_timeout + kernel_bound;
  if (std::holds_alternative<StopUnit>(action)) return stop_bound + kernel_bound;
  return kernel_bound;
}

// A mount of many terabytes, or an unmount with much to write, takes its time: only one whose
// disk does nothing hangs.
DiskWatch ReleaseEffects::disks_of(const Action& action) const {
  const auto* const mount = std::get_if<MountFs>(&action);
  const auto* const unmount = std::get_if<UnmountFs>(&action);
  if (mount == nullptr && unmount == nullptr) return {};
  const Volume* const volume =
      find_volume(setup_, mount != nullptr ? mount->volume : unmount->volume);
  if (volume == nullptr) return {};
  std::vector<dev_t> disks;
  // Others that are only opened may be parts of one btrfs, and be read in place of this one.
  for (const Volume& one : setup_.volumes)
    if (&one == volume || (one.mount_point.empty() && one.fs_type == "btrfs"))
      if (const auto number = block_device(mapping_path(one))) disks.push_back(*number);
  return DiskWatch(std::move(disks));
}

void ReleaseEffects::let_go_of_others() {
  for (Running& other : running_) other.worker.forget();
  starter_.forget();
  stopper_.forget();
}

bool ReleaseEffects::nothing_runs() const noexcept {
  return running_.empty() && starter_.under_way().empty() && stopper_.under_way().empty();
}

void ReleaseEffects::begin_unit(UnitProcess& process, std::size_t index, const Action& action,
                                const std::string& unit) {
  const auto now = Clock::now();
  if (nothing_runs()) told_ = now;
  const auto begun = process.begin({index, describe(action), now}, unit, [this] {
    let_go_of_others();
    options_.let_go();
  });
  if (!begun) ended_.push_back({index, begun.error()});
}

void ReleaseEffects::start(std::size_t index, const Action& action) {
  const auto* const release = std::get_if<ReleaseUnit>(&action);
  const auto* const stop = std::get_if<StopUnit>(&action);
  if ((release != nullptr || stop != nullptr) && init_system() == InitSystem::systemd) {
    begin_unit(release != nullptr ? starter_ : stopper_, index, action,
               release != nullptr ? release->unit : stop->unit);
    return;
  }
  const std::string name = describe(action);
  const Body body = body_of(action);
  if (!body) {
    ended_.push_back(
        {index, Error{Code::usage, "cannot " + name, "this is no step of a release", ""}});
    return;
  }
  auto worker = Worker::fork(
      [&](Channel& channel) {
        let_go_of_others();
        let_go_of_stdio();
        if (std::holds_alternative<CheckFs>(action))
          outlive_terminal();
        else
          options_.let_go();
        const auto result = body(channel);
        const bool told =
            result ? channel.send(done, *result) : channel.send(failed, pack(result.error()));
        return told ? 0 : 1;
      },
      WorkerKind::plain);
  if (!worker) {
    ended_.push_back({index, worker.error()});
    return;
  }
  const auto now = Clock::now();
  const auto bound = bound_of(action);
  if (nothing_runs()) told_ = now;
  const auto* check = std::get_if<CheckFs>(&action);
  running_.push_back({index,
                      name,
                      check != nullptr ? check->volume : "",
                      {},
                      now,
                      bound ? std::optional(now + *bound) : std::nullopt,
                      std::move(*worker),
                      disks_of(action),
                      std::holds_alternative<MountFs>(action)
                          ? "see: dmesg; once findmnt shows it after all: release-services"
                          : "see: dmesg"});
}

std::optional<Ended> ReleaseEffects::hear(std::list<Running>::iterator running) {
  const auto message = running->worker.channel().receive();
  if (message && message->type == warning) {
    reporter_.note(message->payload);
    return {};
  }
  if (message && message->type == moved) {
    running->progress = unpack_progress(message->payload);
    reporter_.progress(running->volume, running->progress);
    return {};
  }
  Ended ended{running->step};
  if (!message)
    ended.result = Error{Code::io, "cannot " + running->name, "its process died", "see: dmesg"};
  else if (message->type == failed)
    ended.result = unpack_error(message->payload);
  else
    ended.result = message->payload;
  running_.erase(running);
  return ended;
}

std::optional<Ended> ReleaseEffects::look_at_clock() {
  const auto now = Clock::now();
  for (auto it = running_.begin(); it != running_.end(); ++it) {
    if (it->disks.moved()) it->deadline = now + kernel_bound;
    if (!it->deadline || now < *it->deadline) continue;
    Ended ended{it->step,
                Error{Code::timeout, "cannot " + it->name,
                      "it did not end within " +
                          duration_text(std::chrono::duration<double>(now - it->begun).count()),
                      it->hint}};
    // It may hang in the kernel, out of reach of any signal: it is not waited for.
    it->worker.kill();
    it->worker.forget();
    running_.erase(it);
    return ended;
  }
  if (now - told_ >= tell_each) {
    told_ = now;
    tell_what_lasts();
  }
  auto late = starter_.overdue();
  return late ? late : stopper_.overdue();
}

void ReleaseEffects::tell_what_lasts() {
  std::size_t all = 0;
  const auto tell = [&](const std::string& name, Clock::time_point begun, const std::string& more) {
    if (++all > most_told) return;
    reporter_.note("still under way after " +
                   duration_text(std::chrono::duration<double>(Clock::now() - begun).count()) +
                   ": " + name + more);
  };
  for (const Running& running : running_)
    tell(running.name, running.begun,
         running.progress.pass == 0 ? "" : ", " + progress_words(running.progress));
  for (const UnitProcess* units : {&starter_, &stopper_})
    for (const UnitProcess::Task& task : units->under_way()) tell(task.name, task.begun, "");
  if (all > most_told) reporter_.note("and " + std::to_string(all - most_told) + " more");
}

Ended ReleaseEffects::wait() {
  while (true) {
    if (!ended_.empty()) {
      Ended ended = std::move(ended_.front());
      ended_.pop_front();
      return ended;
    }
    std::vector<pollfd> watched;
    for (Running& running : running_) watched.push_back({running.worker.channel().fd(), POLLIN, 0});
    for (UnitProcess* units : {&starter_, &stopper_})
      watched.push_back({units->fd(), POLLIN, 0});  // poll leaves out a negative one
    const int ready = ::poll(watched.data(), watched.size(), 1000);
    std::size_t at = 0;
    for (auto it = running_.begin(); ready > 0 && it != running_.end(); ++at) {
      const auto here = it++;
      if (watched[at].revents == 0) continue;
      if (auto ended = hear(here)) return *ended;
    }
    for (UnitProcess* units : {&starter_, &stopper_})
      if (ready > 0 && watched[at++].revents != 0) ended_.splice(ended_.end(), units->hear());
    if (!ended_.empty()) continue;
    if (auto ended = look_at_clock()) return *ended;
  }
}

}  // namespace latchkey
