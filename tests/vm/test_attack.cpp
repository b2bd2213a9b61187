// SPDX-License-Identifier: GPL-3.0-or-later
// What a person with a key and no passphrase, with the disk in hand, or with an account
// on the machine tries.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/result.hpp"
#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "sys/base/fd.hpp"
#include "vm/closed_guest.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

// A port of this machine that nobody listens on.
int free_port() {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no port is free");
  return ntohs(address.sin_port);
}

// What is said by whoever is behind a port of this machine: "" when the connection is
// closed without a word, nothing while nobody listens.
std::optional<std::string> heard_at(int port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{20, 0};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  char bytes[64];
  const ssize_t count = ::read(socket.get(), bytes, sizeof bytes);
  return std::string(bytes, count > 0 ? static_cast<std::size_t>(count) : 0);
}

}  // namespace

TEST_CASE("case 60: no option of ssh gives a shell, a file or a tunnel in early boot") {
  Machine& m = guests().plain();
  m.load("early");
  const std::string door = "127.0.0.1:22";
  // A way to what listens inside, by the ways that ssh has.
  Child straight = m.early_with({"-W", door});
  CHECK(straight.wait(60s) != 0);
  CHECK_FALSE(has(straight.output(), "SSH-2.0"));
  for (const char* kind : {"-L", "-D"}) {
    const int port = free_port();
    const std::string local = "127.0.0.1:" + std::to_string(port);
    const std::string where = kind == std::string("-L") ? local + ":" + door : local;
    const Child tunnel = m.early_with({"-N", kind, where});
    std::optional<std::string> heard;
    wait_until([&] { return (heard = heard_at(port)).has_value(); }, "ssh listens", 60s);
    INFO(kind << " heard: " << *heard);
    CHECK(heard->empty());
  }
  for (const char* forward : {"-R0:127.0.0.1:1", "-R/tmp/x:127.0.0.1:1", "-wany"}) {
    INFO(forward);
    Child refused = m.early_with({"-oExitOnForwardFailure=yes", "-oTunnel=yes", "-N", forward});
    bool ended = true;
    int status = 0;
    try {
      status = refused.wait(60s);
    } catch (const std::exception&) {
      ended = false;
    }
    CHECK(ended);
    CHECK(status == 255);
  }
  Child files = m.early_with({"-s"}, "sftp");
  CHECK(files.wait(60s) != 0);
  INFO(files.output());
  // Nothing of the environment, no agent, no screen of the caller's goes in.
  Child words = m.early_with(
      {"-A", "-X", "-oSetEnv=LD_PRELOAD=/x PATH=/x SSH_ORIGINAL_COMMAND=shell"}, "status");
  CHECK(words.wait(60s) == exit_status(Code::partial));
  CHECK(has(words.output(), "0 of 4 volumes are open"));
  // Keys that a shell would hear.
  for (const char* keys : {"\x03", "\x1a", "\x1c", "\x04"}) {
    Child typed = m.early_terminal();
    typed.expect("passphrase of the keys volume");
    typed.write(keys);
    typed.write("\nid; exit\n");
    try {
      (void)typed.wait(20s);
    } catch (const std::exception&) {
      // still asking, which is as good
    }
    CHECK_FALSE(has(typed.output(), "uid="));
  }
  CHECK(m.early("", m.passphrase()).status == 0);
  m.wait_login();
}

TEST_CASE("Must 2, Must 5: a header edited by hand costs its own volume, and soon", "[.slow]") {
  Machine& m = closed();
  const std::string before =
      m.must("dd if=/dev/system/encrypted-b bs=1M count=1 status=none | base64 -w0");
  struct Edit {
    const char* name;
    const char* told;
    std::function<void(nlohmann::json&)> edit;
  };
  const std::vector<Edit> edits{
      {"4294967295 rounds in the slot", "rounds of key derivation",
       [](auto& json) { json["keyslots"]["0"]["kdf"]["iterations"] = 4294967295; }},
      {"4294967295 rounds in the digest", "asks for 4294967295 rounds to prove the key",
       [](auto& json) { json["digests"]["0"]["iterations"] = 4294967295; }},
      {"a digest whose rounds are a text", "does not say in a number how many rounds prove the key",
       [](auto& json) { json["digests"]["0"]["iterations"] = "4294967295"; }},
      {"a null cipher for the data", "the data is not encrypted",
       [](auto& json) { json["segments"]["0"]["encryption"] = "cipher_null-ecb"; }},
      {"what is no cipher for the data", "the data is not encrypted",
       [](auto& json) { json["segments"]["0"]["encryption"] = "-xts"; }},
      // It opens by the right key, and looks damaged behind it.
      {"another cipher than was recorded",
       "the cipher serpent-xts-plain64, and aes-xts-plain64 was recorded",
       [](auto& json) { json["segments"]["0"]["encryption"] = "serpent-xts-plain64"; }},
      {"a requirement that nobody knows", "a reencryption is under way",
       [](auto& json) { json["config"]["requirements"]["mandatory"] = {"no-such-thing"}; }},
      {"argon2 with 4 TiB", "MiB of memory",
       [](auto& json) {
         json["keyslots"]["0"]["kdf"] = {{"type", "argon2id"},
                                         {"time", 4},
                                         {"cpus", 1},
                                         {"memory", 4294967295},
                                         {"salt", json["keyslots"]["0"]["kdf"]["salt"]}};
       }},
  };
  for (const Edit& edit : edits) {
    INFO(edit.name);
    m.load("closed");
    m.must("sed -i '/^b /s/ defaults$/ x-latchkey.cipher=aes-xts-plain64/' /etc/latchkey/volumes");
    edit_header(m, "/dev/system/encrypted-b", edit.edit);
    const std::string digest = m.must("head -c 1M /dev/system/encrypted-b | sha256sum");
    if (edit.name == std::string("another cipher than was recorded")) {
      const Done checked = m.sh("latchkey check");
      CHECK(checked.status != 0);
      CHECK(has(checked.output, "'b' will not be opened after a reboot: its header says the "));
    }
    const auto began = std::chrono::steady_clock::now();
    const Done done = m.sh("release-services < /root/p");
    INFO(done.output);
    CHECK(std::chrono::steady_clock::now() - began < 60s);
    CHECK(done.status == exit_status(Code::partial));
    CHECK(has(done.output, "will not open 'b'"));
    CHECK(has(done.output, edit.told));
    check_up(m, {"a", "c", "d"});
    CHECK(m.sh("grep -lx cleartext-b /sys/block/dm-*/dm/name").status != 0);
    // Looked at, and not written to.
    CHECK(m.must("head -c 1M /dev/system/encrypted-b | sha256sum") == digest);
  }
  m.must("base64 -d | dd of=/dev/system/encrypted-b bs=1M conv=notrunc,fsync status=none", before);
  CHECK(m.sh("release-services < /root/p").status == 0);
  check_up(m, closed_volumes);
}

TEST_CASE("Must 10: a mount point that somebody else swaps for a link is never mounted on",
          "[.slow]") {
  Machine& m = closed();
  m.must(
      "mkdir -p /srv/web/data /root/secret && chown www-data /srv/web && "
      "sed -i 's#/srv/b #/srv/web/data #' /etc/latchkey/volumes && chattr -i /srv/b");
  const std::string swap =
      "setpriv --reuid=www-data --regid=www-data --clear-groups sh -c 'while :; do "
      "mv /srv/web/data /srv/web/aside; ln -s /root/secret /srv/web/data; rm /srv/web/data; "
      "mv /srv/web/aside /srv/web/data; done' > /dev/null 2>&1 & ";
  for (int turn = 0; turn < 3; ++turn) {
    const Done done =
        m.sh(swap + "swapper=$!; release-services < /root/p; s=$?; kill $swapper; exit $s");
    INFO(done.output);
    CHECK(done.status == exit_status(Code::partial));
    CHECK(has(done.output, "/srv/web"));
    CHECK(m.sh("findmnt -n /dev/mapper/cleartext-b").status != 0);
    CHECK(m.sh("mountpoint -q /root/secret").status != 0);
    check_up(m, {"a", "c", "d"});
  }
}

TEST_CASE("Must 14: a clone of a machine is told that it shares keys with another", "[.slow]") {
  Machine& m = closed();
  m.must("echo 0123456789abcdef0123456789abcdef > /etc/machine-id");
  const Done check = m.sh("latchkey check");
  INFO(check.output);
  CHECK(has(check.output, "clone of it"));
  CHECK(has(check.output, "hostkeys"));
  CHECK(has(check.output, "latchkey rekey"));
}

TEST_CASE(
    "Must 6, Should 1, Should 13: what runs in early boot locks its memory and holds no privilege",
    "[.slow]") {
  Machine m("test-inside", {"--volumes", "a,b", "--memory", "512", "--script", parts + "inside"});
  m.save("early");
  // One line a process, from one look at it; all stand still meanwhile.
  const std::string of_each =
      "all=\"$(pidof latchkey-unlock) $(pidof dropbear)\"; kill -STOP $all; for p in $all; do "
      "w=$(tr '\\0' ' ' < /proc/$p/cmdline) && s=$(grep -E 'VmLck|NoNewPrivs|CapEff' "
      "/proc/$p/status | tr -s '\\t\\n' '  ') && o=$(cat /proc/$p/oom_score_adj) && "
      "l=$(grep 'core file' /proc/$p/limits | tr -s ' ') && echo \"$w| $s| oom $o | $l\"; "
      "done 2>/dev/null; kill -CONT $all";
  Child later =
      m.inside_later("until [ $(pidof latchkey-unlock | wc -w) -ge 8 ]; do :; done; " + of_each);
  CHECK(m.early("", m.passphrase()).status == 0);
  CHECK(later.wait() == 0);
  INFO(later.output());
  int workers = 0;
  int clients = 0;
  int servers = 0;
  bool coordinator = false;  // is spared, and not its workers
  bool listener = false;     // is spared, and not its sessions
  for (const std::string& line : split(later.output(), '\n')) {
    INFO(line);
    if (has(line, "coordinate |")) {
      CHECK(has(line, "Max core file size 0 0"));
      // Those that are never killed have passed on the passphrase by now.
      if (has(line, "oom -")) {
        coordinator = true;
      } else {
        ++workers;
        CHECK_FALSE(has(line, "VmLck: 0 kB"));
      }
    } else if (has(line, "--key")) {
      ++clients;
      CHECK(has(line, "Max core file size 0 0"));
      CHECK_FALSE(has(line, "VmLck: 0 kB"));
      CHECK(has(line, "NoNewPrivs: 1"));
      CHECK(has(line, "CapEff: 0000000000000000"));
    } else if (has(line, "dropbear")) {
      ++servers;
      CHECK(has(line, "NoNewPrivs: 1"));
      // What it needs to listen and to begin a session: CAP_CHOWN, CAP_SETGID and
      // CAP_NET_BIND_SERVICE.
      CHECK(has(line, "CapEff: 0000000000000441"));
    }
    // What waits and what listens outlives a shortage of memory.
    if (has(line, "door |")) CHECK(has(line, "oom -"));
    listener = listener || (has(line, "dropbear") && has(line, "oom -"));
  }
  CHECK(coordinator);
  CHECK(listener);
  CHECK(workers >= 3);
  CHECK(clients >= 1);
  CHECK(servers >= 1);
}

TEST_CASE("Should 10: a disk with a volume group of the same name costs nothing, whenever it comes",
          "[.slow]") {
  // A guest of its own: no snapshot from before the disk can be loaded after it.
  Machine m("test-twins", {"--volumes", "a,b", "--memory", "768"});
  CHECK(m.early("continue").status == 0);
  m.wait_login();
  // So that LVM sees no other group of the name while it makes this one.
  m.must("vgchange -q -an system");
  m.disk("add", "two");
  const std::string disk = "$(readlink -f /dev/disk/by-id/virtio-latchkey-two)";
  m.until("test -e /dev/disk/by-id/virtio-latchkey-two");
  const std::string alone =
      "--config \"devices{filter=[\\\"a|^" + disk + "$|\\\",\\\"r|.*|\\\"]}\" ";
  m.must("vgcreate -q " + alone + "system " + disk);
  for (const char* lv : {"encrypted-keys", "encrypted-a"})
    m.must("lvcreate -q -an " + alone + "-L 32M -n " + lv + " system");
  m.disk("pull", "two");
  m.until("! test -e /dev/disk/by-id/virtio-latchkey-two");

  // Plugged in while it waits, and then there from the start, before anything is active.
  for (const bool from_start : {false, true}) {
    INFO((from_start ? "there from the start" : "plugged in later"));
    m.reboot();
    m.wait_early();
    if (!from_start) m.disk("plug", "two");
    const Done unlock = m.early("", m.passphrase());
    INFO(unlock.output);
    CHECK(unlock.status == 0);
    m.wait_login();
    m.until("test -e /dev/disk/by-id/virtio-latchkey-two");
    for (const char* volume : {"a", "b"})
      m.until("grep -qx " + std::string(volume) + " /srv/" + volume + "/marker");
    const Done lock = m.sh("latchkey lock");
    INFO(lock.output);
    CHECK(lock.status == 0);
    const Done release = m.sh("release-services", m.passphrase());
    INFO(release.output);
    CHECK(release.status == 0);
    CHECK_FALSE(has(release.output, "cannot"));
  }
}
