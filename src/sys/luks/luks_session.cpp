// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/luks_session.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/luks/luks_limits.hpp"
#include "core/luks/luks_slots.hpp"
#include "core/luks/open_error.hpp"
#include "core/luks/recorded_header.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"
#include "sys/luks/luks_bytes.hpp"
#include "sys/process/worker.hpp"
#include "sys/storage/disk_health.hpp"

namespace latchkey {
namespace {

void keep_error(int level, const char* text, void* user) {
  if (level != CRYPT_LOG_ERROR) return;
  static_cast<LuksSession*>(user)->said = trim(text);
}

// The digest of a header is a derivation too, and the library's interface does not tell its
// cost: that of LUKS2 stands in the header's JSON, that of LUKS1 in its bytes.
std::optional<std::uint64_t> costliest_digest(const LuksSession& session) {
  if (text_of(crypt_get_type(session.get())) == CRYPT_LUKS2) {
    const char* json = nullptr;
    if (crypt_dump_json(session.get(), &json, 0) != 0) return {};
    return luks2_digest_rounds(text_of(json));
  }
  const auto bytes = read_luks_bytes(session.header_device());
  return bytes ? luks1_digest_rounds(*bytes) : std::nullopt;
}

// Locks, open keys and folders of the caller would be in use for as long as a disk hangs. The
// library goes on with what it has open: the device, /dev/mapper/control and /dev/urandom.
void let_go_of_files(const LuksSession& session) {
  struct stat data {};
  struct stat header {};
  (void)::stat(text_of(crypt_get_device_name(session.get())).c_str(), &data);
  (void)::stat(session.header_device().c_str(), &header);
  const auto is = [](const struct stat& one, const struct stat& other) {
    return S_ISBLK(one.st_mode) ? S_ISBLK(other.st_mode) && one.st_rdev == other.st_rdev
                                : one.st_dev == other.st_dev && one.st_ino == other.st_ino;
  };
  for (const std::string& name : names_in("/proc/self/fd")) {
    const auto fd = static_cast<int>(parse_number(name, 1U << 30U).value_or(0));
    struct stat info {};
    if (fd <= STDERR_FILENO || ::fstat(fd, &info) != 0) continue;
    const bool ours = S_ISBLK(info.st_mode) || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
    if (ours && !is(info, data) && !is(info, header)) ::close(fd);
  }
  let_go_of_stdio();
}

}  // namespace

Result<> LuksSession::ask(const LuksPlace& place) {
  std::vector<std::string> paths{place.device};
  if (!place.header.empty()) paths.push_back(place.header);
  const auto answers = ask_disks(paths);
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (!answers[i] && answers[i].error().code == Code::timeout)
      return Error{Code::timeout, "cannot open '" + place.name + "'",
                   "'" + paths[i] + "' cannot be read: " + answers[i].error().why,
                   unread_disk_hint()};
  return Ok{};
}

std::string LuksSession::reason(int r) const {
  if (said.empty()) return std::strerror(-r);
  return printable(header_node.as_given(data_node.as_given(said)), 300);
}

std::string LuksSession::header_device() const {
  const char* const apart = crypt_get_metadata_device_name(get());
  return text_of(apart == nullptr ? crypt_get_device_name(get()) : apart);
}

Result<> LuksSession::init(const LuksPlace& place, bool quiet) {
  std::string data_path = place.device;
  std::string header_path = place.header;
  if (quiet) {
    data_node = QuietNode(place.device);
    data_path = data_node.path();
    if (!place.header.empty()) {
      header_node = QuietNode(place.header);
      header_path = header_node.path();
    }
  }
  crypt_device* cd = nullptr;
  // Before there is a context, the library tells whoever listens to all, or else stderr.
  crypt_set_log_callback(nullptr, keep_error, this);
  const int r = place.header.empty()
                    ? crypt_init(&cd, data_path.c_str())
                    : crypt_init_data_device(&cd, header_path.c_str(), data_path.c_str());
  crypt_set_log_callback(nullptr, nullptr, nullptr);
  device.reset(cd);
  if (r < 0)
    return system_error(-r, "cannot open '" + place.name + "' on '" +
                                (place.header.empty() ? place.device : place.header) + "'");
  crypt_set_log_callback(cd, keep_error, this);
  return Ok{};
}

Result<LuksHeader> LuksSession::load(const LuksPlace& place, bool quiet) {
  const std::string what = "cannot open '" + place.name + "'";
  const std::string& where = place.header.empty() ? place.device : place.header;
  patience = place.patience;
  if (auto begun = init(place, quiet); !begun) return begun.error();
  const int r = crypt_load(get(), CRYPT_LUKS, nullptr);
  if (r < 0)
    if (const auto read = read_from_disk(where); !read)
      return Error{Code::io, what, "'" + where + "' cannot be read: " + read.error().why,
                   unread_disk_hint()};
  if (r == -EINVAL || r == -EBADMSG)
    return Error{Code::damaged, what, "'" + where + "' has no valid LUKS header",
                 "if it had one: latchkey restore FILE, with a backup; nothing was written"};
  if (r == -ENOMEM) return Error{Code::memory, what, reason(r), less_memory_hint()};
  if (r < 0) return Error{Code::io, what, reason(r), unread_disk_hint()};
  return judge(place);
}

Result<LuksHeader> LuksSession::judge(const LuksPlace& place) const {
  crypt_device* const cd = get();
  LuksHeader header;
  header.type = text_of(crypt_get_type(cd));
  header.uuid = text_of(crypt_get_uuid(cd));
  // None of either where the header's text is no cipher: that is refused as if it said so.
  if (const std::string cipher = text_of(crypt_get_cipher(cd)); !cipher.empty())
    header.cipher = cipher + "-" + text_of(crypt_get_cipher_mode(cd));

  LuksCosts costs;
  costs.cipher = header.cipher;
  costs.digest_iterations = costliest_digest(*this);
  std::uint32_t flags = 0;
  if (header.type == "LUKS2" &&
      crypt_persistent_flags_get(cd, CRYPT_FLAGS_REQUIREMENTS, &flags) == 0)
    costs.requirements = flags != 0;
  const int slots = crypt_keyslot_max(crypt_get_type(cd));
  for (int slot = 0; slot < slots; ++slot) {
    const crypt_keyslot_info state = crypt_keyslot_status(cd, slot);
    if (state != CRYPT_SLOT_ACTIVE && state != CRYPT_SLOT_ACTIVE_LAST) continue;
    crypt_pbkdf_type kdf{};
    std::size_t key_size = 0;
    SlotCost cost{.slot = slot,
                  .cipher = text_of(crypt_keyslot_get_encryption(cd, slot, &key_size))};
    if (crypt_keyslot_get_pbkdf(cd, slot, &kdf) == 0) {
      cost.kdf = text_of(kdf.type);
      cost.iterations = kdf.iterations;
      cost.memory_kib = kdf.max_memory_kb;
      cost.threads = kdf.parallel_threads;
    }
    header.memory_kib = std::max(header.memory_kib, cost.memory_kib);
    costs.slots.push_back(std::move(cost));
  }
  header.slots = costs.slots;
  const RecordedHeader recorded{place.name, place.uuid, place.cipher, place.has_keys};
  if (auto refused = judge_uuid(header.uuid, recorded)) return *refused;
  crypt_params_integrity integrity{};
  header.integrity = crypt_get_integrity_info(cd, &integrity) == 0 && integrity.integrity != nullptr;
  if (auto refused = judge_costs(costs, place.name)) return *refused;
  if (auto refused = judge_cipher(header.cipher, recorded)) return *refused;
  return header;
}

int LuksSession::activate(const LuksHeader& header, const char* mapping, const Secret& key,
                          std::uint32_t flags, std::uint64_t memory_kib) const {
  const auto bytes = key.reveal();
  const auto attempt = [&](int slot) {
    return crypt_activate_by_passphrase(get(), mapping, slot, bytes.data(), bytes.size(), flags);
  };
  const auto counts = [&](const SlotCost& slot) {
    return crypt_keyslot_get_priority(get(), slot.slot) != CRYPT_SLOT_PRIORITY_IGNORE;
  };
  // The library says -ENOENT for this, and for a cipher that the kernel lacks.
  if (std::ranges::none_of(header.slots, counts)) return -ENOKEY;
  // Milliseconds each: behind passphrases, which LUKS1 tries in the order of their slots, a random
  // key would take as long as all of these.
  if (header.slots.size() > 1)
    for (const SlotCost& slot : header.slots) {
      if (!counts(slot) || !is_cheap(slot)) continue;
      // Others may open it where this one cannot even be tried.
      const int r = attempt(slot.slot);
      if (r >= 0 || r == -EEXIST || r == -EBUSY || r == -ENOMEM) return r;
    }
  if (memory_kib == 0 || header.memory_kib <= memory_kib) return attempt(CRYPT_ANY_SLOT);
  for (const SlotCost& slot : header.slots) {
    if (slot.memory_kib > memory_kib) continue;
    if (const int r = attempt(slot.slot); r != -EPERM) return r;
  }
  return -ENOMEM;
}

int LuksSession::derive_within(std::chrono::milliseconds most, const Secret& key,
                               const std::function<int(const Secret&)>& work) {
  // The key goes by the channel: a forked process sees none of its parent's.
  auto worker = Worker::fork([&](Channel& channel) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    let_go_of_files(*this);
    const auto sent = channel.receive_secret(key.size());
    if (!sent) return 1;
    const int r = work(*sent);
    return channel.send('D', std::to_string(r) + "\n" + said) ? 0 : 1;
  });
  if (!worker || !worker->channel().send_secret(key)) return -ENOMEM;
  pollfd answered{worker->channel().fd(), POLLIN, 0};
  // The owner may have said months, of which poll would make a time that is over or endless.
  const auto patient = std::min(most, std::chrono::milliseconds(std::chrono::hours(24)));
  int ready = -1;
  do {
    ready = ::poll(&answered, 1, static_cast<int>(patient.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return -ETIME;
  const auto answer = worker->channel().receive();
  const std::size_t end = answer ? answer->payload.find('\n') : std::string::npos;
  if (end == std::string::npos) return -ENOMEM;
  said = answer->payload.substr(end + 1);
  int r = -EIO;
  (void)std::from_chars(answer->payload.data(), answer->payload.data() + end, r);
  return r;
}

std::optional<Error> LuksSession::short_of_memory(std::uint64_t wanted_kib, int r,
                                                  std::uint64_t memory_kib, const std::string& what,
                                                  const std::string& hint) {
  if (r != -ENOMEM || memory_kib == 0 || wanted_kib <= memory_kib) return {};
  return Error{Code::memory, what,
               "its key slot needs " + std::to_string(wanted_kib / 1024) + " MiB of memory and " +
                   std::to_string(memory_kib / 1024) + " MiB are free",
               hint};
}

}  // namespace latchkey
