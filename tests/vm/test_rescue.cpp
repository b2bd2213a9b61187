// SPDX-License-Identifier: GPL-3.0-or-later
// A machine that nobody reaches any more, and the page that is to bring it back.
#include <stdexcept>

#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

// The first lines to be typed below a heading of latchkey-recovery(7), as a reader sees them.
std::vector<std::string> lines_below(const std::string& heading) {
  const std::string page = text_of(LATCHKEY_SOURCE_DIR "/src/man/latchkey-recovery.7");
  const std::size_t section = page.find("\n.SH " + heading + "\n");
  const std::size_t begin = page.find("\n.nf\n", section);
  const std::size_t end = page.find("\n.fi\n", begin);
  if (section == std::string::npos || begin == std::string::npos || end == std::string::npos)
    throw std::runtime_error("the page has no lines below '" + heading + "'");
  const std::string block = page.substr(begin + 5, end - begin - 5);
  return split(replaced(replaced(block, "\\-", "-"), "\\(dq", "\""), '\n');
}

// What stands for a person: the device that they saw, and what they do in the editor. A part that
// this machine does not have, and the reboot at the end, are left out.
std::string typed(const std::vector<std::string>& lines, const std::string& root,
                  const std::string& correction) {
  std::string out;
  for (const std::string& line : lines) {
    if (has(line, "# only where") || line == "reboot") continue;
    out += replaced(replaced(line, "mount ROOT ", "mount " + root + " "), "editor ", correction) +
           "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("a machine whose early network cannot be reached is got back by the rescue page's lines",
          "[.slow]") {
  Machine m("test-lost", quick({"--volumes", "a:ext4:64", "--cpus", "1", "--memory", "768"}));
  m.unlock_and_boot();
  m.must(
      "printf '\\n[network]\\nmethod = \"static\"\\naddress = \"198.51.100.7/24\"\\n' "
      ">>/etc/latchkey/latchkey.conf && update-initramfs -u -k all && sync");
  m.reboot();
  m.until_console("early ssh answers at root@198.51.100.7 port 22");
  CHECK(m.early("status").status == 255);
  m.pull_the_plug();

  {
    // The provider's: another system, which has nothing of Latchkey and finds the disks.
    Machine rescue("test-rescue",
                   {"--no-latchkey", "--late-disk", "--cpus", "1", "--memory", "768", "--cmdline",
                    "mitigations=off"},
                   Machine::At::login);
    rescue.disk("add", "lost", {"--of", "test-lost/root"});
    rescue.disk("add", "data", {"--of", "test-lost/system"});
    const std::string disks = "/dev/disk/by-id/virtio-latchkey-";
    const std::string root = disks + "lost-part1";
    rescue.until("ls " + root + " " + disks + "data");
    const std::string lines =
        typed(lines_below("FROM THE PROVIDER'S RESCUE SYSTEM"), root, "sed -i '/^.network/,$d' ");
    INFO(lines);
    const Done done = rescue.sh("bash", lines + "echo the shell goes on\n");
    INFO(done.output);
    CHECK(done.status == 0);
    CHECK(has(done.output, "Generating /boot/initrd.img-"));
    CHECK_FALSE(has(done.output, "error: the image"));
    CHECK_FALSE(has(done.output, "WITHOUT waiting"));
    CHECK(has(done.output, "the shell goes on"));
    CHECK(rescue.sh("mountpoint -q /mnt").status != 0);
    // What was its own is as it was.
    rescue.must("mountpoint -q /proc && mountpoint -q /sys && ls /dev/null /run/systemd/system");
    rescue.power_off();
  }

  m.start();
  m.wait_early();
  m.unlock_and_boot();
  m.until("latchkey status");
  m.must("grep -q 'unlocked by' /run/latchkey/early.log");
  CHECK(has(m.must("dmesg | grep latchkey"), "early ssh answers at root@10.0.2.15"));
}
