// SPDX-License-Identifier: GPL-3.0-or-later
// The door and its farewell in a network namespace of this test's own, with a
// DHCP server in a second one. Needs root, busybox, dnsmasq and iproute2, and
// the program door-host beside this one. Hidden: asked for by `[netns]`.
#include <sys/stat.h>

#include "support/netns.hpp"

using namespace latchkey;
using namespace latchkey::test;

namespace {

// Told to the person who runs this, as the numbers to report.
void measured(const char* what, double seconds) { std::printf("  %s: %.2f s\n", what, seconds); }

}  // namespace

TEST_CASE("a DHCP server later than the door is used; farewell leaves nothing", "[.netns]") {
  if (!possible()) return;
  const World world;
  world.consoles("tty0 ttyS0\n", {"tty1", "ttyS0"});
  const Peer peer;
  const std::string trap = world.root + "/trap";
  const std::string hostile = "$(touch " + trap + ");`touch " + trap + "`";
  world.file("/etc/latchkey/latchkey.conf",
             std::string(door_config) + "[network]\ninterface = \"nic0\"\nhostname = \"early1\"\n");
  const std::string before = world.state();
  const Process door(world.door(), world.root + "/door.out");
  REQUIRE(eventually(5s, [&] { return !world.dhcp_clients().empty(); }));
  CHECK(world.text("/run/latchkey/early/links") == "nic0\n");
  CHECK(eventually(5s, [&] { return bool(session(2222)); }));
  const auto mode = [&](const char* path) { return fs::status(world.root + path).permissions(); };
  CHECK(mode("/run/latchkey") == fs::perms(0755));
  CHECK(mode("/run/latchkey/early") == fs::perms(0700));

  auto begin = Clock::now();
  const Process server(
      peer.inside({"dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
                   "--user=root", "--interface=srv0", "--bind-interfaces", "--leasefile-ro",
                   "--dhcp-range=192.0.2.50,192.0.2.60,255.255.255.0,120", "--log-dhcp",
                   "--dhcp-option-force=15," + hostile, "--dhcp-option-force=12," + hostile,
                   "--dhcp-option-force=17," + hostile, "--dhcp-option-force=26,1400",
                   "--dhcp-option-force=114," + hostile, "--dhcp-authoritative",
                   "--log-facility=-"}),
      world.root + "/dnsmasq.out");
  const auto leased = [&] {
    return world.text("/dev/ttyS0").find("answers at root@192.0.2.") != std::string::npos;
  };
  REQUIRE(eventually(15s, leased));
  measured("address after the server's start", seconds_since(begin));
  CHECK(seconds_since(begin) < 10);
  const std::string said = world.text("/dev/ttyS0");
  CHECK(said.find("port 2222 (nic0)\r\n") != std::string::npos);
  // On every console: a provider's screen may show another one than the serial line.
  CHECK(eventually(5s, [&] { return world.text("/dev/tty1") == said; }));
  CHECK(world.text("/dev/console").empty());
  CHECK(eventually(2s, [&] {
    return out({"ip", "-4", "route", "show", "default"}).find("via 192.0.2.1") != std::string::npos;
  }));
  CHECK(read_mtu(world.root, "nic0") == 1400);
  CHECK(world.text("/dnsmasq.out").find("early1") != std::string::npos);
  CHECK_FALSE(fs::exists(trap));
  const std::string address = said.substr(said.find("192.0.2."), 10);
  CHECK(peer.reaches(address));

  // The client that is started again takes nothing from under a session.
  const auto clients = world.dhcp_clients();
  REQUIRE(clients.size() == 1);
  ::kill(clients[0], SIGKILL);
  CHECK(eventually(5s, [&] {
    const auto now = world.dhcp_clients();
    return now.size() == 1 && now != clients;
  }));
  CHECK(has_address(address + "/24"));
  CHECK(world.text("/dev/ttyS0") == said);

  // A session survives its keeper, and so does the address.
  const Fd client = session(2222);
  REQUIRE(
      eventually(2s, [&] { return world.processes("/usr/lib/latchkey/dropbear").size() >= 2; }));
  // The client's events are the same program, for a moment.
  std::vector<pid_t> keepers;
  REQUIRE(eventually(5s, [&] {
    keepers = world.processes("/usr/sbin/latchkey-unlock");
    std::erase(keepers, door.pid());
    return keepers.size() == 1;
  }));
  begin = Clock::now();
  ::kill(keepers[0], SIGKILL);
  CHECK(eventually(5s, [&] {
    auto now = world.processes("/usr/sbin/latchkey-unlock");
    std::erase(now, door.pid());
    std::erase(now, keepers[0]);
    return !now.empty() && bool(session(2222));
  }));
  measured("door open again after its worker was killed", seconds_since(begin));
  CHECK(has_address(address + "/24"));
  pollfd alive{client.get(), POLLIN | POLLHUP, 0};
  CHECK(::poll(&alive, 1, 0) == 0);

  begin = Clock::now();
  const RunResult bye = world.run_unlock("farewell");
  measured("farewell", seconds_since(begin));
  CHECK(seconds_since(begin) < 3);
  CHECK(bye.output == "");
  CHECK(bye.status == 0);
  CHECK(::poll(&alive, 1, 1000) == 1);
  CHECK(world.state() == before);
  for (const char* program : {"/usr/sbin/latchkey-unlock", "/usr/lib/latchkey/dropbear"})
    CHECK(world.processes(program).empty());
  CHECK(world.dhcp_clients().empty());
  CHECK_FALSE(fs::exists(world.root + "/run/latchkey/early"));
  CHECK_FALSE(fs::exists(world.root + "/etc/latchkey/root/.ssh/authorized_keys"));
  CHECK(world.run_unlock("farewell").status == 0);  // once more is no error
}

TEST_CASE("a link that was up before keeps what it had", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  must({"ip", "addr", "add", "192.0.2.77/24", "dev", "nic0"});
  must({"ip", "link", "set", "nic0", "up"});
  must({"ip", "route", "add", "default", "via", "192.0.2.1"});
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline",
             "ip=192.0.2.77::192.0.2.1:24::nic0:none:1300 "
             "ip=198.51.100.9/32::203.0.113.1:::nic0:none");
  // The kernel is still busy with a link for some moments after it went up.
  const auto settled = [&] { return world.state().find("fe80::/64") != std::string::npos; };
  REQUIRE(eventually(5s, settled));
  const std::string before = world.state();
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(5s, [&] { return has_address("198.51.100.9/32"); }));
  CHECK(eventually(2s, [&] {
    return out({"ip", "-4", "route"}).find("default via 203.0.113.1") != std::string::npos;
  }));
  CHECK(world.text("/run/latchkey/early/links") == "");
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK(world.state() == before);
}

TEST_CASE("of two cards each answers by its own router, and no rule is left", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer inner;
  const Peer outer("nic1", "198.51.100.1/24");
  // Somebody behind the router of the second card; the first one's knows no way to them.
  for (const char* address : {"203.0.113.9/32", "2001:db8:9::9/128"})
    must(outer.inside({"ip", "addr", "add", address, "dev", "lo"}));
  must(outer.inside({"ip", "addr", "add", "2001:db8:1::1/64", "dev", "srv0", "nodad"}));
  const auto reached = [&](const char* from, const char* to) {
    return run(outer.inside({"busybox", "ping", "-c", "1", "-W", "1", "-I", from, to}))->status ==
           0;
  };
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline",
             "ip=nic0:dhcp ip=[2001:db8::50]::[2001:db8::1]:64::nic0:none "
             "ip=198.51.100.50::198.51.100.1:24::nic1:none "
             "ip=[2001:db8:1::50]::[2001:db8:1::1]:64::nic1:none");
  const Process door(world.door(), world.root + "/door.out");
  REQUIRE(eventually(5s, [&] { return has_address("2001:db8::50/64"); }));
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.50", "mask=24", "router=192.0.2.1"}) == 0);
  CHECK(eventually(10s, [&] { return reached("203.0.113.9", "198.51.100.50"); }));
  CHECK(eventually(10s, [&] { return reached("2001:db8:9::9", "2001:db8:1::50"); }));
  CHECK(inner.reaches("192.0.2.50"));
  CHECK(World::rules().find("from 192.0.2.50") != std::string::npos);
  // The address of the lease changes, and a card goes away: so do their rules.
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.51", "mask=24", "router=192.0.2.1"}) == 0);
  CHECK(World::rules().find("from 192.0.2.50") == std::string::npos);
  CHECK(World::rules().find("from 192.0.2.51") != std::string::npos);
  out({"ip", "link", "del", "nic1"});
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK(World::rules().empty());
}

TEST_CASE("the address of initramfs.conf, which init exports, is used", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  world.file("/etc/latchkey/latchkey.conf", door_config);
  ::setenv("IP", "192.0.2.61::192.0.2.1:24::nic0:off", 1);
  const Process door(world.door(), world.root + "/door.out");
  ::unsetenv("IP");
  CHECK(eventually(5s, [&] { return has_address("192.0.2.61/24"); }));
}

TEST_CASE("a setup that fails in part is told once, and what can be had is there", "[.netns]") {
  if (!possible() || !(fs::exists("/dev/kmsg") || skip("there is no /dev/kmsg"))) return;
  const World world;
  const Peer peer;
  const std::string log = world.root + "/kmsg";
  REQUIRE(::mkfifo(log.c_str(), 0600) == 0);
  REQUIRE(::mount(log.c_str(), "/dev/kmsg", nullptr, MS_BIND, nullptr) == 0);
  const Fd said(::open(log.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(said);
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline", "ip=192.0.2.50::192.0.2.255:24::nic0:none");  // to nobody
  const Process door(world.door(), world.root + "/door.out");
  std::string all;
  const auto told = [&] {
    std::array<char, 4096> some{};
    if (const auto got = ::read(said.get(), some.data(), some.size()); got > 0)
      all.append(some.data(), static_cast<std::size_t>(got));
    std::size_t count = 0;
    for (std::size_t at = 0; (at = all.find("cannot do 'ip -4 route", at)) != std::string::npos;
         ++at)
      ++count;
    return count;
  };
  CHECK(eventually(5s, [&] { return told() == 1; }));
  CHECK(has_address("192.0.2.50/24"));
  CHECK_FALSE(eventually(5s, [&] { return told() > 1; }));  // it is tried every 2 s
  ::umount2("/dev/kmsg", MNT_DETACH);
}

// As one without its firmware: it refuses whenever it is raised, and comes before the good one.
TEST_CASE("a card that cannot be raised keeps no other from its address", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer("nic1");
  // Of two links with one MAC address the kernel raises one.
  must({"ip", "link", "add", "low0", "type", "veth", "peer", "name", "low1"});
  must({"ip", "link", "set", "low0", "up"});
  const std::string mac(trim(read_file(world.root + "/sys/class/net/low0/address").value()));
  if (run({"ip", "link", "add", "link", "low0", "name", "nic0", "address", mac, "type", "macvlan"})
          ->status != 0) {
    skip("this kernel has no macvlan");
    return;
  }
  REQUIRE(run({"ip", "link", "set", "nic0", "up"})->status != 0);
  // Later than the other, as cards are served in the order of their numbers.
  out({"ip", "link", "del", "nic1"});
  peer.plug();
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline",
             "ip=198.51.100.9:::24::nic0:none ip=192.0.2.50::192.0.2.1:24::nic1:none");
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(5s, [&] { return peer.reaches("192.0.2.50"); }));
  CHECK(world.run_unlock("farewell").status == 0);
  out({"ip", "link", "del", "low0"});
}

TEST_CASE("a broken configuration and a card that appears late still give a door", "[.netns]") {
  if (!possible()) return;
  const World world;
  world.file("/etc/latchkey/latchkey.conf", "[network\nthis is no configuration");
  world.file("/proc/cmdline",
             "ip=192.0.2.50::192.0.2.1:24::nic0:none "
             "ip=[2001:db8::50]::[fe80::1]:64::nic0:none");
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(5s, [&] { return bool(session(22)); }));
  const auto begin = Clock::now();
  const Peer peer;
  CHECK(eventually(5s, [&] { return has_address("192.0.2.50/24"); }));
  measured("address after the card appeared", seconds_since(begin));
  CHECK(eventually(5s, [&] { return has_address("2001:db8::50/64"); }));
  CHECK(eventually(5s, [&] {
    return out({"ip", "-6", "route"}).find("default via fe80::1") != std::string::npos;
  }));
  CHECK(eventually(5s, [&] {
    return world.text("/dev/console").find("root@2001:db8::50 port 22 (nic0)") != std::string::npos;
  }));
  // Taken away and plugged in again: as at first.
  out({"ip", "link", "del", "nic0"});
  peer.plug();
  CHECK(eventually(5s, [&] { return has_address("192.0.2.50/24") && peer.reaches("192.0.2.50"); }));
  // A second door does not disturb the first.
  CHECK(world.run_unlock("door").status == 5);
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK(world.state().find("192.0.2") == std::string::npos);
}

TEST_CASE("a neighbour with another MAC address for ours learns the new one", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  const auto knows = [&] {
    const std::string mac(trim(read_file(world.root + "/sys/class/net/nic0/address").value()));
    return out(peer.inside({"ip", "neigh", "show", "192.0.2.50"})).find(mac) != std::string::npos;
  };
  const std::string old =
      "ip neigh replace 192.0.2.50 lladdr 52:54:00:00:00:99 dev srv0 nud reachable";
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline", "ip=192.0.2.50::192.0.2.1:24::nic0:none");
  must(peer.inside({"sh", "-c", old}));
  const Process door(world.door(), world.root + "/door.out");
  CHECK(eventually(5s, knows));
  // The cable is out for a while, and the address elsewhere.
  must(peer.inside({"ip", "link", "set", "srv0", "down"}));
  REQUIRE(eventually(5s, [&] { return trim(world.text("/sys/class/net/nic0/carrier")) == "0"; }));
  must(peer.inside({"sh", "-c", "ip link set srv0 up; " + old}));
  CHECK(eventually(5s, knows));
  // One that a DHCP server lends.
  must(peer.inside({"sh", "-c",
                    "ip neigh del 192.0.2.51 dev srv0 2>/dev/null; ip neigh replace "
                    "192.0.2.51 lladdr 52:54:00:00:00:99 dev srv0 nud reachable"}));
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.51", "mask=24"}) == 0);
  CHECK(eventually(5s, [&] {
    return out(peer.inside({"ip", "neigh", "show", "192.0.2.51"})).find(":99") == std::string::npos;
  }));
  CHECK(world.run_unlock("farewell").status == 0);
}

TEST_CASE("leases come, change and end as the DHCP client says", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  fs::create_directories(world.root + "/run/latchkey/early");
  must({"ip", "link", "set", "nic0", "up"});
  const auto routes = [] { return out({"ip", "-4", "route"}); };
  CHECK(world.dhcp_event("deconfig", {}) == 0);
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.50", "mask=24", "router=192.0.2.1", "lease=600",
                                   "mtu=1400"}) == 0);
  CHECK(has_address("192.0.2.50/24"));
  CHECK(routes().find("default via 192.0.2.1") != std::string::npos);
  CHECK(world.dhcp_event("deconfig", {}) == 0);  // a client that was started again
  CHECK(has_address("192.0.2.50/24"));
  CHECK(world.dhcp_event("renew", {"ip=$(reboot)", "mask=24"}) != 0);
  CHECK(has_address("192.0.2.50/24"));
  // Another address and gateway; the lease is over at once.
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.51", "mask=24", "lease=1",
                                   "staticroutes=10.0.0.0/8 192.0.2.2"}) == 0);
  CHECK_FALSE(has_address("192.0.2.50/24"));
  CHECK(has_address("192.0.2.51/24"));
  // What was taken back is not written down any more, or it would grow with each lease.
  const auto ledger = [&] { return world.text("/run/latchkey/early/added"); };
  CHECK(ledger().find("192.0.2.50") == std::string::npos);
  CHECK(ledger().find("192.0.2.51") != std::string::npos);
  CHECK(routes().find("default") == std::string::npos);
  CHECK(routes().find("10.0.0.0/8 via 192.0.2.2") != std::string::npos);
  CHECK(world.dhcp_event("deconfig", {}) == 0);
  CHECK(routes() == "");
  CHECK_FALSE(has_address("192.0.2.51/24"));
  CHECK(ledger() == "mtu nic0 1500\n");
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.52", "mask=24"}) == 0);
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK_FALSE(has_address("192.0.2.52/24"));
  CHECK(read_mtu(world.root, "nic0") == 1500);
}

TEST_CASE("a ledger of megabytes is still undone", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  fs::create_directories(world.root + "/run/latchkey/early");
  must({"ip", "link", "set", "nic0", "up"});
  world.file("/run/latchkey/early/added", std::string(2U << 20U, '\n'));
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.50", "mask=24", "mtu=1400"}) == 0);
  CHECK(read_mtu(world.root, "nic0") == 1400);
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK_FALSE(has_address("192.0.2.50/24"));
  CHECK(read_mtu(world.root, "nic0") == 1500);
}

TEST_CASE("an answer with an MTU below that of IPv6 takes no IPv6 off the link", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  world.file("/etc/latchkey/latchkey.conf", std::string(door_config) +
                                                "[network]\ninterface = \"nic0\"\n"
                                                "address = \"2001:db8::50/64\"\n");
  const Process door(world.door(), world.root + "/door.out");
  REQUIRE(eventually(5s, [&] { return has_address("2001:db8::50/64"); }));
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.50", "mask=24", "mtu=576"}) == 0);
  CHECK(has_address("192.0.2.50/24"));
  CHECK(has_address("2001:db8::50/64"));
  CHECK(read_mtu(world.root, "nic0") == 1500);
  CHECK(world.dhcp_event("bound", {"ip=192.0.2.50", "mask=24", "mtu=1280"}) == 0);
}

TEST_CASE("router announcements are enough where there is no IPv4", "[.netns]") {
  if (!possible()) return;
  const World world;
  const Peer peer;
  must(peer.inside({"ip", "addr", "add", "2001:db8:1::1/64", "dev", "srv0"}));
  world.file("/etc/latchkey/latchkey.conf", door_config);
  world.file("/proc/cmdline", "ip=nic0:dhcp");
  const std::string before = world.state();
  const Process door(world.door(), world.root + "/door.out");
  const auto begin = Clock::now();
  const Process server(
      peer.inside({"dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
                   "--user=root", "--interface=srv0", "--bind-interfaces", "--leasefile-ro",
                   "--enable-ra", "--dhcp-range=2001:db8:1::,ra-only", "--log-facility=-"}),
      world.root + "/dnsmasq.out");
  CHECK(eventually(15s, [&] {
    return world.text("/dev/console").find("root@2001:db8:1:") != std::string::npos;
  }));
  measured("address by router announcement", seconds_since(begin));
  CHECK(world.run_unlock("farewell").status == 0);
  CHECK(world.state() == before);
}
