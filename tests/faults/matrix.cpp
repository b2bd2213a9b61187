// SPDX-License-Identifier: GPL-3.0-or-later
#include "faults/matrix.hpp"

#include <fstream>
#include <memory>

#include "support/catch.hpp"
#include "support/guests.hpp"
#include "support/kill_table.hpp"

namespace latchkey::test {
namespace {

using namespace std::chrono_literals;

const std::string parts = LATCHKEY_SOURCE_DIR "/tests/vm/guest/";

struct Row {
  std::string fault{};
  std::string moment{};
  std::string said{};
  std::string reachable{};
  std::string lost{};
};

const char* const table = LATCHKEY_SOURCE_DIR "/tests/faults.md";
const std::string head =
    "# Faults\n\n"
    "What one fault at one moment costs, on a machine with three volumes, each with a service and "
    "with files whose digests are known. Each line was written by `tools/test faults` when it last "
    "ran; it fails when anything is lost or the machine is out of reach.\n"
    "*Reached by* is the first door that answered after the fault; then the passphrase and "
    "`release-services`, and what the last column says was compared.\n\n"
    "| fault | moment | what is said | reached by | lost |\n"
    "| --- | --- | --- | --- | --- |\n";

// Puts a line into the table: in the place of the one about the same fault and moment,
// or at the end.
void record(const Row& row) {
  const std::string about = "| " + table_cell(row.fault) + " | " + table_cell(row.moment) + " | ";
  const std::string line =
      about + table_cell(row.said) + " | " + row.reachable + " | " + table_cell(row.lost) + " |\n";
  std::string lines;
  bool placed = false;
  {
    std::ifstream in(table);
    for (std::string old; std::getline(in, old);) {
      if (!old.starts_with("| ") || old.starts_with("| ---") || old.starts_with("| fault |"))
        continue;
      const bool same = old.starts_with(about);
      lines += same ? line : old + "\n";
      placed = placed || same;
    }
  }
  std::ofstream(table) << head << lines << (placed ? "" : line);
}

std::string snapshot_of(From from) {
  return from == From::early ? "early" : from == From::up ? "up" : "closed";
}

// What is gone of what every volume held before; "" for nothing.
std::string missing(Machine& m) {
  std::string lost;
  for (const std::string& volume : faulty_volumes) {
    const Done sums =
        m.sh("cd /srv/" + volume + " && mountpoint -q . && sha256sum --quiet -c SUMS");
    if (sums.status != 0) lost += "'" + volume + "': " + sums.output + " ";
    if (m.sh("systemctl is-active --quiet serve-" + volume).status != 0)
      lost += "serve-" + volume + " is down ";
  }
  return lost;
}

Row run(Machine& m, const Cell& cell) {
  Row row{cell.fault, cell.moment, "", "", ""};
  m.load(snapshot_of(cell.from));
  row.said = without_chance(cell.strikes(m));
  row.reachable = reach(m);
  if (cell.mends) cell.mends(m);
  row.lost = whole_again(m);
  return row;
}

void set_up(Machine& m) {
  m.unlock_and_boot();
  m.until_started();
  m.must("cat > /root/p && chmod 600 /root/p", m.passphrase());
  m.disk("add", "two");
  m.until("test -e /dev/disk/by-id/virtio-latchkey-two");
  m.must("vgcreate -q other /dev/disk/by-id/virtio-latchkey-two");
  m.must("latchkey create-volume other e 64M /srv/e ext4 < /root/p");
  for (const std::string& volume : faulty_volumes) {
    const std::string unit = "serve-" + volume;
    m.must("cat > /etc/systemd/system/" + unit + ".service && systemctl daemon-reload",
           "[Service]\nType=exec\nExecStartPre=test -e /srv/" + volume +
               "/SUMS\nExecStart=tail -f /dev/null\n[Install]\nWantedBy=multi-user.target\n");
    m.must("systemctl -q enable " + unit + " && latchkey hold " + unit + " --needs " + volume);
    m.must("cd /srv/" + volume +
           " && for i in 1 2 3 4; do head -c 1M /dev/urandom > file$i; done && "
           "sha256sum file? > SUMS && sync");
  }
  // One that is not held yet.
  m.must("cat > /etc/systemd/system/other.service && systemctl daemon-reload",
         "[Service]\nExecStart=tail -f /dev/null\n");
  m.must("release-services < /root/p");
  m.save("up");
  m.must("latchkey lock");
  m.save("closed");
  // A boot shows its prompt anew after each line of news: those of this one are counted apart.
  m.reboot();
  const int before = m.shown("passphrase of the keys volume");
  m.wait_early();
  m.until_console("passphrase of the keys volume", before + 1);
  m.save("early");
}

}  // namespace

Machine& faulty() {
  static std::unique_ptr<Machine> machine;
  if (!machine) {
    machine = std::make_unique<Machine>(
        "faulty", quick({"--volumes", "a:ext4:64,b:ext4:64", "--spare", "512", "--memory", "640",
                         "--script", parts + "inside"}));
    set_up(*machine);
  }
  return *machine;
}

std::string reach(Machine& m) {
  const std::string door = m.wait_up();
  if (door == "early") {
    // A boot that was interrupted on its way may be past the prompt when it is asked.
    (void)m.early("", m.passphrase());
    m.wait_login();
    return "early ssh";
  }
  return "its own sshd";
}

std::string whole_again(Machine& m) {
  const Done release = m.sh("release-services < " + passphrase_file);
  INFO(release.output);
  CHECK(release.status == 0);
  const std::string lost = missing(m);
  CHECK(lost.empty());
  const Done status = m.sh("latchkey status");
  INFO(status.output);
  CHECK(status.status == 0);
  CHECK(m.count("dmsetup ls", "cleartext-keys") == 0);
  CHECK(m.must("find /etc/latchkey -path '*/unfinished/*'").empty());
  // Every stored key opens its volume still.
  const Done keys = m.sh("latchkey check --with-keys < " + passphrase_file);
  INFO(keys.output);
  CHECK_FALSE(has(keys.output, "error:"));
  return lost.empty() ? "nothing" : lost;
}

void prove(const std::vector<Cell>& cells) {
  for (const Cell& cell : cells) {
    DYNAMIC_SECTION(cell.fault << ": " << cell.moment) {
      Row row{cell.fault, cell.moment, "", "NO", "not looked at"};
      try {
        row = run(faulty(), cell);
      } catch (const std::exception& error) {
        record(row);
        FAIL(error.what());
      }
      record(row);
    }
  }
}

}  // namespace latchkey::test
