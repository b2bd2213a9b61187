// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/unlock/boot_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "core/base/text.hpp"
#include "core/mount/fstab_line.hpp"
#include "sys/base/clock.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/lock_file.hpp"

namespace latchkey {
namespace {

const std::string log_directory = "/var/lib/latchkey";

std::string news_directory(const Paths& paths) { return paths.run("events"); }

}  // namespace

std::string log_file(const Paths& paths) { return paths.root + log_directory + "/boots.jsonl"; }

BootEntry this_boot(const Paths& paths) {
  BootEntry entry;
  const auto id = read_file("/proc/sys/kernel/random/boot_id");
  entry.boot = id ? std::string(trim(*id)) : "unknown";
  entry.started = static_cast<std::int64_t>(static_cast<double>(std::time(nullptr)) - uptime());
  if (const auto text = read_file(paths.run("boot.json")))
    if (const auto report = parse_report(*text)) entry.early = *report;
  return entry;
}

Result<BootLog> load_log(const Paths& paths) {
  const auto text = read_file(log_file(paths), most_log_bytes);
  if (!text && text.error().code == Code::missing) return BootLog{};
  if (!text && text.error().code == Code::refused)
    return Error{Code::refused, text.error().what, "only root can read it",
                 "run: sudo latchkey log"};
  if (!text) return text.error();
  return parse_log(*text);
}

Result<> record(const Paths& paths, const BootEntry& news) {
  const auto lock =
      LockFile::take(paths.run("log.lock"), "a change of the log", std::chrono::seconds(10));
  if (!lock) return lock.error();
  if (auto made = make_directories(paths.root + log_directory, 0755); !made) return made;
  auto log = load_log(paths);
  if (!log) log = BootLog{};
  add_to_log(*log, news);
  return write_file(log_file(paths), encode(*log), 0600);
}

const Volume* log_waits_for(const Setup& setup, const Facts& facts) {
  for (const Volume& volume : setup.volumes) {
    const auto fact = facts.volumes.find(volume.name);
    if (!needed_by_boot(volume) && lies_on(log_directory, volume.mount_point) &&
        (fact == facts.volumes.end() || !fact->second.mounted))
      return &volume;
  }
  return nullptr;
}

Result<std::string> keep_news(const Paths& paths, const BootEntry& news) {
  if (auto made = make_directories(news_directory(paths), 0700); !made) return made.error();
  char name[64];
  std::snprintf(name, sizeof name, "%013.0f-%d", uptime() * 1000, static_cast<int>(::getpid()));
  auto written = write_file(news_directory(paths) + "/" + name, encode(BootLog{{news}}), 0600);
  if (!written) return written.error();
  return std::string(name);
}

std::optional<BootEntry> take_news(const Paths& paths) {
  for (const std::string& name : names_in(news_directory(paths))) {
    // One that is being written has this in its name; its writer starts us again.
    if (name.find(".new-") != std::string::npos) continue;
    const std::string path = news_directory(paths) + "/" + name;
    const auto text = read_file(path);
    // Gone first: news that harmed whoever told it would be told again and again.
    if (::unlink(path.c_str()) != 0 || !text) continue;
    const BootLog log = parse_log(*text);
    if (!log.boots.empty()) return log.boots.front();
  }
  return {};
}

bool first_time(const Paths& paths, const std::string& name) {
  const std::string path = paths.run(name);
  return static_cast<bool>(
      Fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)));
}

}  // namespace latchkey
