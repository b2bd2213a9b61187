// SPDX-License-Identifier: GPL-3.0-or-later
// Names of links that change, and a machine that is reached over a VLAN on a bond, in early
// boot as later.
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/machine.hpp"

using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";
const std::string script = parts + "bonded-vlan";
const std::string bridged = parts + "bridged-lacp";

// The machine's own system is up, over its own bond, and early boot has left it none.
void check_own_system(Machine& m) {
  const std::string before = m.must("cat /run/links-before");
  INFO(before);
  CHECK_FALSE(has(before, "bond0"));
  CHECK_FALSE(has(before, "br0"));
  CHECK_FALSE(has(before, "43@"));
  CHECK(m.must("awk '!/^lo / && /[<,]UP[,>]/' /run/links-before").empty());
  CHECK(m.must("cat /run/addresses-before") == "");
  CHECK(m.must("networkctl --no-legend list vlan43 bond0 | grep -c configured") == "2");
  CHECK(m.must("ls -d /sys/class/net/bond0/lower_* | wc -l") == "2");
  CHECK(has(m.must("cat /sys/class/net/bond0/bonding/mode"), "active-backup"));
  CHECK(m.must("ip -4 -o addr show scope global | wc -l") == "1");
  CHECK(m.sh("journalctl -b --no-pager | grep -iE 'already enslaved|Device or resource busy'")
            .status == 1);
}

// Early boot says that it made these links, and of nothing that it could not.
void check_made(Machine& m, const std::vector<std::string>& links) {
  const std::string log = m.must("journalctl -b -k --no-pager");
  INFO(log);
  for (const std::string& link : links) CHECK(has(log, "latchkey: made the " + link));
  CHECK_FALSE(has(log, "latchkey: cannot"));
}

}  // namespace

TEST_CASE("case 13: a VLAN on a bond reaches early ssh, and the system makes its own after it",
          "[.slow]") {
  Machine m("test-net", {"--volumes", "a", "--memory", "768", "--nic", "virtio-net-pci", "--nic",
                         "virtio-net-pci", "--trunk", "43", "--script", script});
  m.until_console("early ssh answers at root@10.0.2.15 port 22 (vlan43)");
  m.unlock_and_boot();
  check_own_system(m);
  check_made(m, {"bond 'bond0'", "vlan 'vlan43' over 'bond0'"});
}

TEST_CASE("case 13: the command line says the same, with the kernel's own names of links",
          "[.slow]") {
  Machine m("test-net", {"--volumes", "a", "--memory", "768", "--nic", "virtio-net-pci", "--nic",
                         "virtio-net-pci", "--trunk", "43", "--script", script, "--cmdline",
                         "net.ifnames=0 bond=bond0:eth0,eth1:mode=active-backup,primary=eth1 "
                         "vlan=bond0.43:bond0 ip=bond0.43:dhcp"});
  m.until_console("early ssh answers at root@10.0.2.15 port 22 (bond0.43)");
  m.unlock_and_boot();
  check_own_system(m);
}

TEST_CASE("case 13: a bridge on a VLAN on a bond that speaks LACP, to a switch that does not",
          "[.slow]") {
  // A bond that speaks LACP takes no card whose speed is not known (seen with Linux 6.12).
  const std::string card = "virtio-net-pci,speed=1000,duplex=full";
  Machine m("test-net", {"--volumes", "a", "--memory", "768", "--nic", card, "--nic", card,
                         "--trunk", "43", "--script", script, "--script", bridged});
  m.until_console("early ssh answers at root@10.0.2.15 port 22 (br0)");
  m.unlock_and_boot();
  check_own_system(m);
  check_made(m, {"bond 'bond0'", "vlan 'vlan43' over 'bond0'", "bridge 'br0' over 'vlan43'"});
}

TEST_CASE("case 6, 8: a NIC named by its MAC answers whatever it is called, early and later",
          "[.slow]") {
  Machine m("test-names", quick({"--volumes", "a", "--memory", "768"}));
  m.unlock_and_boot();
  m.must(
      "mac=$(cat /sys/class/net/e*/address) && printf '[network]\\ninterface = \"%s\"\\n' \"$mac\""
      " >>/etc/latchkey/latchkey.conf && update-initramfs -u &&"
      // Known to the real root only: early boot has the name that it is renamed from.
      " printf '[Match]\\nMACAddress=%s\\n[Link]\\nName=lan0\\n' \"$mac\""
      " >/etc/systemd/network/10-lan.link && sync");
  const auto check_lan = [&] {
    m.unlock_and_boot();
    CHECK(has(m.must("ip -br -4 addr show dev lan0"), "10.0.2.15"));
    CHECK(m.must("ip -4 route show default | wc -l") == "1");
    CHECK(m.must("systemctl --failed --no-legend").empty());
  };
  m.reboot();
  m.wait_early();
  m.until_console("early ssh answers at root@10.0.2.15 port 22 (en", 2);
  check_lan();
  m.power_off();
  m.start({"--cmdline", "mitigations=off net.ifnames=0"});
  m.wait_early();
  m.until_console("early ssh answers at root@10.0.2.15 port 22 (eth0)");
  check_lan();
}

TEST_CASE("a fixed address for no card in particular is where the gateway answers", "[.slow]") {
  Machine m("test-cards", {"--volumes", "a", "--memory", "768", "--nic", "virtio-net-pci", "--nic",
                           "virtio-net-pci", "--cmdline",
                           "mitigations=off net.ifnames=0 "
                           "ip=10.0.2.15::10.0.2.2:255.255.255.0:::off"});
  const std::string answers = "early ssh answers at root@10.0.2.15 port 22 ";
  m.until_console(answers + "(eth0)");
  // The other card leads to a network of its own, where nobody asks for this address.
  m.monitor("set_link nic0 off");
  m.until_console(answers + "(eth1)");
  m.monitor("set_link nic0 on");
  m.wait_early();
  m.unlock_and_boot();
}
