// SPDX-License-Identifier: GPL-3.0-or-later
#include <libcryptsetup.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/message.hpp"
#include "core/luks/luks_ciphers.hpp"
#include "core/luks/luks_slots.hpp"
#include "support/catch.hpp"
#include "sys/base/digest.hpp"
#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"
#include "sys/luks/luks_bytes.hpp"

using namespace latchkey;

namespace {

using Session = Handle<crypt_device, crypt_free>;

// A header that libcryptsetup makes on a plain file.
class Header {
 public:
  explicit Header(const char* type) {
    const Fd fd(::mkstemp(path_));
    REQUIRE(fd);
    REQUIRE(::ftruncate(fd.get(), 32 << 20) == 0);
    crypt_device* raw = nullptr;
    REQUIRE(::crypt_init(&raw, path_) == 0);
    session_.reset(raw);
    // The digest of the volume key is a key derivation too.
    pbkdf("pbkdf2", 1000, 0);
    REQUIRE(::crypt_format(raw, type, "aes", "xts-plain64", nullptr, nullptr, 64, nullptr) == 0);
  }
  Header(const Header&) = delete;
  Header& operator=(const Header&) = delete;
  ~Header() { ::unlink(path_); }

  void add_slot(int slot, const char* kdf, std::uint32_t rounds, std::uint32_t kib) {
    pbkdf(kdf, rounds, kib);
    REQUIRE(::crypt_keyslot_add_by_volume_key(session_.get(), slot, nullptr, 0, "pass", 4) == slot);
  }
  void remove_slot(int slot) { REQUIRE(::crypt_keyslot_destroy(session_.get(), slot) == 0); }
  [[nodiscard]] std::string path() const { return path_; }

  [[nodiscard]] std::vector<SlotCost> slots() const {
    const auto bytes = read_luks_bytes(path_);
    REQUIRE(bytes);
    const auto slots = parse_luks_slots(*bytes);
    REQUIRE(slots);
    return *slots;
  }

 private:
  void pbkdf(const char* kdf, std::uint32_t rounds, std::uint32_t kib) {
    crypt_pbkdf_type type{};
    type.type = kdf;
    type.hash = "sha256";
    type.iterations = rounds;
    type.max_memory_kb = kib;
    type.parallel_threads = kib == 0 ? 0 : 1;
    type.flags = CRYPT_PBKDF_NO_BENCHMARK;
    REQUIRE(::crypt_set_pbkdf_type(session_.get(), &type) == 0);
  }

  char path_[32] = "/tmp/latchkey-slots-XXXXXX";
  Session session_;
};

std::string text(const std::optional<Error>& error) {
  return error ? error_text("latchkey", *error) : "nothing";
}

SlotCost cheap() { return {.kdf = "pbkdf2", .iterations = 1000}; }
SlotCost rounds(std::uint64_t count) { return {.slot = 1, .kdf = "pbkdf2", .iterations = count}; }
SlotCost argon(std::uint64_t kib) {
  return {.slot = 2, .kdf = "argon2id", .iterations = 4, .memory_kib = kib, .threads = 4};
}

constexpr std::uint64_t gib = 1024 * 1024;

}  // namespace

TEST_CASE("the slots of a real LUKS2 header are read as they are, and only read") {
  Header header(CRYPT_LUKS2);
  header.add_slot(0, "argon2id", 4, 32);
  header.add_slot(3, "pbkdf2", 1500, 0);
  header.add_slot(12, "argon2i", 5, 64);
  const std::string before = sha256(*read_file(header.path(), 64U << 20U));
  const auto slots = header.slots();
  REQUIRE(slots.size() == 3);
  CHECK(slots[0].slot == 0);
  CHECK(slots[0].kdf == "argon2id");
  CHECK(slots[0].iterations == 4);
  CHECK(slots[0].memory_kib == 32);
  CHECK(slots[0].threads == 1);
  CHECK(slots[0].cipher == "aes-xts-plain64");
  CHECK(slots[1].slot == 3);
  CHECK(slots[1].kdf == "pbkdf2");
  CHECK(slots[1].iterations == 1500);
  CHECK(slots[1].memory_kib == 0);
  CHECK(slots[2].slot == 12);
  CHECK(slots[2].kdf == "argon2i");
  CHECK(sha256(*read_file(header.path(), 64U << 20U)) == before);
  header.remove_slot(0);
  CHECK(header.slots().size() == 2);
}

TEST_CASE("a header that asks for more than opening is known by its own list") {
  Header header(CRYPT_LUKS2);
  header.add_slot(0, "pbkdf2", 1000, 0);
  std::string bytes = *read_luks_bytes(header.path());
  CHECK_FALSE(has_requirements(bytes));
  const std::string list = R"("config":{)";
  const std::size_t at = bytes.find(list);
  REQUIRE(at != std::string::npos);
  const std::string more = R"("requirements":{"mandatory":["online-reencrypt-v2"]},)";
  // The text ends in zeros, which make room.
  bytes.erase(bytes.size() - more.size());
  bytes.insert(at + list.size(), more);
  CHECK(has_requirements(bytes));
  CHECK_FALSE(has_requirements(""));
  Header old(CRYPT_LUKS1);
  CHECK_FALSE(has_requirements(*read_luks_bytes(old.path())));
}

TEST_CASE("the slots of a real LUKS1 header are read") {
  Header header(CRYPT_LUKS1);
  CHECK(header.slots().empty());
  header.add_slot(1, "pbkdf2", 1234, 0);
  header.add_slot(7, "pbkdf2", 200000, 0);
  const auto slots = header.slots();
  REQUIRE(slots.size() == 2);
  CHECK(slots[0].slot == 1);
  CHECK(slots[0].kdf == "pbkdf2");
  CHECK(slots[0].iterations == 1234);
  CHECK(slots[1].slot == 7);
  CHECK(slots[1].iterations == 200000);
}

TEST_CASE("what is no whole header has no slots to tell of") {
  Header header(CRYPT_LUKS2);
  header.add_slot(0, "pbkdf2", 1000, 0);
  const auto bytes = read_luks_bytes(header.path());
  REQUIRE(bytes);
  for (const std::string& wrong :
       {std::string(), bytes->substr(0, 3), bytes->substr(0, 4096), std::string(8192, 'x'),
        bytes->substr(0, 4096) + std::string(bytes->size() - 4096, '{')}) {
    const auto slots = parse_luks_slots(wrong);
    REQUIRE_FALSE(slots);
    CHECK(slots.error().code == Code::damaged);
  }
  std::string luks1 = "LUKS\xba\xbe";
  luks1 += std::string("\0\1", 2) + std::string(100, '\0');
  CHECK_FALSE(parse_luks_slots(luks1));
}

TEST_CASE("hostile JSON in a header gives no slots and no crash") {
  std::string header = "LUKS\xba\xbe";
  header += std::string("\0\2\0\0\0\0\0\0\x20\0", 10);  // LUKS2, 8192 bytes
  header.resize(4096);
  for (const char* json :
       {"{}", "{\"keyslots\":[]}", "{\"keyslots\":{\"x\":{}, \"99\":{}, \"1\":7}}",
        "{\"keyslots\":{\"1\":{\"kdf\":{\"type\":7}}}}", "{\"keyslots\":{\"1\":{\"kdf\":[]}}}"}) {
    std::string bytes = header + json;
    bytes.resize(8192);
    const auto slots = parse_luks_slots(bytes);
    REQUIRE(slots);
    CHECK(slots->empty());
  }
}

TEST_CASE("Must 5: a nested or crowded header gives no slots, no names and no crash") {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  std::string crowd = "{";
  for (int i = 0; i < 33; ++i) crowd += "\"" + std::to_string(i) + "\":{},";
  crowd.back() = '}';
  for (const std::string part : {"keyslots", "tokens", "config"})
    for (const std::string& inside : {"{\"0\":" + deep + "}", deep, crowd}) {
      if (part == "config" && inside == crowd) continue;
      std::string bytes = "LUKS\xba\xbe";
      bytes += std::string("\0\2\0\0\0\0\0\x40\0\0", 10);  // LUKS2, 4 MiB
      bytes.resize(4096);
      bytes += "{\"" + part + "\":" + inside + "}";
      bytes.resize(4U << 20U);
      INFO(part);
      const auto slots = parse_luks_slots(bytes);
      REQUIRE_FALSE(slots);
      CHECK(slots.error().code == Code::damaged);
      CHECK(parse_slot_names(bytes).empty());
      CHECK_FALSE(has_requirements(bytes));
    }
}

TEST_CASE("a cheap slot whose key a program drew is no easy guess") {
  const auto judged = [](const std::string& token) {
    std::string bytes = "LUKS\xba\xbe";
    bytes += std::string("\0\2\0\0\0\0\0\0\x20\0", 10);  // LUKS2, 8192 bytes
    bytes.resize(4096);
    bytes += R"({"keyslots":{"2":{"kdf":{"type":"pbkdf2","iterations":1000}}},"tokens":{"0":)" +
             token + "}}";
    bytes.resize(8192);
    return judge_keys_slots(*parse_luks_slots(bytes), 2 * gib).size();
  };
  for (const char* type : {"clevis", "systemd-tpm2", "systemd-recovery"})
    CHECK(judged(R"({"type":")" + std::string(type) + R"(","keyslots":["2"]})") == 0);
  CHECK(judged(R"({"type":"clevis","keyslots":["1"]})") == 1);
  CHECK(judged(R"({"type":"other","keyslots":["2"]})") == 1);
  CHECK(judged("7") == 1);
}

TEST_CASE("a data volume that only costly slots open is told, with the way out") {
  const auto judge = [](std::vector<SlotCost> slots) { return judge_data_slots(slots, "www"); };
  CHECK_FALSE(judge({cheap()}));
  CHECK_FALSE(judge({argon(gib), cheap()}));
  CHECK(text(judge({argon(gib), rounds(1001), argon(gib)})) ==
        "latchkey: error: the key slots of 'www' take long to open: 2 × argon2id, 1024 MiB; "
        "1 × pbkdf2, 1001 rounds\n"
        "latchkey: hint: run: latchkey rotate-key www; a random key needs no costly slot\n");
  CHECK(judge({})->code == Code::damaged);
}

TEST_CASE("slots of the keys volume fit early boot and are no easy guess") {
  const auto judge = [](std::vector<SlotCost> slots, std::uint64_t kib) {
    return judge_keys_slots(slots, kib);
  };
  CHECK(judge({argon(gib / 2), rounds(100'000)}, 2 * gib).empty());
  CHECK(judge({argon(gib)}, 4 * gib).empty());
  const auto large = judge({argon(gib), argon(gib / 2 + 1)}, 2 * gib);
  REQUIRE(large.size() == 2);
  CHECK(text(large[0]) ==
        "latchkey: error: key slot 2 of the keys volume may not open in early boot: it takes 1024 "
        "MiB of this machine's 2048 MiB\n"
        "latchkey: hint: run: latchkey change-passphrase; it makes a slot that fits\n");
  const auto weak = judge({rounds(99'999)}, 2 * gib);
  REQUIRE(weak.size() == 1);
  CHECK(weak[0].what == "key slot 1 of the keys volume is cheap to guess at");
  // A machine whose memory is unknown, or so small that the least slot is too much.
  CHECK(judge({argon(8 * gib)}, 0).empty());
  CHECK(judge({argon(64 * 1024)}, 200 * 1024).empty());
  CHECK(judge({}, gib).size() == 1);
}
