// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/config/unfinished.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

constexpr std::string_view suffix = ".json";

std::string folder(const Paths& paths) { return paths.etc("unfinished"); }

std::string file_of(const Paths& paths, const std::string& name) {
  return folder(paths) + "/" + name + std::string(suffix);
}

}  // namespace

std::vector<Unfinished> list_unfinished(const Paths& paths) {
  std::vector<Unfinished> all;
  for (const std::string& file : names_in(folder(paths))) {
    if (!file.ends_with(suffix)) continue;
    const std::string name = file.substr(0, file.size() - suffix.size());
    const auto work = load_unfinished(paths, name);
    if (work && *work)
      all.push_back(**work);
    else if (!work)
      all.push_back({.command = "an unreadable file",
                     .name = file,
                     .begun = "some time ago",
                     .finish = "look into " + folder(paths)});
  }
  return all;
}

Result<std::optional<Unfinished>> load_unfinished(const Paths& paths, const std::string& name) {
  const auto text = read_file(file_of(paths, name));
  if (!text && text.error().code == Code::missing) return std::optional<Unfinished>();
  if (!text) return text.error();
  auto work = parse_unfinished(*text);
  if (!work) return work.error();
  return std::optional<Unfinished>(std::move(*work));
}

Result<> save_unfinished(const Paths& paths, const Unfinished& work) {
  if (auto made = make_directories(folder(paths), 0700); !made) return made;
  return write_file(file_of(paths, work.name), encode(work), 0600);
}

Result<> drop_unfinished(const Paths& paths, const std::string& name) {
  const std::string file = file_of(paths, name);
  if (::unlink(file.c_str()) != 0) {
    if (errno == ENOENT) return Ok{};
    return system_error(errno, "cannot remove '" + file + "'");
  }
  const Fd directory(::open(folder(paths).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0)
    return system_error(errno, "cannot write to '" + folder(paths) + "'");
  return Ok{};
}

Result<std::string> new_uuid() {
  const auto text = read_file("/proc/sys/kernel/random/uuid");
  if (!text) return text.error();
  return std::string(trim(*text));
}

std::string now_text(std::chrono::seconds later) {
  const std::time_t now = std::time(nullptr) + static_cast<std::time_t>(later.count());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace latchkey
