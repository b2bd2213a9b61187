// SPDX-License-Identifier: GPL-3.0-or-later
// Ending a volume for good: nothing opens what has no header.
#include <fcntl.h>
#include <libcryptsetup.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/luks_session.hpp"
#include "sys/storage/device.hpp"
#include "sys/storage/disk_health.hpp"
#include "sys/storage/signature.hpp"

namespace latchkey {
namespace {

constexpr std::uint64_t largest_header = 16ULL << 20U;  // as formatted by default

// How many bytes are the header and its key slots. What lies behind a header that
// is kept apart from its data is not known to be ours.
std::uint64_t header_bytes(LuksSession& session, const LuksPlace& place) {
  std::uint64_t size = crypt_get_data_offset(session.get()) * 512;
  std::uint64_t metadata = 0;
  std::uint64_t slots = 0;
  if (place.header.empty()) return size > 0 ? size : largest_header;
  if (crypt_get_metadata_size(session.get(), &metadata, &slots) == 0) return 2 * metadata + slots;
  for (int slot = 0; slot < crypt_keyslot_max(CRYPT_LUKS1); ++slot) {
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    if (crypt_keyslot_area(session.get(), slot, &begin, &length) == 0)
      size = std::max(size, begin + length);
  }
  return size > 0 ? size : largest_header;
}

// The size of a file that holds a header; a device has its own end.
std::optional<std::uint64_t> file_size(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return static_cast<std::uint64_t>(info.st_size);
}

// Keeps everybody else from mounting or opening the device, under whatever name, for as long as
// the descriptor lives. A device that is gone, with its header elsewhere, is nobody's; nor is a
// header's file.
Result<Fd> hold_alone(const std::string& device, const std::string& what) {
  if (!block_device(device)) return Fd();
  await_removed_mappings(device);
  Fd fd(::open(device.c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
  if (fd) return fd;
  if (errno != EBUSY) return system_error(errno, what);
  return Error{Code::busy, what, "something uses '" + device + "'",
               "nothing was wiped; see what it is: dmsetup ls --tree, findmnt"};
}

// What to do where libcryptsetup, with `r`, found no header that it could load: true when there is
// a damaged one to be wiped, false when nothing is left.
Result<bool> has_damaged_header(const LuksSession& session, const std::string& path, int r,
                                const std::string& what) {
  if (const auto read = read_from_disk(path); !read)
    return Error{Code::io, what, "'" + path + "' cannot be read: " + read.error().why,
                 unread_disk_hint()};
  if (r != -EINVAL && r != -EBADMSG) return slot_error(session, what, r);
  const auto left = find_signature(path);
  if (!left) return left.error();
  if (!*left) return false;
  if (**left == "crypto_LUKS") return true;
  return Error{Code::refused, what, "'" + path + "' holds " + **left + ", and no LUKS header",
               "nothing was wiped; see whose it is: lsblk -f"};
}

}  // namespace

Result<> wipe_header(const LuksPlace& place) {
  const std::string what = "cannot wipe the header of '" + place.name + "'";
  const std::string& path = written_to(place);
  if (auto answers = LuksSession::ask({.device = path, .name = place.name}); !answers)
    return answers;
  // Nobody mounts what gives no answer, and opening it may never end.
  const bool silent = !place.header.empty() && !ask_disk(place.device);
  const auto alone = silent ? Result<Fd>(Fd()) : hold_alone(place.device, what);
  if (!alone) return alone.error();
  const auto header_alone = place.header.empty() ? Result<Fd>(Fd()) : hold_alone(path, what);
  if (!header_alone) return header_alone.error();
  LuksSession session;
  // Its data, elsewhere, may be gone.
  if (auto begun = session.init({.device = path, .name = place.name}); !begun) return begun;
  const int loaded = crypt_load(session.get(), CRYPT_LUKS, nullptr);
  std::uint64_t size = largest_header;
  if (loaded == 0) {
    const std::string uuid = text_of(crypt_get_uuid(session.get()));
    if (!place.uuid.empty() && place.uuid != uuid)
      return Error{Code::refused, what, "another header is there, with the UUID " + printable(uuid),
                   "nothing was wiped; see whose it is: lsblk -f"};
    size = header_bytes(session, place);
  } else {
    const auto damaged = has_damaged_header(session, path, loaded, what);
    if (!damaged) return damaged.error();
    if (!*damaged) return Ok{};
  }
  if (const auto end = file_size(path)) size = std::min(size, *end);
  // Random bytes: an SSD may take zeroes for a discard, and keep the old cells.
  const int r = crypt_wipe(session.get(), path.c_str(), CRYPT_WIPE_RANDOM, 0, size, 1U << 20U, 0,
                           nullptr, nullptr);
  if (r < 0) return slot_error(session, what, r);
  return sync_device(path);
}

}  // namespace latchkey
