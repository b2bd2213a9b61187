// SPDX-License-Identifier: GPL-3.0-or-later
#include <utility>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "core/ssh/authorized_keys.hpp"
#include "core/ssh/ssh_key.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

// A string of the ssh protocol: four bytes of length, then the bytes.
std::string ssh(const std::string& text) {
  std::string out;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>((text.size() >> shift) & 0xffU);
  return out + text;
}

std::string number(std::size_t bytes) {
  return ssh(std::string(1, '\0') + std::string(bytes, '\x9d'));
}

std::string ed25519() { return ssh("ssh-ed25519") + ssh(std::string(32, 'k')); }
std::string ecdsa(const std::string& curve, std::size_t size) {
  return ssh("ecdsa-sha2-" + curve) + ssh(curve) + ssh("\x04" + std::string(size - 1, 'p'));
}
std::string rsa(std::size_t bits) {
  return ssh("ssh-rsa") + ssh("\x01" + std::string(1, '\0') + "\x01") + number(bits / 8);
}
std::string sk_ed25519() {
  return ssh("sk-ssh-ed25519@openssh.com") + ssh(std::string(32, 'k')) + ssh("ssh:");
}

std::string line(const std::string& type, const std::string& blob) {
  return type + " " + base64_encode(blob);
}
const std::string plain = line("ssh-ed25519", ed25519());

// The one line that comes out for Dropbear.
std::string out(const std::string& text) {
  const AuthorizedKeys parsed = parse_authorized_keys(text, "file");
  for (const Error& error : parsed.errors) UNSCOPED_INFO(error.what + ": " + error.why);
  REQUIRE(parsed.errors.empty());
  REQUIRE(parsed.keys.size() == 1);
  return dropbear_line(parsed.keys[0]);
}

// The one error that comes out, as `position: what: why`.
std::string error(const std::string& text) {
  const AuthorizedKeys parsed = parse_authorized_keys(text, "file");
  CHECK(parsed.keys.empty());
  REQUIRE(parsed.errors.size() == 1);
  CHECK(parsed.errors[0].code == Code::config);
  return parsed.errors[0].what + (parsed.errors[0].why.empty() ? "" : ": " + parsed.errors[0].why);
}

// What stands in a private key, in lines: base64 of numbers that have no order.
std::vector<std::string> secret_lines(std::size_t width) {
  std::string bytes;
  unsigned state = 7;
  for (int i = 0; i < 300; ++i) {
    state = state * 1103515245U + 12345U;
    bytes += static_cast<char>((state >> 16U) & 0xffU);
  }
  const std::string text = base64_encode(bytes);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += width) out.push_back(text.substr(at, width));
  return out;
}

std::string between(const std::string& begin, const std::string& end, std::size_t width) {
  return begin + "\n" + join(secret_lines(width), "\n") + "\n" + end + "\n";
}

// True when a message has eight letters in a row that the secret has.
bool told(const AuthorizedKeys& parsed, const std::string& secret) {
  for (const Error& error : parsed.errors)
    for (std::size_t at = 0; at + 8 <= secret.size(); ++at)
      if ((error.what + "\n" + error.why + "\n" + error.hint).find(secret.substr(at, 8)) !=
          std::string::npos)
        return true;
  return false;
}

// The secret's lines as one, however long they were.
const std::string secret = join(secret_lines(64), "");

const std::string forced =
    "command=\"latchkey-unlock --key 1\",no-port-forwarding,no-agent-forwarding,no-X11-forwarding";

}  // namespace

TEST_CASE("a plain key comes out with the forced command and its comment") {
  CHECK(out(plain + " alice@laptop\n") == forced + " " + plain + " alice@laptop");
  CHECK(out(plain) == forced + " " + plain);
  CHECK(out(plain + "  two  words ") == forced + " " + plain + " two  words");
}

TEST_CASE("line ends, byte order mark, tabs and surplus blanks do not matter") {
  const std::string key = base64_encode(ed25519());
  CHECK(out("\xef\xbb\xbf" + plain + "\r\n") == forced + " " + plain);
  CHECK(out("  \t" + plain) == forced + " " + plain);
  CHECK(out("ssh-ed25519\t" + key + "\tbob") == forced + " " + plain + " bob");
  CHECK(out("ssh-ed25519   " + key + "   bob") == forced + " " + plain + " bob");
  // By the number of its line in the file, where a person looks for it.
  CHECK(out("\n# a comment\n   # another\n\n" + plain) ==
        replace_all(forced, "--key 1", "--key 5") + " " + plain);
}

TEST_CASE("options that early boot implies anyway are taken, in any case of letters") {
  for (const std::string option :
       {"no-port-forwarding", "no-agent-forwarding", "no-X11-forwarding", "no-x11-forwarding",
        "no-user-rc", "NO-USER-RC", "permitopen=\"host:22\"", "permitlisten=\"8080\"",
        "port-forwarding", "X11-forwarding", "agent-forwarding", "user-rc", "pty",
        "no-user-rc,no-port-forwarding", "permitopen=\"a \\\" b:1\",no-user-rc"}) {
    INFO(option);
    CHECK(out(option + " " + plain) == forced + " " + plain);
  }
}

// A terminal admits nothing more, for the command is forced; without one the client's own would
// show the passphrase.
TEST_CASE("a key with restrict or no-pty types its passphrase unseen too") {
  for (const char* options :
       {"no-pty ", "restrict ", "restrict,pty ", "pty,restrict ", "NO-PTY ", "Restrict "}) {
    INFO(options);
    CHECK(out(options + plain) == forced + " " + plain);
  }
  // What restricts the key itself stays.
  CHECK(out("restrict,verify-required " + plain) == forced + ",verify-required " + plain);
}

TEST_CASE("every type that the bundled Dropbear takes is taken") {
  for (const auto& [type, blob] : std::vector<std::pair<std::string, std::string>>{
           {"ssh-ed25519", ed25519()},
           {"ecdsa-sha2-nistp256", ecdsa("nistp256", 65)},
           {"ecdsa-sha2-nistp384", ecdsa("nistp384", 97)},
           {"ecdsa-sha2-nistp521", ecdsa("nistp521", 133)},
           {"ssh-rsa", rsa(2048)},
           {"ssh-rsa", rsa(8192)},
           {"sk-ssh-ed25519@openssh.com", sk_ed25519()},
           {"sk-ecdsa-sha2-nistp256@openssh.com",
            ssh("sk-ecdsa-sha2-nistp256@openssh.com") + ssh("nistp256") +
                ssh("\x04" + std::string(64, 'p')) + ssh("ssh:")}}) {
    INFO(type);
    CHECK(out(line(type, blob) + " c") == forced + " " + line(type, blob) + " c");
  }
}

TEST_CASE("what a security token has to show is kept") {
  const std::string token = line("sk-ssh-ed25519@openssh.com", sk_ed25519());
  CHECK(out("verify-required " + token) == forced + ",verify-required " + token);
  CHECK(out("no-touch-required " + token) == forced + ",no-touch-required " + token);
}

TEST_CASE("a restricting option that cannot be honoured refuses the line") {
  CHECK(error("from=\"10.0.0.0/8\" " + plain) ==
        "file:1:1: option 'from' cannot be honoured: early boot cannot check where a client comes "
        "from");
  CHECK(error("\nno-pty,command=\"a,b \\\" c\" " + plain) ==
        "file:2:8: option 'command' cannot be honoured: early boot has its own command: the "
        "unlocker");
  for (const std::string option :
       {"cert-authority", "CERT-AUTHORITY", "expiry-time=\"20300101\"", "principals=\"root\"",
        "tunnel=\"0\"", "environment=\"A=b\"", "From=\"*\"", "restrict,cert-authority"}) {
    INFO(option);
    CHECK(error(option + " " + plain).find("cannot be honoured") != std::string::npos);
  }
}

TEST_CASE("options that cannot be read refuse the line, with the place") {
  CHECK(error("no-prot-forwarding " + plain) == "file:1:1: unknown option 'no-prot-forwarding'");
  CHECK(error("from=10.0.0.1 " + plain) ==
        "file:1:6: the options cannot be read: a value in double quotes is to follow '='");
  CHECK(error("permitopen=\"a:1 " + plain) ==
        "file:1:12: the options cannot be read: the closing quote is missing");
  CHECK(error("no-pty=\"x\" " + plain) ==
        "file:1:1: option 'no-pty' cannot be read: it takes no value");
  CHECK(error("permitopen " + plain) ==
        "file:1:1: option 'permitopen' cannot be read: it takes a value in quotes");
  CHECK(error("no-pty,, " + plain) == "file:1:8: unknown option ''");
  CHECK(error("no-pty") == "file:1:1: there is no key on this line");
  CHECK(error("no-pty ") == "file:1:8: there is no key on this line");
  CHECK(error("permitopen=\"a:1\"x " + plain) ==
        "file:1:17: the options cannot be read: a comma or a blank is to follow here");
}

TEST_CASE("a broken or wrapped key refuses its line") {
  CHECK(error("ssh-ed25519") == "file:1:12: the key itself is missing after its type");
  CHECK(error("ssh-ed25519 AAAA!") == "file:1:13: the key is damaged: it is not valid base64");
  const std::string key = base64_encode(ed25519());
  const AuthorizedKeys wrapped =
      parse_authorized_keys("ssh-ed25519 " + key.substr(0, 40) + "\n" + key.substr(40) + "\n", "f");
  CHECK(wrapped.keys.empty());
  REQUIRE(wrapped.errors.size() == 2);
  CHECK(wrapped.errors[0].why == "the key's data is damaged");
  CHECK(wrapped.errors[1].hint.find("never broken over lines") != std::string::npos);
  CHECK(error(plain + std::string("\0", 1)) ==
        "file:1:81: the line cannot be read: it holds a zero byte");
}

TEST_CASE("a private key given as authorized_keys is one error that shows nothing of it") {
  const std::string ppk =
      "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\n" +
      secret_lines(64)[0] + "\nPrivate-Lines: 6\n" + join(secret_lines(64), "\n") +
      "\nPrivate-MAC: 0123456789abcdef0123456789abcdef\n";
  for (const std::string& file :
       {between("-----BEGIN OPENSSH PRIVATE KEY-----", "-----END OPENSSH PRIVATE KEY-----", 70),
        between("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----", 64),
        between("-----BEGIN ENCRYPTED PRIVATE KEY-----", "", 64),
        between("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"a\"",
                "---- END SSH2 ENCRYPTED PRIVATE KEY ----", 70),
        ppk, replace_all(ppk, "\n", "\r\n"), replace_all(ppk, "\n", "\n  ")}) {
    INFO(file);
    const AuthorizedKeys parsed = parse_authorized_keys("\xef\xbb\xbf" + file, "file");
    CHECK(parsed.keys.empty());
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors[0].what == "file:1:1: this is a private key");
    CHECK(parsed.errors[0].hint.find("make a new key") != std::string::npos);
    CHECK_FALSE(told(parsed, secret));
  }
}

TEST_CASE("the lines around a private key keep their meaning, and their numbers") {
  const AuthorizedKeys parsed = parse_authorized_keys(
      plain + " first\n" +
          between("-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----", 64) +
          "no-prot-forwarding " + plain + "\n" + line("ssh-rsa", rsa(2048)) + " last\n",
      "f");
  REQUIRE(parsed.keys.size() == 2);
  CHECK(parsed.keys[1].comment == "last");
  REQUIRE(parsed.errors.size() == 2);
  CHECK(parsed.errors[0].what == "f:2:1: this is a private key");
  CHECK(parsed.errors[1].what == "f:11:1: unknown option 'no-prot-forwarding'");
}

TEST_CASE("of lines that may be a part of a private key nothing is shown") {
  CHECK(error(secret_lines(64)[1]) ==
        "file:1:1: unknown option: it is not shown, since it may be part of a key");
  for (const std::size_t width : {70UL, 64UL, 20UL, 12UL})
    for (const std::string& body : secret_lines(width))
      for (const std::string& text :
           {body, body + " " + body, body + "," + body, body + "=\"x\" " + plain, "no-pty," + body,
            "no-pty " + body, "no-pty " + body + " " + body, "ssh-ed25519 " + body,
            body + "-cert " + plain, "no-pty " + body + "@x " + body,
            // As a string of the ssh protocol in front of more.
            line("ssh-rsa", ssh(body) + ssh(body))}) {
        INFO(text);
        const AuthorizedKeys parsed = parse_authorized_keys(text + "\n", "file");
        CHECK(parsed.errors.size() == 1);
        CHECK_FALSE(told(parsed, secret));
      }
  // What is mistyped is named.
  CHECK(error("No-X11-Forwardin " + plain).ends_with("unknown option 'No-X11-Forwardin'"));
  CHECK(error("agent " + plain).ends_with("unknown option 'agent'"));
  CHECK(error("no-pty rsa-sha2-512 AAAA").find("key type 'rsa-sha2-512'") != std::string::npos);
}

TEST_CASE("a public key in the form of PuTTY or OpenSSL is one error that says how to turn it") {
  const auto hint = [](const std::string& kind) {
    const std::string dashes = kind.starts_with("SSH2") ? "----" : "-----";
    const std::string gap = kind.starts_with("SSH2") ? " " : "";
    std::string begin = dashes;
    begin += gap + "BEGIN " + kind + gap + dashes;
    const AuthorizedKeys parsed = parse_authorized_keys(
        between(begin, replace_all(begin, "BEGIN", "END"), 64) + plain + "\n", "file");
    CHECK(parsed.keys.size() == 1);
    REQUIRE(parsed.errors.size() == 1);
    CHECK(parsed.errors[0].what.starts_with("file:1:1: "));
    CHECK_FALSE(told(parsed, secret));
    return parsed.errors[0].hint;
  };
  CHECK(hint("SSH2 PUBLIC KEY").ends_with("ssh-keygen -i -f FILE"));
  CHECK(hint("RSA PUBLIC KEY").ends_with("ssh-keygen -i -m PEM -f FILE"));
  CHECK(hint("PUBLIC KEY").ends_with("ssh-keygen -i -m PKCS8 -f FILE"));
  CHECK(hint("CERTIFICATE") == "put public keys here, one a line");
}

TEST_CASE("a key that is not what its type says is refused") {
  CHECK(error(line("ssh-rsa", ed25519())) ==
        "file:1:9: the 'ssh-rsa' key cannot be used: the key's data is of the type 'ssh-ed25519'");
  CHECK(error(line("ssh-ed25519", ed25519() + "x")).ends_with("the key's data is damaged"));
  CHECK(error(line("ssh-ed25519", ssh("ssh-ed25519") + ssh("short"))).ends_with("is damaged"));
  CHECK(error(line("ecdsa-sha2-nistp384", ssh("ecdsa-sha2-nistp384") + ssh("nistp256") +
                                              ssh("\x04" + std::string(96, 'p'))))
            .ends_with("is damaged"));
  CHECK(error(line("sk-ssh-ed25519@openssh.com",
                   ssh("sk-ssh-ed25519@openssh.com") + ssh(std::string(32, 'k'))))
            .ends_with("is damaged"));
}

TEST_CASE("weak and unsupported keys are refused") {
  CHECK(error(line("ssh-rsa", rsa(1024)))
            .ends_with("an RSA key of 1024 bits is too short: 2048 are needed"));
  CHECK(error(line("ssh-rsa", rsa(16384))).find("too long") != std::string::npos);
  CHECK(error(line("ssh-dss", ssh("ssh-dss"))).find("DSA") != std::string::npos);
  CHECK(error("ssh-ed25519-cert-v01@openssh.com AAAA").find("certificates") != std::string::npos);
  CHECK(error("no-pty ssh-new-kind AAAA").find("no keys of this type") != std::string::npos);
}

TEST_CASE("good lines are kept beside bad ones, and of one key twice the first") {
  const AuthorizedKeys parsed = parse_authorized_keys(
      "junk\n" + plain + " first\nfrom=\"x\" " + plain + "\nno-pty " + plain + " again\n", "f");
  CHECK(parsed.errors.size() == 2);
  REQUIRE(parsed.keys.size() == 1);
  CHECK(parsed.keys[0].comment == "first");
  CHECK(parsed.keys[0].line == 2);
}

TEST_CASE("a comment from outside comes out harmless") {
  CHECK(out(plain + " ev\x1b[31mil\xe2\x80\xae!") == forced + " " + plain + " ev?[31mil?!");
  CHECK(out(plain + " " + std::string(5000, 'c')).size() < 500);
}

TEST_CASE("no text is taken for more than it says") {
  // Every prefix of a good line is an error or nothing, never a login.
  const std::string whole = "restrict,pty " + plain;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(whole.substr(0, size));
    CHECK(parse_authorized_keys(whole.substr(0, size), "f").keys.empty());
  }
}

TEST_CASE("base64 goes both ways and refuses what no encoder writes") {
  for (const std::string bytes : {"", "f", "fo", "foo", "foob", "fooba", "foobar"})
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
  CHECK(base64_encode("fo") == "Zm8=");
  CHECK(base64_encode("f", false) == "Zg");
  for (const std::string wrong : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Zm 8="})
    CHECK_FALSE(base64_decode(wrong));
}

TEST_CASE("fingerprints look like OpenSSH's") {
  CHECK(fingerprint_text(std::string(32, '\0')) ==
        "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}
