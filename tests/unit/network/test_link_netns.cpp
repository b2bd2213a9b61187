// SPDX-License-Identifier: GPL-3.0-or-later
// Case 13 in a network namespace: a bridge that the door makes, and its end. Bonds and
// VLANs need a kernel that has them: their stories are those of vm/test_network.cpp.
#include "support/netns.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

bool on_link(const std::string& link, const std::string& address) {
  const auto all = read_addresses();
  return std::ranges::find(all, LinkAddress{link, *parse_subnet(address)}) != all.end();
}

std::string master(const World& world, const std::string& link) {
  std::error_code none;
  return fs::read_symlink(world.root + "/sys/class/net/" + link + "/master", none).filename();
}

bool exists(const World& world, const std::string& link) {
  return fs::exists(world.root + "/sys/class/net/" + link);
}

// A kernel without bridges cannot show this.
bool bridges() {
  if (!possible()) return false;
  if (run({"unshare", "-n", "ip", "link", "add", "br0", "type", "bridge"})->status == 0)
    return true;
  return skip("this kernel has no bridges");
}

}  // namespace

TEST_CASE("case 13: the door makes a bridge when its port comes, and farewell removes it",
          "[.netns]") {
  if (!bridges()) return;
  const World world;
  world.file("/etc/latchkey/latchkey.conf",
             std::string(door_config) +
                 "[network]\nbridge = [\"nic0\", \"nic9\"]\nmethod = \"static\"\n"
                 "address = \"192.0.2.50/24\"\ngateway = \"192.0.2.1\"\n");
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(10s, [&] { return bool(session(2222)); }));
  CHECK_FALSE(exists(world, "br0"));
  const Peer peer;
  CHECK(eventually(20s, [&] { return on_link("br0", "192.0.2.50/24"); }));
  CHECK(eventually(20s, [&] { return peer.reaches("192.0.2.50"); }));
  CHECK(master(world, "nic0") == "br0");
  CHECK_FALSE(has_address("192.0.2.50/24"));
  const std::string net = world.root + "/sys/class/net/";
  CHECK(read_file(net + "br0/address").value() == read_file(net + "nic0/address").value());
  CHECK(world.text("/run/latchkey/early/made") == "made br0\n");
  // A second port, later.
  must({"ip", "link", "add", "nic9", "type", "veth", "peer", "name", "far9"});
  CHECK(eventually(20s, [&] { return master(world, "nic9") == "br0"; }));
  // Its maker dies, and goes on where it was.
  for (const pid_t pid : world.processes("/usr/sbin/latchkey-unlock"))
    if (pid != door.pid()) ::kill(pid, SIGKILL);
  must({"ip", "link", "set", "dev", "nic9", "nomaster"});
  CHECK(eventually(20s, [&] { return master(world, "nic9") == "br0"; }));

  CHECK(world.run_unlock("farewell").status == 0);
  CHECK_FALSE(exists(world, "br0"));
  CHECK(master(world, "nic0").empty());
  CHECK(world.state() == "0x1002\n1500\n");  // down, and nothing on it
  CHECK_FALSE(fs::exists(world.root + "/run/latchkey/early"));
}

TEST_CASE("case 13: a bridge has the MAC address of [network]", "[.netns]") {
  if (!bridges()) return;
  const World world;
  world.file("/etc/latchkey/latchkey.conf",
             std::string(door_config) +
                 "[network]\nbridge = \"nic0\"\nmac = \"52:54:00:aa:bb:cc\"\n"
                 "method = \"static\"\naddress = \"192.0.2.50/24\"\n");
  const Peer peer;
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(20s, [&] { return peer.reaches("192.0.2.50"); }));
  CHECK(world.text("/sys/class/net/br0/address") == "52:54:00:aa:bb:cc\n");
  CHECK(out(peer.inside({"ip", "neigh", "show", "192.0.2.50"})).find("52:54:00:aa:bb:cc") !=
        std::string::npos);
  CHECK(world.run_unlock("farewell").status == 0);
}

TEST_CASE("case 13: a bridge that was there before is used, and stays as it was", "[.netns]") {
  if (!bridges()) return;
  const World world;
  const Peer peer;
  must({"ip", "link", "add", "br0", "type", "bridge"});
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline", "bridge=br0:nic0 ip=192.0.2.50::192.0.2.1:24::br0:none");
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(20s, [&] { return on_link("br0", "192.0.2.50/24"); }));
  CHECK(master(world, "nic0").empty());
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK(exists(world, "br0"));
  CHECK_FALSE(on_link("br0", "192.0.2.50/24"));
  out({"ip", "link", "del", "br0"});
}

TEST_CASE("case 13: what is wrong or cannot be made costs nothing else", "[.netns]") {
  if (!bridges()) return;
  const World world;
  // No kernel takes a bridge into a bridge.
  must({"ip", "link", "add", "br7", "type", "bridge"});
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline",
             "vlan=bad:nic0 bond=bond0:nic8 bridge=br0:br7 ip=192.0.2.50:::24::nic0:none");
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(20s, [&] { return exists(world, "br0"); }));
  const Peer peer;
  CHECK(eventually(20s, [&] { return has_address("192.0.2.50/24"); }));
  CHECK(peer.reaches("192.0.2.50"));
  CHECK(master(world, "br7").empty());
  CHECK_FALSE(exists(world, "bond0"));
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK_FALSE(exists(world, "br0"));
  CHECK(exists(world, "br7"));
  out({"ip", "link", "del", "br7"});
}
