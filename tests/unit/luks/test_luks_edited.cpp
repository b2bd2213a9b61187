// SPDX-License-Identifier: GPL-3.0-or-later
// Headers as who holds the disk may edit them, on plain files: none is opened that must not
// be, none ends the program, none costs more time than it may.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "core/luks/luks_slots.hpp"
#include "support/catch.hpp"
#include "support/luks1.hpp"
#include "support/luks_edit.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/luks/luks.hpp"
#include "sys/luks/luks_session.hpp"

using namespace latchkey;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

// A volume whose header has one slot for a key that was drawn.
class Disk {
 public:
  Disk() {
    std::ofstream(path_).close();
    std::filesystem::resize_file(path_, 32U << 20U);
    auto drawn = RandomKey::draw();
    REQUIRE(drawn);
    key_.emplace(std::move(*drawn));
    REQUIRE(LuksDevice::format({.place = place()}, *key_));
    made_ = *read_file(path_, 64U << 20U);
  }

  [[nodiscard]] LuksPlace place(const std::string& cipher = "") const {
    return {.device = path_,
            .name = "data",
            .uuid = "0f7a6b1c-1111-4222-8333-444455556666",
            .cipher = cipher};
  }
  [[nodiscard]] const Secret& key() const { return key_->secret(); }

  // As it was made, but for this.
  void edit(const std::function<void(json&)>& change) const {
    std::ofstream(path_, std::ios::binary) << test::edited_luks2(made_, change);
  }

  // Why the volume is not opened: "" when it is.
  [[nodiscard]] std::string refusal(const std::function<void(json&)>& change) const {
    edit(change);
    const auto opened = LuksDevice::open(place());
    if (opened) return "";
    CHECK(opened.error().code == Code::refused);
    return opened.error().why;
  }

 private:
  test::TempFolder folder_;
  std::string path_ = folder_.file("disk");
  std::optional<RandomKey> key_;
  std::string made_;
};

// The first number or text of this name in the header's only slot or digest.
json& slot(json& header) { return header["keyslots"]["0"]; }
json& digest(json& header) { return header["digests"]["0"]; }

}  // namespace

TEST_CASE("Must 2: a header whose cipher is none is refused, and ends no program") {
  const Disk disk;
  for (const char* cipher : {"-xts", "-", "cipher_null-ecb", "cipher_null-xts-plain64"}) {
    INFO(cipher);
    CHECK(disk.refusal([&](json& header) { header["segments"]["0"]["encryption"] = cipher; }) ==
          "its header says that the data is not encrypted");
  }
}

TEST_CASE("Must 2: a header with another cipher than was recorded is refused") {
  const Disk disk;
  CHECK(LuksDevice::open(disk.place("aes-xts-plain64")));
  disk.edit([](json& header) { header["segments"]["0"]["encryption"] = "serpent-xts-plain64"; });
  const auto refused = LuksDevice::open(disk.place("aes-xts-plain64"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(refused.error().what == "will not open 'data'");
  CHECK(refused.error().why ==
        "its header says the cipher serpent-xts-plain64, and aes-xts-plain64 was recorded for it");
  CHECK(refused.error().hint ==
        "if this header is not from you, restore your own from a backup: latchkey restore FILE; if "
        "you "
        "reencrypted the volume, write x-latchkey.cipher=serpent-xts-plain64 into its line of "
        "/etc/latchkey/volumes, and run: update-initramfs -u -k all");
  CHECK_FALSE(Openable::read({.device = disk.place().device,
                              .mapping = "m",
                              .name = "data",
                              .cipher = "aes-xts-plain64"}));
  // The key opens it, which is the danger: only what was recorded tells.
  const auto unrecorded = LuksDevice::open(disk.place());
  REQUIRE(unrecorded);
  CHECK(unrecorded->try_key(disk.key()));
  CHECK(LuksDevice::open(disk.place("serpent-xts-plain64")));
}

TEST_CASE("Must 5: a digest whose cost is no number, or too large a one, is refused") {
  const Disk disk;
  for (const json& rounds : {json(-1), json("4294967295"), json(4294967295.0), json(nullptr),
                             json::array({1000}), json(true)}) {
    INFO(rounds.dump());
    CHECK(disk.refusal([&](json& header) { digest(header)["iterations"] = rounds; }) ==
          "its header does not say in a number how many rounds prove the key");
  }
  CHECK(disk.refusal([](json& header) { digest(header).erase("iterations"); }) ==
        "its header does not say in a number how many rounds prove the key");
  CHECK(disk.refusal([](json& header) { digest(header)["iterations"] = 4294967295; }) ==
        "its header asks for 4294967295 rounds to prove the key");
}

TEST_CASE("case 30: a header without a key slot that may be tried is told as such") {
  const Disk disk;
  const auto tried = [&](const std::function<void(json&)>& change) {
    disk.edit(change);
    const auto opened = LuksDevice::open(disk.place());
    REQUIRE(opened);
    const auto slot = opened->try_key(disk.key());
    REQUIRE_FALSE(slot);
    return slot.error();
  };
  for (const Error& error :
       {tried([](json& header) {
          header["keyslots"] = json::object();
          for (json& digest : header["digests"]) digest["keyslots"] = json::array();
        }),
        tried([](json& header) { header["keyslots"]["0"]["priority"] = 0; })}) {
    CHECK(error.code == Code::damaged);
    CHECK(error.why == "its header has no key slot that may be tried, so nothing opens it");
  }
}

TEST_CASE("Must 5: a slot that asks for too much work is refused") {
  const Disk disk;
  const auto asks = [&](const json& kdf) {
    return disk.refusal([&](json& header) { slot(header)["kdf"].update(kdf); });
  };
  const json argon2{{"type", "argon2id"}, {"time", 4}, {"memory", 1048576}, {"cpus", 4}};
  CHECK(asks(argon2).empty());
  json much = argon2;
  much["cpus"] = 100'000;
  CHECK(asks(much) == "its key slot 0 asks for 100000 threads");
  much = argon2;
  much["time"] = 1000;
  much["memory"] = 4194304;
  CHECK(asks(much) == "its key slot 0 asks for 1000 passes over 4096 MiB of memory");
}

TEST_CASE("Must 5: the digest of a LUKS1 header is judged too") {
  const test::TempFolder folder;
  const std::string file = folder.file("disk");
  std::ofstream(file).close();
  std::filesystem::resize_file(file, 32U << 20U);
  test::Luks1({.device = file, .name = "data"}).slot("pass");
  const auto opened = [&] { return LuksDevice::open({.device = file, .name = "data"}); };
  REQUIRE(opened());
  CHECK(luks1_digest_rounds(read_file(file, 64U << 20U)->substr(0, 592)) == 1000);
  {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(164);
    out.write("\xff\xff\xff\xff", 4);
  }
  const auto refused = opened();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(refused.error().why == "its header asks for 4294967295 rounds to prove the key");
}

// LUKS1 knows no priorities: its slots are tried in their order.
TEST_CASE("a random key behind costly passphrases opens a LUKS1 volume at once") {
  const test::TempFolder folder;
  const std::string file = folder.file("disk");
  std::ofstream(file).close();
  std::filesystem::resize_file(file, 32U << 20U);
  {
    test::Luks1 header({.device = file, .name = "data"});
    header.slot("passphrase", 4'000'000);
    header.slot("drawn");
  }
  const auto device = LuksDevice::open({.device = file, .name = "data"});
  REQUIRE(device);
  const auto seconds_with = [&](std::string_view key) {
    Secret secret(key.size());
    REQUIRE(secret.append(key));
    const auto began = std::chrono::steady_clock::now();
    REQUIRE(device->try_passphrase(secret));
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  CHECK(seconds_with("drawn") * 3 < seconds_with("passphrase"));
}

TEST_CASE("Must 5: a key is tried as long as open_timeout says, and no longer") {
  const Disk disk;
  disk.edit([](json& header) { slot(header)["kdf"]["iterations"] = 200'000'000; });
  LuksPlace place = disk.place();
  place.patience = 1s;
  const auto opened = LuksDevice::open(place);
  REQUIRE(opened);
  const auto began = std::chrono::steady_clock::now();
  const auto tried = opened->try_key(disk.key());
  CHECK(std::chrono::steady_clock::now() - began < 20s);
  REQUIRE_FALSE(tried);
  CHECK(tried.error().code == Code::timeout);
  CHECK(tried.error().why == "its key derivation took longer than 1 s");
  CHECK(opened->try_passphrase(disk.key()).error().code == Code::timeout);
  CHECK(tried.error().hint.starts_with("raise open_timeout in [boot] if the machine is that slow"));

  // All that tries a key of a configured volume waits as long as an unlock does.
  BootConfig boot;
  boot.open_timeout = 180s;
  const Volume volume;
  CHECK(place_of(volume, boot).patience == 180s);
}

TEST_CASE("Must 5: a derivation has its time, and says what came of it") {
  LuksSession session;
  const auto key = RandomKey::draw();
  REQUIRE(key);
  const auto derive = [&](std::chrono::milliseconds patience,
                          const std::function<int(const Secret&)>& work) {
    return session.derive_within(patience, key->secret(), work);
  };
  const auto began = std::chrono::steady_clock::now();
  CHECK(derive(50ms, [](const Secret&) { return ::poll(nullptr, 0, 60'000); }) == -ETIME);
  CHECK(std::chrono::steady_clock::now() - began < 20s);
  CHECK(derive(60s, [](const Secret&) -> int { ::_exit(9); }) == -ENOMEM);
  const std::size_t size = key->secret().size();
  CHECK(derive(60s, [&](const Secret& sent) {
          session.said = "a word";
          return sent.size() == size ? -7 : 1;
        }) == -7);
  CHECK(session.said == "a word");
}

// A child that a hanging disk keeps would keep the locks of its caller, the open keys volume,
// and the ssh session.
TEST_CASE("a derivation has the files of its device, and none of its caller's") {
  const test::TempFolder folder;
  const std::string device = folder.file("device");
  const std::string other = folder.file("setup.lock");
  for (const std::string& file : {device, other}) REQUIRE(write_file(file, "x", 0600));
  std::filesystem::resize_file(device, 32U << 20U);
  LuksSession session;
  REQUIRE(session.init({.device = device, .name = "www"}));
  const Fd own(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd lock(::open(other.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd keys(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd chance(::open("/dev/urandom", O_RDONLY | O_CLOEXEC));
  const auto key = RandomKey::draw();
  REQUIRE(key);
  CHECK(session.derive_within(60s, key->secret(), [&](const Secret&) {
    const auto is_open = [](const Fd& fd) { return ::fcntl(fd.get(), F_GETFD) >= 0 ? 1 : 0; };
    const bool silent = ::isatty(STDOUT_FILENO) == 0 &&
                        std::filesystem::read_symlink("/proc/self/fd/1") == "/dev/null";
    return is_open(own) + 2 * is_open(lock) + 4 * is_open(keys) + 8 * is_open(chance) +
           (silent ? 16 : 0);
  }) == 1 + 8 + 16);
  CHECK(lock);
}
