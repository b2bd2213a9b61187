// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/guests.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace latchkey::test {
namespace {

const std::string shelf = LATCHKEY_SOURCE_DIR "/tools/demo.d/";
const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

// The same packages, so that both guests grow from one cached base.
const std::string tools_of_setup = "xfsprogs,btrfs-progs,f2fs-tools,nginx-light,fdisk";

// Two at a time is what a small machine can bear; half of it where another program
// runs its stories beside this one.
std::size_t most_guests() {
  const char* const chosen = std::getenv("LATCHKEY_TEST_GUESTS");
  return chosen == nullptr ? 2 : std::max(1UL, std::strtoul(chosen, nullptr, 10));
}

std::unique_ptr<Machine> to_set_up(const std::string& name, std::vector<std::string> options) {
  // Building an image is mostly starting programs, which is what emulated processors are slow
  // at: one of them has no other to keep informed of its page tables.
  options.insert(options.end(), {"--cpus", "1", "--install", tools_of_setup, "--memory", "1024"});
  auto machine = std::make_unique<Machine>(name, quick(std::move(options)), Machine::At::login);
  machine->save("login");
  return machine;
}

}  // namespace

Guests& guests() {
  static Guests all;
  return all;
}

Machine& Guests::get(const std::string& name, const Make& make) {
  const auto found = std::find_if(running_.begin(), running_.end(),
                                  [&](const auto& guest) { return guest.first == name; });
  if (found != running_.end()) {
    running_.splice(running_.end(), running_, found);
  } else {
    while (running_.size() >= most_guests()) running_.pop_front();
    running_.emplace_back(name, make(name));
  }
  return *running_.back().second;
}

// With the default images, as are those of tests/image and tools/demo: it does the main job.
Machine& Guests::services() {
  return get("test-services", [](const std::string& name) {
    auto machine = std::make_unique<Machine>(
        name, std::vector<std::string>{"--volumes", "mysql,www,mail,logs", "--install",
                                       "mariadb-server,nginx-light,wget", "--script",
                                       shelf + "host", "--volume-script", shelf + "data",
                                       "--services", shelf + "services", "--memory", "1024",
                                       "--cmdline", "mitigations=off"});
    machine->save("early");
    return machine;
  });
}

Machine& Guests::plain() {
  return get("test-plain", [](const std::string& name) {
    auto machine =
        std::make_unique<Machine>(name, quick({"--volumes", "a,b,c,d", "--memory", "768"}));
    machine->save("early");
    return machine;
  });
}

Machine& Guests::plain(const std::string& snapshot, const std::function<void(Machine&)>& make) {
  Machine& m = plain();
  if (m.saved(snapshot)) {
    m.load(snapshot);
  } else {
    make(m);
    m.save(snapshot);
  }
  return m;
}

Machine& Guests::unlocked() {
  return plain("unlocked", [](Machine& m) {
    m.load("early");
    m.unlock_and_boot();
    m.until("systemctl is-active --quiet latchkey-release");
    m.until_started();
  });
}

Machine& Guests::continued() {
  return plain("continued", [](Machine& m) {
    m.load("early");
    if (m.early("continue").status != 0) throw std::runtime_error("early boot does not go on");
    m.wait_login();
    m.until_started();
  });
}

Machine& Guests::unlocked_without_images() {
  Machine& m = unlocked();
  // In a guest without KVM an image takes minutes.
  m.must("mount -t tmpfs tmpfs /boot");
  return m;
}

Machine& Guests::packages() {
  return get("test-packages", [](const std::string& name) {
    auto machine = std::make_unique<Machine>(
        name, std::vector<std::string>{"--volumes", "pg:ext4:128,www,docker:ext4:128", "--install",
                                       "postgresql,apache2,docker.io,wget", "--script",
                                       parts + "packages", "--memory", "1536"});
    machine->save("early");
    return machine;
  });
}

Machine& Guests::bare() {
  Machine& machine = get("test-bare", [](const std::string& name) { return to_set_up(name, {}); });
  machine.choose_passphrase(bare_passphrase);
  return machine;
}

Machine& Guests::legacy() {
  return get("test-legacy", [](const std::string& name) {
    return to_set_up(
        name, {"--unconfigured", "--volumes",
               "mysql-data:ext4:128,www:ext4:64,media:xfs:320,archive:btrfs:256,old-mail:ext4:64",
               "--script", parts + "legacy-host", "--volume-script", parts + "legacy-volumes"});
  });
}

std::vector<std::string> quick(std::vector<std::string> options) {
  options.insert(options.end(), {"--cmdline", "mitigations=off", "--script", parts + "quick-images",
                                 "--script", parts + "early-nic"});
  return options;
}

std::vector<std::string> sysvinit_options() {
  return {"--volumes",       "www:ext4:64,data:ext4:64",
          "--install",       "sysvinit-core,sysv-rc,initscripts,insserv,systemd-sysv-,nginx-light",
          "--script",        parts + "sysv-host",
          "--late-script",   parts + "sysv-packages",
          "--volume-script", parts + "sysv-volumes",
          "--services",      parts + "sysv-services",
          "--memory",        "512"};
}

Machine& Guests::sysvinit() {
  return get("test-sysvinit", [](const std::string& name) {
    auto machine = std::make_unique<Machine>(name, quick(sysvinit_options()));
    machine->save("early");
    return machine;
  });
}

}  // namespace latchkey::test
