// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/keys.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "core/text.hpp"
#include "sys/crypt.hpp"
#include "sys/device.hpp"
#include "sys/fd.hpp"

namespace latchkey {
namespace {

constexpr unsigned long mount_flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

// The mount lives in this process's own namespace; leaving it unmounts.
class PrivateMount {
 public:
  explicit PrivateMount(std::string at) : at_(std::move(at)) {}
  PrivateMount(const PrivateMount&) = delete;
  PrivateMount& operator=(const PrivateMount&) = delete;
  PrivateMount(PrivateMount&& other) noexcept : at_(std::exchange(other.at_, {})) {}
  PrivateMount& operator=(PrivateMount&&) = delete;
  ~PrivateMount() {
    if (!at_.empty()) ::umount2(at_.c_str(), UMOUNT_NOFOLLOW);
  }
  [[nodiscard]] const std::string& path() const { return at_; }

 private:
  std::string at_;
};

// Nobody else sees the mount, so nobody else can keep it busy or read it.
Result<> leave_mount_namespace() {
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return system_error(errno, "cannot make a private mount namespace");
  return Ok{};
}

Result<PrivateMount> mount_keys(const std::string& device, const std::string& at, bool replay) {
  struct Attempt {
    const char* type;
    const char* options;
  };
  // Without replay nothing may be written, not even by the kernel: each file
  // system has its own word for that.
  constexpr std::array<Attempt, 4> careful{
      {{"ext4", "noload"}, {"ext2", ""}, {"xfs", "norecovery"}, {"btrfs", "rescue=nologreplay"}}};
  constexpr std::array<Attempt, 4> replaying{{{"ext4", ""}, {"ext2", ""}, {"xfs", ""}, {"btrfs", ""}}};
  if (auto made = make_directories(at, 0700); !made) return made.error();
  int error = 0;
  for (const Attempt& attempt : replay ? replaying : careful) {
    if (::mount(device.c_str(), at.c_str(), attempt.type, mount_flags | MS_RDONLY,
                attempt.options) == 0)
      return PrivateMount(at);
    // The first file system's answer is the telling one: ENODEV and EINVAL of
    // the others only say that they are not it.
    if (error == 0 || (error == EINVAL && errno != ENODEV)) error = errno;
  }
  return Error{Code::damaged, "cannot mount the keys volume", std::strerror(error),
               "its file system may be damaged: see latchkey-recovery(7)"};
}

// An ext4 whose journal holds what the file system does not: incompatible
// feature bit 4 ("needs recovery") of the superblock at byte 1024.
bool journal_is_dirty(int fd) {
  std::array<unsigned char, 1024> block{};
  if (::pread(fd, block.data(), block.size(), 1024) != static_cast<ssize_t>(block.size()))
    return false;
  const bool ext = block[0x38] == 0x53 && block[0x39] == 0xef;
  return ext && (block[0x60] & 4U) != 0;
}

Fd open_beneath(int directory, const std::string& file) {
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  return Fd(static_cast<int>(::syscall(SYS_openat2, directory, file.c_str(), &how, sizeof how)));
}

Result<Secret> read_key(int directory, const std::string& file) {
  const std::string what = "cannot read the key file '" + printable(file) + "'";
  const Fd fd = open_beneath(directory, file);
  if (!fd && errno == ENOENT)
    return Error{Code::missing, what, "it is not on the keys volume",
                 "see: latchkey check --with-keys"};
  if (!fd && (errno == ELOOP || errno == EXDEV))
    return Error{Code::refused, what, "it is a link", "replace it by the file itself"};
  if (!fd) return system_error(errno, what);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return system_error(errno, what);
  if (!S_ISREG(info.st_mode)) return Error{Code::refused, what, "it is no regular file", ""};
  if (info.st_size <= 0 || static_cast<std::size_t>(info.st_size) > key_limit)
    return Error{Code::refused, what,
                 "it has " + std::to_string(info.st_size) + " bytes and not 1 to " +
                     std::to_string(key_limit),
                 ""};
  return read_secret(fd.get(), static_cast<std::size_t>(info.st_size));
}

MappingRequest keys_request(const KeysVolume& volume, bool writable) {
  return {.device = volume.device.path(),
          .mapping = volume.mapping,
          .name = "keys",
          .uuid = volume.uuid,
          .read_only = !writable,
          .hidden = true};
}

// Open mapping with removal already asked for: from here on the descriptor is
// all that keeps it.
Result<Fd> open_keys(const KeysVolume& volume, const Secret& passphrase, bool writable) {
  if (auto opened = open_mapping(keys_request(volume, writable), passphrase); !opened)
    return opened.error();
  const std::string node = "/dev/mapper/" + volume.mapping;
  Fd fd(::open(node.c_str(), O_RDONLY | O_CLOEXEC));
  Result<> held = fd ? close_mapping_when_unused(volume.mapping)
                     : Result<>(system_error(errno, "cannot open '" + node + "'"));
  if (held) return fd;
  fd.reset();
  (void)close_mapping(volume.mapping);
  return held.error();
}

Result<> wait_until_closed(const KeysVolume& volume) {
  const auto gone = [&] { return !find_mapping(volume.mapping); };
  if (wait_for_devices(gone, std::chrono::seconds(2))) return Ok{};
  return close_mapping(volume.mapping);
}

}  // namespace

Result<std::vector<KeyRead>> read_keys(const KeysPlace& place,
                                       const std::vector<std::string>& files,
                                       const Secret& passphrase,
                                       const std::function<void(const std::string&)>& say) {
  if (auto left = leave_mount_namespace(); !left) return left.error();
  auto mapping = open_keys(place.volume, passphrase, false);
  if (!mapping) return mapping.error();
  bool replay = false;
  if (journal_is_dirty(mapping->get())) {
    say("the keys volume was not closed cleanly; its journal is replayed");
    mapping->reset();
    if (auto closed = wait_until_closed(place.volume); !closed) return closed.error();
    auto writable = open_keys(place.volume, passphrase, true);
    replay = static_cast<bool>(writable);
    // A device that cannot be written still gives the keys that are not in the
    // journal, which is nearly always all of them.
    if (!writable) writable = open_keys(place.volume, passphrase, false);
    if (!writable) return writable.error();
    *mapping = std::move(*writable);
  }
  std::vector<KeyRead> keys;
  {
    const auto mounted =
        mount_keys("/dev/mapper/" + place.volume.mapping, place.mount_point, replay);
    if (!mounted) return mounted.error();
    const Fd directory(::open(mounted->path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return system_error(errno, "cannot read the keys volume");
    for (const std::string& file : files)
      keys.push_back({file, read_key(directory.get(), file)});
  }
  mapping->reset();
  if (auto closed = wait_until_closed(place.volume); !closed) return closed.error();
  ::rmdir(place.mount_point.c_str());
  return keys;
}

}  // namespace latchkey
