// SPDX-License-Identifier: GPL-3.0-or-later
#include <fstream>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/network/link.hpp"
#include "sys/network/network_cards.hpp"

using namespace latchkey;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

// A machine with a card on a virtio bus, a card with a PHY of its own, and a bridge.
class FakeSys {
 public:
  FakeSys() {
    card("eth0", "pci0/virtio0", 2, "virtio:d00000001v00001AF4");
    driver("devices/pci0/virtio0", "virtio_net");
    driver("devices/pci0", "virtio_pci");
    card("eth1", "platform/mac.0", 3, "of:NethernetT(null)Cvendor,mac");
    driver("devices/platform/mac.0/net/eth1/phydev", "realtek");
    write("devices/virtual/net/br0/ifindex", "4");
    write("devices/virtual/net/br0/type", "1");
    link("devices/virtual/net/br0", "class/net/br0");
    fs::create_directory(fs::path(root()) / "proc");
    std::ofstream(root() + "/proc/cmdline") << "quiet\n";
  }
  [[nodiscard]] const std::string& root() const { return root_.path(); }
  void write(const std::string& at, const std::string& text) const {
    fs::create_directories((sys() / at).parent_path());
    std::ofstream(sys() / at) << text << "\n";
  }
  /// As boards have it whose bus to the PHYs is a device like the card itself.
  void phy_on_a_bus(const std::string& name, const std::string& card,
                    const std::string& bus) const {
    const std::string at = "devices/" + card + "/net/" + name + "/phydev";
    fs::remove_all(sys() / at);
    driver("devices/" + bus, "davinci_mdio");
    driver("devices/" + bus + "/mdio_bus/bus.0/bus.0:01", "realtek");
    link("devices/" + bus + "/mdio_bus/bus.0/bus.0:01", at);
  }

  /// The device waits for another one, which has this driver, or none.
  void waits(const std::string& device, const std::string& other, const std::string& name) const {
    if (!name.empty()) driver("devices/" + other, name);
    const std::string word = fs::path(other).filename().string();
    const std::string tie = "devices/virtual/devlink/platform:" + word +
                            "--platform:" + fs::path(device).filename().string();
    link("devices/" + other, tie + "/supplier");
    link("devices/" + device, tie + "/consumer");
    link(tie, "devices/" + device + "/supplier:platform:" + word);
  }

 private:
  [[nodiscard]] fs::path sys() const { return fs::path(root()) / "sys"; }
  void link(const std::string& to, const std::string& at) const {
    fs::create_directories((sys() / at).parent_path());
    fs::create_directory_symlink(sys() / to, sys() / at);
  }
  void card(const std::string& name, const std::string& on, int index,
            const std::string& alias) const {
    const std::string at = "devices/" + on + "/net/" + name;
    write("devices/" + on + "/modalias", alias);
    write(at + "/ifindex", std::to_string(index));
    write(at + "/type", "1");
    write(at + "/address", "52:54:00:00:00:0" + std::to_string(index));
    link("devices/" + on, at + "/device");
    link(at, "class/net/" + name);
  }
  void driver(const std::string& device, const std::string& name) const {
    fs::create_directories(sys() / "module" / name);
    link("module/" + name, device + "/driver/module");
  }

  test::TempFolder root_{};
};

Lines planned(const FakeSys& fake, const NetworkConfig& config) {
  Lines out;
  for (const NetworkCard& card : planned_cards(fake.root(), config)) out.push_back(card.link);
  return out;
}

}  // namespace

TEST_CASE("case 5: a card's driver, its bus, its PHY and its alias are found") {
  const FakeSys fake;
  const auto cards = network_cards(fake.root());
  REQUIRE(cards.size() == 2);
  CHECK(cards[0] == NetworkCard{"eth0", "virtio_net", {"virtio_net", "virtio_pci"},
                                "virtio:d00000001v00001AF4"});
  CHECK(cards[1] == NetworkCard{"eth1", "", {"realtek"}, "of:NethernetT(null)Cvendor,mac"});
  CHECK(card_modules(cards) == Lines{"of:NethernetT(null)Cvendor,mac", "realtek",
                                     "virtio:d00000001v00001AF4", "virtio_net", "virtio_pci"});
  CHECK(network_cards("/nonexistent").empty());
}

TEST_CASE("case 5: the driver of the bus that a PHY sits on, beside the card, is found") {
  const FakeSys fake;
  fake.phy_on_a_bus("eth1", "platform/mac.0", "platform/mdio.0");
  CHECK(network_cards(fake.root())[1].modules == Lines{"realtek", "davinci_mdio"});
}

TEST_CASE("case 5: what a card waits for without sitting on it is found, also through others") {
  const FakeSys fake;
  fake.waits("platform/mac.0", "platform/ocotp.0", "nvmem_imx_ocotp");
  fake.waits("platform/ocotp.0", "platform/soc/clock.0", "clk_soc");
  fake.waits("platform/soc", "platform/power.0", "power_soc");
  fake.waits("platform/soc/clock.0", "platform/mac.0", "");  // in a circle
  CHECK(network_cards(fake.root())[1].modules ==
        Lines{"nvmem_imx_ocotp", "clk_soc", "power_soc", "realtek"});
  CHECK(network_cards(fake.root())[0].modules == Lines{"virtio_net", "virtio_pci"});
}

TEST_CASE("case 5: an alias that would be more than a word is left out") {
  const FakeSys fake;
  for (const char* hostile : {"pci:* x", "a b", "$(id) x", "pci:v*", "x\"y", "x'y", "x\\y"}) {
    fake.write("devices/pci0/virtio0/modalias", hostile);
    CHECK(network_cards(fake.root())[0].alias.empty());
  }
}

TEST_CASE("case 5: only the cards that early boot uses are judged") {
  const FakeSys fake;
  CHECK(planned(fake, {}) == Lines{"eth0", "eth1"});
  CHECK(planned(fake, {.interface = "eth1"}) == Lines{"eth1"});
  // The fallback is to use the wired ones then.
  fake.write("devices/platform/mac.0/net/eth1/wireless/link", "0");
  CHECK(planned(fake, {.interface = "eth1"}) == Lines{"eth0"});
  fs::remove_all(fs::path(fake.root()) / "sys/devices/platform/mac.0/net/eth1/wireless");
  CHECK(planned(fake, {.interface = "52:54:00:00:00:02"}) == Lines{"eth0"});
  CHECK(planned(fake, {.bond = {"eth0", "eth1"}}) == Lines{"eth0", "eth1"});
  CHECK(planned(fake, {.bridge = {"eth1"}}) == Lines{"eth1"});
  // After a minute early boot tries every wired one.
  CHECK(planned(fake, {.interface = "eth9"}) == Lines{"eth0", "eth1"});
  CHECK(planned(fake, {.interface = "br0"}) == Lines{"eth0", "eth1"});
  CHECK(planned(fake, {.interface = "br0", .fallback = false}).empty());
  CHECK(planned(fake, {.method = NetworkConfig::Method::none}).empty());
  fake.write("../proc/cmdline", "ip=192.0.2.7::192.0.2.1:24::eth0:none");
  CHECK(planned(fake, {}) == Lines{"eth0"});
  // In the running system a card may be part of what early boot knows nothing of.
  fs::create_directory_symlink(fake.root() + "/sys/class/net/br0",
                               fake.root() + "/sys/class/net/eth0/master");
  CHECK(planned(fake, {}) == Lines{"eth0"});
}

TEST_CASE("case 6: a link without a device is no card; a name from /run comes too late") {
  const FakeSys fake;
  bool early = false;
  const auto facts = [&] { return read_links(fake.root(), false, early); };
  REQUIRE(facts().size() == 3);
  CHECK((!facts()[0].no_card && !facts()[1].no_card && facts()[2].no_card));
  const std::string by_netplan =
      "E:ID_NET_NAME=eth0\nE:ID_NET_LINK_FILE=/run/systemd/network/10-netplan-lan.link\n";
  const auto record = [&](const std::string& text) {
    fake.write("../run/udev/data/n2", text);
    return facts()[0];
  };
  CHECK(record(by_netplan).late_name);
  CHECK(record(by_netplan).other_names == Lines{"eth0"});
  CHECK_FALSE(record(by_netplan + "E:ID_NET_NAME_PATH=eth0\n").late_name);
  CHECK_FALSE(
      record("E:ID_NET_NAME=eth0\nE:ID_NET_LINK_FILE=/etc/systemd/network/10-lan.link").late_name);
}

TEST_CASE("case 6: a card whose MAC address is drawn is known, but not where udev's files set it") {
  const FakeSys fake;
  bool early = false;
  const auto drawn = [&] { return read_links(fake.root(), false, early)[0].drawn_mac; };
  const std::string type = "devices/pci0/virtio0/net/eth0/addr_assign_type";
  CHECK_FALSE(drawn());
  for (const auto& [kind, meant] :
       {std::pair("0", false), {"1", true}, {"2", false}, {"3", true}}) {
    fake.write(type, kind);
    CHECK(drawn() == meant);
  }
  fake.write("../run/udev/data/n2", "E:ID_NET_LINK_FILE=/etc/systemd/network/10-lan.link");
  CHECK(drawn());
  fake.write("../etc/systemd/network/10-lan.link", "[Link]\nMACAddress=52:54:00:00:00:02");
  CHECK_FALSE(drawn());
}

TEST_CASE("a card with a radio is wireless, and not wired") {
  const FakeSys fake;
  fs::create_directory(fs::path(fake.root()) / "sys/class/net/eth1/phy80211");
  bool early = false;
  const auto links = read_links(fake.root(), false, early);
  REQUIRE(links.size() == 3);
  CHECK((links[0].wired && !links[0].wireless));
  CHECK((!links[1].wired && links[1].wireless));
  CHECK((!links[2].wired && !links[2].wireless));
}
