// SPDX-License-Identifier: GPL-3.0-or-later
// What `init` writes into [network], and tells, beside a command line.
#include <unistd.h>

#include "core/base/message.hpp"
#include "core/base/text.hpp"
#include "core/config/first_network.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/command_line.hpp"

using namespace latchkey;

namespace {

HostNetwork static_host() {
  HostNetwork out;
  out.link = "ens3";
  out.config.method = NetworkConfig::Method::fixed;
  out.config.interface = "52:54:00:12:34:56";
  out.config.address = {"192.0.2.10/24"};
  out.config.gateway = {"192.0.2.1"};
  return out;
}

}  // namespace

TEST_CASE("[network] is written from the running system, with and without an ip=") {
  for (const char* cmdline : {"quiet", "quiet ip=192.0.2.10::192.0.2.1:24::ens3:none"}) {
    NewNetwork network;
    const FirstNetwork said = set_network(network, static_host(), cmdline, {});
    CHECK(network.config.interface == "52:54:00:12:34:56");
    CHECK_FALSE(network.left_open);
    CHECK(network.note == "As 'ens3' was set up when this file was written.");
    CHECK(said.ip_source == (std::string(cmdline) == "quiet" ? "" : "the kernel's command line"));
    CHECK(said.warnings.empty());
  }
}

TEST_CASE("what is wrong in an ip=, or turns the network off, is told at once") {
  NewNetwork network;
  const FirstNetwork wrong = set_network(network, static_host(), "ip=192.0.2.10::::::manual", {});
  REQUIRE(wrong.warnings.size() == 1);
  CHECK(wrong.warnings[0].what ==
        "kernel command line: ip=192.0.2.10::::::manual: method 'manual' (column 17)");
  const FirstNetwork off = set_network(network, static_host(), "ip=off", {});
  REQUIRE(off.warnings.size() == 1);
  CHECK(sentence(off.warnings[0]) ==
        "early boot will have no network: only its console can unlock: the ip= of the kernel's "
        "command line turns it off");
}

TEST_CASE("an IP= of initramfs-tools counts like an ip=, which comes before it") {
  NewNetwork network;
  const InitramfsIp off{"/etc/initramfs-tools/initramfs.conf", "off"};
  const FirstNetwork said = set_network(network, static_host(), "quiet", off);
  CHECK(said.ip_source == "'/etc/initramfs-tools/initramfs.conf'");
  REQUIRE(said.warnings.size() == 1);
  CHECK(said.warnings[0].why == "the ip= of '/etc/initramfs-tools/initramfs.conf' turns it off");
  CHECK(set_network(network, static_host(), "ip=dhcp", off).ip_source ==
        "the kernel's command line");
  CHECK(set_network(network, static_host(), "ip=dhcp", off).warnings.empty());
}

TEST_CASE("the last IP= of initramfs-tools' own files is found, and nothing of them is run") {
  const test::TempFolder folder;
  const std::string root = folder.path();
  const auto put = [&](const std::string& file, const std::string& text) {
    REQUIRE(make_directories(root + file.substr(0, file.rfind('/')), 0755));
    REQUIRE(write_file(root + file, text, 0644));
  };
  CHECK(initramfs_ip(root).value.empty());
  put("/etc/initramfs-tools/initramfs.conf",
      "MODULES=most\n#IP=off\n IP='192.0.2.5::192.0.2.1:24::eth0:off' # static\nIPX=1\n");
  CHECK(initramfs_ip(root).value == "192.0.2.5::192.0.2.1:24::eth0:off");
  CHECK(initramfs_ip(root).file == "/etc/initramfs-tools/initramfs.conf");
  put("/usr/share/initramfs-tools/conf.d/zz", "IP=dhcp\n");
  CHECK(initramfs_ip(root).value == "dhcp");
  put("/etc/initramfs-tools/conf.d/zz", "# nothing of the package's\n");
  put("/etc/initramfs-tools/conf.d/ip", "IP=$(touch /x)\nexport IP=\"192.0.2.6\"\n");
  put("/etc/initramfs-tools/conf.d/ip.dpkg-old", "IP=off\n");
  put("/etc/initramfs-tools/conf.d/ip~", "IP=off\n");
  CHECK(initramfs_ip(root).value == "192.0.2.6");
  CHECK(initramfs_ip(root).device.empty());
  put("/etc/initramfs-tools/conf.d/zz", "IP=\nDEVICE=eth1\n");
  CHECK(initramfs_ip(root).value.empty());
  CHECK(initramfs_ip(root).device == "eth1");
}

TEST_CASE("case 13: the command lines of other boot loaders than GRUB are known") {
  const test::TempFolder folder;
  const std::string root = folder.path();
  const auto put = [&](const std::string& file, const std::string& text) {
    REQUIRE(make_directories(root + file.substr(0, file.rfind('/')), 0755));
    REQUIRE(write_file(root + file, text, 0644));
  };
  const auto known = [&] {
    std::vector<std::string> out;
    for (const CommandLine& line : known_command_lines(root))
      out.push_back(line.source + ": " + line.text);
    return join(out, "\n");
  };
  CHECK(known().empty());
  put("/etc/machine-id", "11aa\n");
  put("/boot/efi/loader/entries/a.conf",
      "title Debian\nmachine-id 11aa\noptions  root=/dev/vda1 \"a=b c\"\noptions ip=dhcp\n");
  put("/boot/efi/loader/entries/b.conf", "machine-id 22\noptions ip=off\n");
  put("/boot/efi/loader/entries/c.conf.old", "options ip=off\n");
  REQUIRE(symlink("boot/efi", (root + "/efi").c_str()) == 0);
  put("/boot/firmware/cmdline.txt", "ip=:::::eth0.43:dhcp vlan=eth0.43:eth0");
  put("/boot/extlinux/extlinux.conf",
      "default l0\nlabel l0\n\tappend root=/dev/vda1 ro\n#append ip=off\nlabel l1\n"
      "\tAPPEND root=/dev/vda1 ro\nlabel l0r\n\tappend root=/dev/vda1 single\n");
  put("/etc/default/u-boot", "#U_BOOT_PARAMETERS=\"ip=off\"\nU_BOOT_PARAMETERS=\"ro quiet\"\n");
  put("/etc/default/flash-kernel", "LINUX_KERNEL_CMDLINE=\"quiet ip=dhcp\"\n");
  CHECK(known() ==
        "/boot/efi/loader/entries/a.conf: root=/dev/vda1 \"a=b c\" ip=dhcp\n"
        "/boot/firmware/cmdline.txt: ip=:::::eth0.43:dhcp vlan=eth0.43:eth0\n"
        "/boot/extlinux/extlinux.conf: root=/dev/vda1 ro\n"
        "/boot/extlinux/extlinux.conf: root=/dev/vda1 single\n"
        "/etc/default/u-boot: ro quiet\n"
        "/etc/default/flash-kernel: quiet ip=dhcp");
}

TEST_CASE("[network] is left open where nobody could say how") {
  NewNetwork network;
  CHECK(set_network(network, {}, "", {}).warnings.empty());
  CHECK(network.left_open);
}

TEST_CASE("init stops where nobody would reach early boot, unless an ip= decides") {
  HostNetwork host = static_host();
  host.out_of_reach = Error{Code::refused, "no address", "", ""};
  NewNetwork network;
  CHECK(set_network(network, host, "quiet", {}).out_of_reach);
  CHECK_FALSE(
      set_network(network, host, "ip=192.0.2.10::192.0.2.1:24::ens3:none", {}).out_of_reach);
  CHECK_FALSE(set_network(network, static_host(), "quiet", {}).out_of_reach);
}
