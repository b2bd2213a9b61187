// SPDX-License-Identifier: GPL-3.0-or-later
// A keys volume in a loop device, for the commands on its slots. Needs root and loop devices;
// without them it is not usable and nothing is proved.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/place.hpp"
#include "support/child.hpp"
#include "support/loop_disk.hpp"
#include "support/luks_edit.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/key_slots.hpp"
#include "sys/luks/luks.hpp"

namespace latchkey::test {

inline const PassphraseCost cheap{.memory_kib = 32, .threads = 1, .milliseconds = 1};

inline Secret secret_of(std::string_view text) {
  Secret out(text.size());
  REQUIRE(out.append(text));
  return out;
}

// A made-up root whose keys volume has the passphrase "first one" in slot 0.
class KeysHeader {
 public:
  KeysHeader() {
    if (!loop_.usable()) return;
    place_.put("etc/latchkey/latchkey.conf", "[keys]\ndevice = \"" + device_ + "\"\n");
    place_.put("etc/latchkey/volumes", "data no-such-vg/data /srv/no-such-data ext4\n");
    REQUIRE(LuksDevice::format({.place = {.device = device_,
                                          .name = "keys",
                                          .uuid = "0f7a6b1c-2222-4222-8333-444455556666"}},
                               secret_of("first one"), cheap));
  }
  [[nodiscard]] bool usable_here() const { return loop_.usable_here(); }

  [[nodiscard]] LuksDevice luks() const {
    auto opened = LuksDevice::open({.device = device_, .name = "keys"});
    REQUIRE(opened);
    return std::move(*opened);
  }
  void add(int slot, const std::string& passphrase, const std::string& name = {}) const {
    LuksDevice header = luks();
    REQUIRE(header.add_slot(secret_of("first one"), secret_of(passphrase), cheap, slot));
    if (!name.empty()) REQUIRE(header.name_slot(slot, name));
  }
  /// The slot says that it wants 256 MiB, whatever it wanted.
  void make_costly(int slot) const {
    const Fd disk(::open(device_.c_str(), O_RDWR | O_CLOEXEC));
    std::string header(1U << 20U, '\0');
    REQUIRE(::pread(disk.get(), header.data(), header.size(), 0) == 1L << 20U);
    header = edited_luks2(header, [slot](nlohmann::json& json) {
      json["keyslots"][std::to_string(slot)]["kdf"]["memory"] = 256 * 1024;
    });
    REQUIRE(::pwrite(disk.get(), header.data(), header.size(), 0) == 1L << 20U);
  }
  /// The same with 100 MiB of memory left, for all that the program can see.
  [[nodiscard]] Done run_tight(std::vector<std::string> words, const std::string& input) const {
    std::vector<std::string> argv{"unshare",
                                  "--mount",
                                  "sh",
                                  "-c",
                                  "mount --bind \"$1\" /proc/meminfo && shift && exec \"$@\"",
                                  "sh",
                                  place_.put("meminfo", "MemAvailable: 102400 kB\n"),
                                  LATCHKEY_PROGRAM,
                                  "--root",
                                  place_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, input);
  }
  [[nodiscard]] Done run(std::vector<std::string> words, const std::string& input) const {
    std::vector<std::string> argv{LATCHKEY_PROGRAM, "--root", place_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, input);
  }
  // A shell tells a killed program by its status, and closes descriptors.
  [[nodiscard]] Done run_in_shell(const std::vector<std::string>& words, const std::string& input,
                                  const std::string& redirection = {}) const {
    std::vector<std::string> argv{
        "/bin/sh", "-c",         "\"$@\" " + redirection + "; exit $?", "sh", LATCHKEY_PROGRAM,
        "--root",  place_.path()};
    argv.insert(argv.end(), words.begin(), words.end());
    return run_program(argv, input);
  }
  [[nodiscard]] std::vector<int> opened_by(const std::string& passphrase) const {
    return slots_opened_by(luks(), secret_of(passphrase)).value();
  }
  [[nodiscard]] const std::string& device() const { return device_; }
  [[nodiscard]] const Place& place() const { return place_; }

 private:
  Place place_{};
  LoopDisk loop_{place_.path("disk")};
  std::string device_ = loop_.path();
};

}  // namespace latchkey::test
