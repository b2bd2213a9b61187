// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/luks/recorded_header.hpp"
#include "support/catch.hpp"

using namespace latchkey;
using namespace std::string_literals;

namespace {

// The bytes of a LUKS1 header.
std::string header(const std::string& cipher, const std::string& mode) {
  std::string out = "LUKS\xba\xbe\0\1"s;
  out.resize(592);
  out.replace(8, cipher.size(), cipher);
  out.replace(40, mode.size(), mode);
  out.replace(168, 7, "12ab-34");
  return out;
}

// Why it is not opened, "" when it is.
std::string refusal(const std::string& bytes, const RecordedHeader& recorded) {
  const auto error = judge_recorded(bytes, recorded);
  if (error) CHECK(error->code == Code::refused);
  return error ? error->why : "";
}

}  // namespace

TEST_CASE("a volume that was reencrypted with another cipher is told before the boot refuses it") {
  const RecordedHeader www{"www", "12ab-34", "aes-xts-plain64"};
  CHECK(refusal(header("aes", "xts-plain64"), www).empty());
  CHECK(refusal(header("serpent", "xts-plain64"), www) ==
        "its header says the cipher serpent-xts-plain64, and aes-xts-plain64 was recorded for it");
  CHECK(refusal(header("serpent", "xts-plain64"), {"www", "12ab-34"}).empty());
  // With `+` for the comma, as in the line.
  CHECK(refusal(header("xchacha20,aes", "adiantum-plain64"),
                {"www", "", "xchacha20,aes-adiantum-plain64"}) != "");
  CHECK(refusal(header("xchacha20,aes", "adiantum-plain64"),
                {"www", "", "xchacha20+aes-adiantum-plain64"})
            .empty());
  CHECK(judge_cipher("a\nb-xts", www)->hint.find("write x-latchkey.cipher=a?b-xts into its line") !=
        std::string::npos);
}

TEST_CASE("a cipher whose mode a header leaves out is the one that libcryptsetup tells") {
  CHECK(refusal(header("aes", "plain"), {"www", "", "aes-cbc-plain"}).empty());
  CHECK_FALSE(judge_cipher("aes", {"www", "", "aes-cbc-plain"}));
  CHECK_FALSE(judge_cipher("aes-cbc-plain", {"www", "", "aes-plain"}));
  CHECK(judge_cipher("aes-cbc-plain64", {"www", "", "aes-plain"}));
}

TEST_CASE("another UUID than was recorded is told, with where it is recorded") {
  CHECK(refusal(header("aes", "xts-plain64"), {"www", "56-cd", "aes-xts-plain64"}) ==
        "its header has the UUID 12ab-34 and not 56-cd");
  CHECK(judge_uuid("1", {"www", "2"})->hint.find("write x-latchkey.uuid=1 into its line") !=
        std::string::npos);
  CHECK(judge_uuid("1", {"keys", "2", "", true})->hint.find("write uuid = \"1\" into [keys] of") !=
        std::string::npos);
  CHECK(refusal("no header", {"www", "56-cd", "aes-xts-plain64"}).empty());
}
