// SPDX-License-Identifier: GPL-3.0-or-later
// An unlock whose workers do not do what they should. One that is stopped answers as
// little as one that waits for a disk that hangs.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/storage/device.hpp"
#include "sys/unlock/unlock_effects.hpp"

using namespace latchkey;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

Setup setup_of(const std::vector<std::string>& names) {
  Setup setup;
  setup.config.keys.device = *parse_device_ref("vg/keys");
  setup.config.boot.device_timeout = 1s;
  setup.config.boot.open_timeout = 1s;
  std::string lines;
  for (const std::string& name : names) lines += name + " vg/" + name + " /srv/" + name + " ext4\n";
  setup.volumes = *parse_volumes(lines, "volumes");
  return setup;
}

Facts all_there(const Setup& setup) {
  Facts facts;
  facts.keys.device = true;
  for (const Volume& volume : setup.volumes) facts.volumes[volume.name].device = true;
  return facts;
}

// Finds and opens at once.
int good_volume(Channel& channel, const Volume&, std::chrono::seconds) {
  while (const auto message = channel.receive()) {
    if (message->type == 'O') (void)channel.receive_secret(100);
    channel.send(message->type == 'F' ? 'F' : 'D', message->type == 'F' ? "0" : "");
  }
  return 0;
}

int good_keys(Channel& channel, const KeysVolume&, const std::vector<std::string>& files,
              std::chrono::seconds) {
  while (const auto message = channel.receive()) {
    if (message->type == 'F') channel.send('F', "0");
    if (message->type != 'R') continue;
    (void)channel.receive_secret(100);
    for (std::size_t i = 0; i < files.size(); ++i) {
      channel.send('K', std::to_string(i));
      Secret key(100);
      (void)key.append(files[i]);
      channel.send_secret(key);
    }
    channel.send('D');
  }
  return 0;
}

// Opens when it is given the key of its own volume and, a moment later, nothing more.
int opens_by_its_own_key(Channel& channel, const Volume& volume, std::chrono::seconds) {
  while (const auto message = channel.receive()) {
    if (message->type == 'F') {
      channel.send('F', "0");
      continue;
    }
    const auto key = channel.receive_secret(100);
    pollfd more{channel.fd(), POLLIN, 0};
    if (!key || !std::ranges::equal(key->reveal(), volume.key_file) || ::poll(&more, 1, 200) != 0)
      return 1;
    channel.send('D');
  }
  return 0;
}

int nothing_to_activate(Channel& channel, const Absent&, bool, std::chrono::seconds) {
  if (channel.receive()) channel.send('D');
  return 0;
}

// Does as `good` does until it is asked for `request`; then it stops.
template <class Good>
auto stops_at(char request, const std::string& volume, Good good) {
  return [=](Channel& channel, const Volume& of, std::chrono::seconds timeout) {
    while (of.name == volume) {
      const auto message = channel.receive();
      if (!message) return 0;
      if (message->type == request) ::raise(SIGSTOP);
      channel.send('F', "0");
    }
    return good(channel, of, timeout);
  };
}

UnlockWork good_work() {
  UnlockWork work;
  work.volume = good_volume;
  work.keys = good_keys;
  work.activation = nothing_to_activate;
  work.limits = {.reading = 0s, .keys = 1s};
  return work;
}

struct Story {
  Outcome outcome{};
  Plan plan{};
  Clock::duration took{};

  // How the step of this description came out.
  [[nodiscard]] const StepOutcome& step(const std::string& text) const {
    for (std::size_t i = 0; i < plan.steps.size(); ++i)
      if (describe(plan.steps[i].action) == text) return outcome.steps[i];
    throw std::runtime_error("no step " + text);
  }
  [[nodiscard]] bool done(const std::string& text) const {
    return step(text).kind == StepOutcome::Kind::done;
  }
};

Story tell(const Setup& setup, const Facts& facts, const UnlockWork& work) {
  const test::TempFolder folder;
  Paths paths;
  paths.root = folder.path();
  Story story;
  story.plan = plan_unlock(setup, facts);
  Secret passphrase(10);
  REQUIRE(passphrase.append(std::string("secret")));
  Reporter quiet;
  const auto began = Clock::now();
  ::alarm(60);  // a step without an end fails the test, rather than hang it
  {
    UnlockEffects effects(
        setup, paths, story.plan, std::move(passphrase), [](const std::string&) {}, work);
    story.outcome = execute(story.plan, effects, quiet);
  }
  ::alarm(0);
  story.took = Clock::now() - began;
  return story;
}

}  // namespace

TEST_CASE("Must 6: a volume's worker gets the key of its volume, and no other") {
  const Setup setup = setup_of({"a", "b", "c"});
  UnlockWork work = good_work();
  work.volume = opens_by_its_own_key;
  const Story story = tell(setup, all_there(setup), work);
  for (const char* volume : {"a", "b", "c"})
    CHECK(story.done("open '" + std::string(volume) + "'"));
  CHECK(story.outcome.status() == 0);
}

TEST_CASE("a disk that hangs costs only its own volume, at whatever step it hangs") {
  const Setup setup = setup_of({"bad", "good"});
  for (const char request : {'F', 'O'}) {
    INFO(request);
    UnlockWork work = good_work();
    work.volume = stops_at(request, "bad", good_volume);
    const Story story = tell(setup, all_there(setup), work);
    CHECK(story.done("open 'good'"));
    CHECK_FALSE(story.done("open 'bad'"));
    CHECK(story.outcome.status() == exit_status(Code::partial));
    const Error& error = story.step(request == 'F' ? "find 'bad'" : "open 'bad'").error;
    CHECK(error.code == Code::timeout);
    CHECK(error.what == "cannot open 'bad'");
    CHECK(error.why.find("1 s") != std::string::npos);
    CHECK_FALSE(error.hint.empty());
    CHECK(story.took < 10s);
  }
}

TEST_CASE("a keys volume whose disk hangs ends the unlock, which can be tried again") {
  const Setup setup = setup_of({"good"});
  for (const char request : {'F', 'R'}) {
    INFO(request);
    UnlockWork work = good_work();
    work.keys = [=](Channel& channel, const KeysVolume&, const std::vector<std::string>&,
                    std::chrono::seconds) {
      while (const auto message = channel.receive()) {
        if (message->type == request) ::raise(SIGSTOP);
        channel.send('F', "0");
      }
      return 0;
    };
    const Story story = tell(setup, all_there(setup), work);
    CHECK(story.outcome.status() == exit_status(Code::timeout));
    CHECK(story.took < 10s);
  }
}

TEST_CASE("help for devices that hangs keeps no volume from opening") {
  const Setup setup = setup_of({"late", "good"});
  Facts facts = all_there(setup);
  facts.volumes["late"].device = false;
  UnlockWork work = good_work();
  work.activation = [](Channel& channel, const Absent&, bool, std::chrono::seconds) {
    while (channel.receive()) ::raise(SIGSTOP);
    return 0;
  };
  const Story story = tell(setup, facts, work);
  CHECK(story.done("open 'late'"));
  CHECK(story.done("open 'good'"));
  CHECK(story.step("activate vg/late").error.code == Code::timeout);
}

TEST_CASE("a worker holds nothing that its unlock let go of for it") {
  const Setup setup = setup_of({"good"});
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  UnlockWork work = good_work();
  work.let_go = [&] { ::close(ends[1]); };
  work.volume = [&](Channel& channel, const Volume& volume, std::chrono::seconds timeout) {
    if (::write(ends[1], "x", 1) == 1) return 1;
    return good_volume(channel, volume, timeout);
  };
  CHECK(tell(setup, all_there(setup), work).done("open 'good'"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("workers that die before they open leave their places to the others") {
  std::vector<std::string> names;
  for (int i = 0; i <= ::sysconf(_SC_NPROCESSORS_CONF); ++i)
    names.push_back("dies" + std::to_string(i));
  names.emplace_back("good");
  const Setup setup = setup_of(names);
  UnlockWork work = good_work();
  work.volume = [](Channel& channel, const Volume& volume, std::chrono::seconds timeout) {
    if (volume.name == "good") return good_volume(channel, volume, timeout);
    if (channel.receive()) channel.send('F', "0");
    return 1;
  };
  // The keys come when those workers have surely died.
  work.keys = [](Channel& channel, const KeysVolume& volume, const std::vector<std::string>& files,
                 std::chrono::seconds timeout) {
    ::poll(nullptr, 0, 500);
    return good_keys(channel, volume, files, timeout);
  };
  const Story story = tell(setup, all_there(setup), work);
  CHECK(story.done("open 'good'"));
  CHECK(story.step("open 'dies0'").error.code == Code::io);
}

namespace {

// Refuses the passphrase.
int refusing_keys(Channel& channel, const KeysVolume&, const std::vector<std::string>&,
                  std::chrono::seconds) {
  while (const auto message = channel.receive()) {
    if (message->type == 'F') channel.send('F', "0");
    if (message->type != 'R') continue;
    (void)channel.receive_secret(100);
    channel.send('X', pack({Code::denied, "cannot read the keys", "wrong passphrase", ""}));
  }
  return 0;
}

}  // namespace

TEST_CASE("a wrong passphrase is told at once, whatever device is still looked for") {
  Setup setup = setup_of({"late", "hangs", "good"});
  setup.config.boot.device_timeout = 30s;
  Facts facts = all_there(setup);
  facts.volumes["late"].device = false;
  UnlockWork work = good_work();
  work.volume = stops_at('F', "hangs", good_volume);
  work.keys = refusing_keys;
  work.activation = [](Channel& channel, const Absent&, bool, std::chrono::seconds) {
    if (!channel.receive()) return 0;
    ::poll(nullptr, 0, 20'000);
    channel.send('D');
    return 0;
  };
  const Story story = tell(setup, facts, work);
  CHECK(story.outcome.status() == exit_status(Code::denied));
  CHECK(story.took < 10s);
}

TEST_CASE("storage is started without its lost disks only when the keys were read") {
  // The keys' device is there; the other one never is.
  std::string disk;
  for (const std::string& name : block_devices(""))
    if (device_ready("/dev/" + name)) disk = "/dev/" + name;
  if (disk.empty()) {
    test::skip("no block device here");
    return;
  }
  const Absent absent{.devices = {*parse_device_ref("/dev/no-such-device")},
                      .keys = *parse_device_ref(disk)};
  const auto serve = [&](Channel& channel) { return serve_activation(channel, absent, false, 2s); };
  auto waits = Worker::fork(serve);
  REQUIRE(waits);
  waits->channel().send('A');
  CHECK_FALSE(waits->reap_within(4s));
  pollfd told{waits->channel().fd(), POLLIN, 0};
  CHECK(::poll(&told, 1, 0) == 0);
  waits->channel().send('k');
  const auto done = waits->channel().receive();
  REQUIRE(done);
  CHECK(done->type == 'D');
}
