// SPDX-License-Identifier: GPL-3.0-or-later
// More of everything than a machine of flesh and blood has.
#include <filesystem>
#include <fstream>

#include "core/base/result.hpp"
#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/temp_folder.hpp"

using namespace latchkey;
using namespace latchkey::test;
using namespace std::chrono_literals;

namespace {

constexpr int many_volumes = 64;
constexpr int many_services = 100;

std::string numbered(const std::string& name, int number) {
  const std::string digits = std::to_string(number);
  return name + std::string(3 - digits.size(), '0') + digits;
}

std::string volume_of(int service) { return numbered("v", 1 + (service - 1) % many_volumes); }

// A script for the guest's root tree: a unit for each service, which reads its volume and
// stays.
void write_units(const std::string& file) {
  std::ofstream out(file);
  out << "#!/bin/sh\nset -eu\ncd /etc/systemd/system\nmkdir -p multi-user.target.wants\n";
  for (int i = 1; i <= many_services; ++i) {
    const std::string unit = numbered("serve-", i) + ".service";
    out << "printf '[Service]\\nType=exec\\nExecStartPre=grep -qx " << volume_of(i) << " /srv/"
        << volume_of(i) << "/marker\\nExecStart=tail -f /dev/null\\n[Install]\\n"
        << "WantedBy=multi-user.target\\n' > " << unit << "\nln -s ../" << unit
        << " multi-user.target.wants/" << unit << "\n";
  }
  out.close();
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
}

void write_services(const std::string& file) {
  std::ofstream out(file);
  for (int i = 1; i <= many_services; ++i)
    out << numbered("serve-", i) << "  " << volume_of(i) << "\n";
}

}  // namespace

TEST_CASE("load: 64 volumes and 100 held services, from the passphrase to the last one",
          "[.slow]") {
  const TempFolder folder;
  write_units(folder.file("units"));
  write_services(folder.file("services"));
  std::string volumes;
  for (int i = 1; i <= many_volumes; ++i)
    volumes += (i == 1 ? "" : ",") + numbered("v", i) + ":ext4:32";
  Machine m("test-load", {"--volumes", volumes, "--memory", "1024", "--services",
                          folder.file("services"), "--script", folder.file("units")});
  const std::string running = "systemctl --no-legend list-units 'serve-*' --state=active";
  const std::string failed = "systemctl --no-legend --failed list-units";
  const std::string mounted = "findmnt -rno SOURCE | grep -c '^/dev/mapper/cleartext-'";

  const Done unlock = m.early("", m.passphrase());
  INFO(unlock.output);
  CHECK(unlock.status == 0);
  CHECK(has(unlock.output, "all 64 volumes are open"));
  m.wait_login();
  m.until("[ $(" + running + " | wc -l) -eq 100 ]", 300s);
  CHECK(m.must(mounted) == "64");
  CHECK(m.must(failed).empty());

  // What holds a hundred is as tight as what holds one.
  const Done lock = m.sh("latchkey lock");
  INFO(lock.output);
  CHECK(lock.status == 0);
  CHECK(m.must(running).empty());
  CHECK(m.mappings().empty());
  (void)m.sh("systemctl start 'serve-*' serve-001 serve-050 serve-100");
  CHECK(m.must(running).empty());
  CHECK(m.must(failed).empty());

  const Done release = m.sh("release-services", m.passphrase());
  INFO(release.output);
  CHECK(release.status == 0);
  CHECK(m.count(running, "serve-") == 100);
  CHECK(m.must(mounted) == "64");
  CHECK(m.sh("latchkey status").status == 0);
  m.reboot();
  m.wait_early();
}

TEST_CASE("load: fifty wrong passphrases at once, and the right one that comes last", "[.slow]") {
  Machine& m = guests().plain();
  m.load("early");
  std::vector<Child> wrong;
  for (int i = 0; i < 50; ++i) {
    wrong.push_back(m.early_with({}));
    wrong.back().write("nonsense\n");
    wrong.back().close_input();
  }
  // All come from one address, which has so many connections and no more: a person tries
  // again when theirs is closed.
  Done right;
  wait_until([&] { return (right = m.early("", m.passphrase())).status != 255; },
             "the right one is let in", 180s);
  INFO(right.output);
  CHECK(right.status == 0);
  m.wait_login();
  for (Child& one : wrong) CHECK_NOTHROW(one.wait(60s));
}
