// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys/key_return.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/keys/key_file.hpp"

namespace latchkey {
namespace {

Result<bool> opens(const LuksDevice& header, const Secret* key) {
  if (key == nullptr) return false;
  const auto opened = header.try_key(*key);
  // Any other failure, such as too little memory, is no answer.
  if (!opened && opened.error().code != Code::denied) return opened.error();
  return static_cast<bool>(opened);
}

// Gives what is there a second name, the first that is free.
Result<std::string> keep_old(int directory, const std::string& file, const std::string& what) {
  struct stat old {};
  if (::fstatat(directory, file.c_str(), &old, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? Result<std::string>(std::string()) : system_error(errno, what);
  constexpr int most = 100;
  for (int i = 1; i <= most; ++i) {
    const std::string name = file + ".before-restore" + (i == 1 ? "" : "-" + std::to_string(i));
    if (::linkat(directory, file.c_str(), directory, name.c_str(), 0) == 0) return name;
    if (errno != EEXIST) return system_error(errno, what);
    // A run that was killed may have come as far as this.
    struct stat kept {};
    if (::fstatat(directory, name.c_str(), &kept, AT_SYMLINK_NOFOLLOW) == 0 &&
        kept.st_ino == old.st_ino)
      return name;
  }
  return Error{Code::io, what, "too many key files were kept by restores before",
               "remove some: latchkey mount-keys --write"};
}

}  // namespace

Result<KeyFact> try_keys(const LuksDevice& header, const Secret* live, const Secret* saved) {
  KeyFact fact{.there = live != nullptr, .saved = saved != nullptr};
  const auto with_live = opens(header, live);
  if (!with_live) return with_live.error();
  fact.opens = *with_live;
  if (fact.opens) return fact;
  const auto with_saved = opens(header, saved);
  if (!with_saved) return with_saved.error();
  fact.saved_opens = *with_saved;
  return fact;
}

Result<std::string> put_key_back(int directory, const std::string& file, const Secret& saved) {
  const std::string what = "cannot put the key file '" + printable(file) + "' back";
  const std::string temporary = "." + file + ".new";
  // First the new one: whatever is wrong with it or its name, nothing has changed.
  if (auto written = write_key_file(directory, file, temporary, saved); !written)
    return written.error();
  auto kept = keep_old(directory, file, what);
  if (!kept) return kept;
  if (::renameat(directory, temporary.c_str(), directory, file.c_str()) != 0)
    return system_error(errno, what);
  if (::fsync(directory) != 0) return system_error(errno, what);
  return kept;
}

}  // namespace latchkey
