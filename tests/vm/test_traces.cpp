// SPDX-License-Identifier: GPL-3.0-or-later
// What is left of the secrets in the machine's memory once it has booted.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "support/machine.hpp"
#include "support/temp_folder.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

constexpr unsigned memory_mib = 512;

// All of the machine's memory, as who has the host would see it.
std::string memory_of(Machine& m, const std::string& file) {
  std::filesystem::remove(file);
  m.monitor(R"({"execute": "pmemsave", "arguments": {"val": 0, "size": )" +
            std::to_string(memory_mib << 20U) + R"(, "filename": ")" + file + "\"}}");
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool holds(const std::string& memory, const std::string& bytes) {
  const std::boyer_moore_searcher wanted(bytes.begin(), bytes.end());
  return std::search(memory.begin(), memory.end(), wanted) != memory.end();
}

}  // namespace

TEST_CASE("Should 2, Should 4: at the login prompt memory holds no passphrase and no key file",
          "[.slow]") {
  const TempFolder folder;
  Machine m("test-traces", {"--volumes", "a,b", "--memory", std::to_string(memory_mib), "--cmdline",
                            "init_on_free=1"});
  Child session = m.early_terminal();
  session.expect("passphrase of the keys volume");
  session.write(m.passphrase() + "\n");
  CHECK(session.wait(120s) == 0);
  m.wait_login();
  m.until("systemctl is-active --quiet latchkey-release");
  // What is there is found: a text in a file that lies in memory.
  const std::string control = "a text that nobody has wiped 7261964";
  m.must("cat > /run/control", control);
  const std::string memory = memory_of(m, folder.file("memory"));
  REQUIRE(memory.size() == memory_mib << 20U);
  CHECK(holds(memory, control));
  CHECK_FALSE(holds(memory, m.passphrase()));

  // The keys, which only now are read by a person.
  const std::string listed = m.must(
      "{ latchkey mount-keys && cd /run/latchkey/keys && base64 -w0 system-a.key > /run/a && "
      "base64 -w0 system-b.key > /run/b && cd / && latchkey umount-keys; } > /run/said 2>&1 || "
      "{ cat /run/said; exit 1; }; cat /run/a; echo; cat /run/b",
      m.passphrase());
  std::size_t keys = 0;
  for (const std::string& line : split(listed, '\n')) {
    const auto key = base64_decode(line);
    INFO(line);
    REQUIRE(key);
    REQUIRE(key->size() == 512);
    ++keys;
    for (std::size_t from = 0; from < key->size(); from += 64)
      CHECK_FALSE(holds(memory, key->substr(from, 64)));
  }
  CHECK(keys == 2);

  // The volumes' own keys are in the kernel's keyring, from where nobody reads them.
  const std::string tables = m.must("dmsetup table --showkeys --target crypt");
  INFO(tables);
  CHECK(std::ranges::count(tables, '\n') + 1 == 2);
  for (const std::string& table : split(tables, '\n')) CHECK(has(table, ":logon:cryptsetup:"));
}
