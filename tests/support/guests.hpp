// SPDX-License-Identifier: GPL-3.0-or-later
// The guests that the stories share. Each is made when it is first asked for, and
// every story begins from a snapshot of it.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "support/machine.hpp"

namespace latchkey::test {

class Guests {
 public:
  /// Four volumes, a database and a web server on two of them, both held. Waits in
  /// early boot; snapshot `early`.
  Machine& services();
  /// Four small volumes and nothing else: boots faster. Snapshot `early`.
  Machine& plain();
  /// plain(), brought once by `make` to where a story begins; later from the snapshot of that name.
  Machine& plain(const std::string& snapshot, const std::function<void(Machine&)>& make);
  /// plain(), unlocked, booted and mounted. Snapshot `unlocked`.
  Machine& unlocked();
  /// plain(), booted on without the data. Snapshot `continued`.
  Machine& continued();
  /// The same, and no image is built in it: /boot is a file system of its own, in memory.
  Machine& unlocked_without_images();
  /// The data of PostgreSQL, Apache and Docker on a volume each, not held yet. Waits in
  /// early boot; snapshot `early`.
  Machine& packages();
  /// The package and nothing set up: an empty volume group `system` of 4 GiB, the
  /// tools of four file systems, nginx running. At its login; snapshot `login`.
  /// Its passphrase is `bare_passphrase` until the story chooses another.
  Machine& bare();
  /// What an older set of scripts has kept for years, and the package beside it, not
  /// set up: see vm/guest/legacy-host and vm/guest/legacy-volumes. Five volumes with
  /// a file SHA256SUMS each, three services that the boot does not start, all files
  /// in /root/encrypted-volumes. At its login; snapshot `login`.
  Machine& legacy();

  /// Two small volumes on a machine that runs sysvinit; nginx and `slow` (see
  /// vm/guest/sysv-host) held, `plain` not. Waits in early boot; snapshot `early`.
  Machine& sysvinit();

  static constexpr const char* bare_passphrase = "a passphrase that the story chose";

 private:
  using Make = std::function<std::unique_ptr<Machine>(const std::string& name)>;
  Machine& get(const std::string& name, const Make& make);

  // Asking for one more than may run ends the one that no story has asked for longest.
  std::list<std::pair<std::string, std::unique_ptr<Machine>>> running_{};
};

/// These options of a guest, and those that make an emulated one quick: the processor's own leaks
/// are not what is tested here, and an image that holds the modules of this machine only is
/// built, unpacked and looked into sooner.
[[nodiscard]] std::vector<std::string> quick(std::vector<std::string> options);

/// What `tools/vm up` makes the guest of sysvinit() with.
[[nodiscard]] std::vector<std::string> sysvinit_options();

/// The guests of this test program.
[[nodiscard]] Guests& guests();

}  // namespace latchkey::test
