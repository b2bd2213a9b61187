// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/message.hpp"
#include "core/config/config.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using namespace std::chrono_literals;

namespace {

std::string complaint(const std::string& text) {
  const auto config = parse_config(text, "latchkey.conf");
  if (config) return "accepted";
  CHECK(config.error().code == Code::config);
  return error_text("latchkey", config.error());
}

}  // namespace

TEST_CASE("a configuration needs nothing but the keys volume") {
  const auto config = parse_config("[keys]\ndevice = \"system/encrypted-keys\"\n", "latchkey.conf");
  REQUIRE(config);
  CHECK(config->keys.device.text() == "system/encrypted-keys");
  CHECK(config->keys.mapping == "cleartext-keys");
  CHECK_FALSE(config->boot.wait);
  CHECK(config->boot.then == Then::carry_on);
  CHECK(config->ssh.port == 22);
  CHECK(config->network.method == NetworkConfig::Method::dhcp);
}

TEST_CASE("every key is read") {
  const auto config = parse_config(R"(
[keys]
device = "UUID=0a0b"
mapping = "k"
uuid = "1234"
[boot]
wait = "10min"
then = "poweroff"
device_timeout = "5s"
open_timeout = "2min"
[ssh]
port = 2222
grant = ["reboot"]
grants."alice@laptop" = ["shell", "poweroff"]
[release]
fsck = false
service_timeout = "30s"
)",
                                   "latchkey.conf");
  REQUIRE(config);
  CHECK(config->boot.wait == 10min);
  CHECK(config->boot.then == Then::poweroff);
  CHECK(config->boot.device_timeout == 5s);
  CHECK(config->boot.open_timeout == 2min);
  CHECK(config->ssh.port == 2222);
  CHECK(config->ssh.grant == std::set<Word>{Word::reboot});
  CHECK(config->ssh.grants.at("alice@laptop") == std::set<Word>{Word::shell, Word::poweroff});
  CHECK_FALSE(config->release.fsck);
}

TEST_CASE("case 14: an unknown or misplaced key is an error that names the nearest") {
  CHECK(complaint("[keys]\ndevise = \"a/b\"\ndevice = \"a/b\"\n") ==
        "latchkey: error: latchkey.conf:2:10: unknown key 'devise' in [keys]\n"
        "latchkey: hint: did you mean 'device'?\n");
  CHECK(complaint("[keys]\ndevice = \"a/b\"\nport = 22\n").find("unknown key 'port' in [keys]") !=
        std::string::npos);
  CHECK(complaint("[key]\n") ==
        "latchkey: error: latchkey.conf:1:1: unknown section [key]\n"
        "latchkey: hint: did you mean [keys]?\n");
}

TEST_CASE("a wrong value is told with its place and what would be right") {
  CHECK(complaint("") ==
        "latchkey: error: latchkey.conf: [keys] has no 'device'\n"
        "latchkey: hint: name the keys volume, as in: device = \"VG/encrypted-keys\"\n");
  CHECK(complaint("[keys]\ndevice = \"a/b\"\n[ssh]\nport = 70000\n") ==
        "latchkey: error: latchkey.conf:4:8: [ssh] port = '70000': it is to be from 1 to 65535\n"
        "latchkey: hint: correct the line\n");
  CHECK(complaint("[keys]\ndevice = \"a/b\"\n[network]\nclient_id = \"f\"\n")
            .find("it is to be 2 to 255 bytes in hexadecimal") != std::string::npos);
  CHECK(complaint("[keys]\ndevice = \"a/b\"\n[boot]\nthen = \"contniue\"\n")
            .find("did you mean 'continue'?") != std::string::npos);
  CHECK(complaint("[keys]\ndevice = \"a/b\"\n[ssh]\ngrant = \"root\"\n")
            .find("it is to be 'unlock'") != std::string::npos);
  CHECK(complaint("[keys]\ndevice = 5\n").find("it is to be a text in quotes") !=
        std::string::npos);
  CHECK(complaint("keys = 5\n").find("is to be a section") != std::string::npos);
}

TEST_CASE("no time of early boot leaves nobody a way in") {
  const auto boot = [](const std::string& lines) {
    return complaint("[keys]\ndevice = \"a/b\"\n[boot]\n" + lines);
  };
  CHECK(boot("wait = \"0\"\n") ==
        "latchkey: error: latchkey.conf:4:8: [boot] wait: it is 0, in which nobody can answer\n"
        "latchkey: hint: write \"forever\" to wait without an end, or a duration such as "
        "\"10min\"\n");
  for (const char* then : {"reboot", "poweroff"}) {
    const std::string line = "then = \"" + std::string(then) + "\"\n";
    CHECK(boot("wait = \"299s\"\n" + line).find("write at least \"5min\"") != std::string::npos);
    CHECK(boot(line + "wait = \"30s\"\n").find("write at least \"5min\"") != std::string::npos);
    CHECK(boot("wait = \"5min\"\n" + line) == "accepted");
    CHECK(boot("wait = \"forever\"\n" + line) == "accepted");
    CHECK(boot(line) == "accepted");
  }
  CHECK(boot("wait = \"30s\"\n") == "accepted");
  for (const char* key : {"device_timeout", "open_timeout"}) {
    CHECK(boot(key + std::string(" = \"0\"\n")).find(key + std::string(": it is 0")) !=
          std::string::npos);
    CHECK(boot(key + std::string(" = \"1s\"\n")) == "accepted");
  }
}

TEST_CASE("broken TOML is told with line and column") {
  CHECK(complaint("[keys\ndevice").find("latchkey.conf:1:") != std::string::npos);
}

TEST_CASE("letters beyond ASCII outside quotes are an error (found by fuzzing)") {
  for (const char* text : {"@\xef\xbb\xbe", "caf\xc3\xa9 = 1", "a = 0N';-\x01?*\xef\xba\xbf*"})
    CHECK(complaint(text).find("not valid TOML") != std::string::npos);
  CHECK(parse_config("\xef\xbb\xbf# caf\xc3\xa9\n[keys]\ndevice = \"LABEL=caf\xc3\xa9\"\n",
                     "latchkey.conf"));
}

TEST_CASE("a name that begins with no letter is an error (found by fuzzing)") {
  for (const char* text :
       {"a = {(", "[ = \"b\"", "a.= 1", "a = {b.(", "a = {b = 1, (", "[[=", "[a.(]"})
    CHECK(complaint(text).find("not valid TOML") != std::string::npos);
}
