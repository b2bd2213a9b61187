// SPDX-License-Identifier: GPL-3.0-or-later
#include "latchkey/keys/backup_proof.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "core/base/message.hpp"
#include "core/config/config.hpp"
#include "latchkey/cli/admin.hpp"
#include "latchkey/cli/terminal.hpp"
#include "sys/base/fd.hpp"
#include "sys/keys/keys_volume.hpp"
#include "sys/luks/luks.hpp"
#include "sys/storage/loop.hpp"

namespace latchkey {

Result<HeaderFolder> HeaderFolder::make(const Paths& paths) {
  const std::string path = paths.run("headers");
  HeaderFolder folder(path);
  (void)folder.fresh();  // what a killed run left
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT)
    return system_error(errno, "cannot empty '" + path + "'");
  if (::mkdir(path.c_str(), 0700) != 0) return system_error(errno, "cannot make '" + path + "'");
  return folder;
}

std::chrono::seconds derivation_patience(const Paths& paths) {
  const std::string file = paths.etc("latchkey.conf");
  const auto text = read_file(file);
  const auto config = text ? parse_config(*text, file) : Result<Config>(text.error());
  return config ? config->boot.open_timeout : BootConfig{}.open_timeout;
}

HeaderFolder::HeaderFolder(HeaderFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

HeaderFolder::~HeaderFolder() {
  if (path_.empty()) return;
  (void)fresh();
  ::rmdir(path_.c_str());
}

std::string HeaderFolder::fresh() const {
  std::string file = path_ + "/header";
  ::unlink(file.c_str());
  return file;
}

Result<ProvedBackup> prove_backup(const Globals& globals, const BackupReader& backup,
                                  Secret passphrase) {
  const BackupPart& saved = backup.manifest().keys();
  auto loop = LoopDevice::attach(backup.file(), saved.offset, saved.size);
  if (!loop) return loop.error();
  KeysVolume volume;
  volume.device = {.kind = DeviceRef::Kind::path, .value = loop->path()};
  volume.mapping = "latchkey-backup-" + std::to_string(::getpid());
  volume.uuid = saved.uuid;
  auto keys = OpenKeys::open(volume, passphrase, KeysAccess::read,
                             [&](const std::string& text) { say(globals, text); });
  if (!keys) return keys.error();
  const auto seal = keys->read(backup_key_file);
  if (!seal) return seal.error();
  if (auto sealed = backup.check_seal(*seal); !sealed) return sealed.error();

  auto folder = HeaderFolder::make(globals.paths);
  if (!folder) return folder.error();
  ProvedBackup proved;
  const auto patience = derivation_patience(globals.paths);
  for (const BackupPart& part : backup.manifest().parts) {
    if (part.kind != BackupPart::Kind::header) continue;
    auto key = keys->read(part.key_file);
    if (!key) return key.error();
    const std::string file = folder->fresh();
    if (auto out = backup.extract(part, file); !out) return out.error();
    const auto header = LuksDevice::open(
        {.device = file, .name = part.name, .uuid = part.uuid, .patience = patience});
    if (!header) return header.error();
    const auto opened = header->try_key(*key);
    if (!opened && opened.error().code != Code::denied) return opened.error();
    if (!opened)
      return Error{Code::damaged, part.text() + " in the backup cannot be used",
                   "the key of the same backup does not open it",
                   "use another backup; while the volume still opens, make a new one: "
                   "latchkey backup FILE"};
    proved.keys.emplace(part.name, std::move(*key));
  }
  if (auto closed = keys->close(); !closed) return closed.error();
  proved.passphrase = std::move(passphrase);
  return proved;
}

Result<ProvedBackup> prove_backup(const Globals& globals, const BackupReader& backup,
                                  Asker& asker) {
  std::optional<ProvedBackup> proved;
  const auto done =
      with_passphrase(globals, asker, passphrase_prompt, [&](Secret passphrase) -> Result<> {
        auto one = prove_backup(globals, backup, std::move(passphrase));
        if (!one) return one.error();
        proved = std::move(*one);
        return Ok{};
      });
  if (!done) return done.error();
  return std::move(*proved);
}

}  // namespace latchkey
