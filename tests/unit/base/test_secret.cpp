// SPDX-License-Identifier: GPL-3.0-or-later
// What memory that holds a secret must be, and who handles it.
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <string>

#include "core/base/text.hpp"
#include "support/catch.hpp"
#include "sys/base/secret.hpp"
#include "sys/process/privileges.hpp"
#include "sys/process/worker.hpp"

using namespace latchkey;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;  // g++
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer);  // clang
#else
constexpr bool sanitized = false;
#endif

// The mapping of this process that an address lies in, as the kernel describes it.
std::string mapping_of(const void* address) {
  std::ifstream maps("/proc/self/smaps");
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::string text;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    const std::size_t dash = line.find('-');
    if (dash != std::string::npos && dash < line.find(' ') && line[0] != ' ') {
      const auto from = std::stoull(line.substr(0, dash), nullptr, 16);
      const auto to = std::stoull(line.substr(dash + 1), nullptr, 16);
      inside = wanted >= from && wanted < to;
    }
    if (inside) text += line + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a secret lies in memory that is locked, in no core dump and in no child") {
  Secret secret(100);
  REQUIRE(secret.append(std::string("the passphrase")));
  CHECK(secret.locked());
  std::string flags = mapping_of(secret.reveal().data());
  INFO(flags);
  flags = flags.substr(flags.find("VmFlags:"));
  for (const char* flag : {" lo", " dd", " wf"}) {
    // The address sanitizer makes mlock do nothing, and says that it did.
    // The programs' tests, which have none, look at it.
    if (sanitized && flag == std::string(" lo")) continue;
    INFO(flag);
    CHECK(flags.find(flag) != std::string::npos);
  }

  auto child = Worker::fork([&](Channel& channel) {
    const auto bytes = secret.reveal();
    const bool clean = std::ranges::all_of(bytes, [](char c) { return c == 0; });
    return channel.send(clean ? 'c' : 'd') ? 0 : 1;
  });
  REQUIRE(child);
  const auto said = child->channel().receive();
  REQUIRE(said);
  CHECK(said->type == 'c');
  CHECK(std::string(secret.reveal().begin(), secret.reveal().end()) == "the passphrase");
}

TEST_CASE("a secret that is cleared leaves nothing in its place") {
  Secret secret(100);
  REQUIRE(secret.append(std::string("the passphrase")));
  const char* const place = secret.reveal().data();
  secret.clear();
  CHECK(secret.size() == 0);
  CHECK(std::all_of(place, place + 100, [](char c) { return c == 0; }));
}

TEST_CASE("a secret takes no more than it was made for") {
  Secret secret(4);
  CHECK(secret.append(std::string("1234")));
  CHECK_FALSE(secret.append(std::string("5")));
  CHECK(std::string(secret.reveal().begin(), secret.reveal().end()) == "1234");
}

TEST_CASE("a worker leaves no core dump and lets nobody look into it") {
  auto worker = Worker::fork([](Channel& channel) {
    rlimit core{1, 1};
    ::getrlimit(RLIMIT_CORE, &core);
    const bool safe =
        core.rlim_cur == 0 && core.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    return channel.send(safe ? 's' : 'u') ? 0 : 1;
  });
  REQUIRE(worker);
  const auto said = worker->channel().receive();
  REQUIRE(said);
  CHECK(said->type == 's');
}

namespace {

// Inheritable, permitted, effective, bounding, ambient, of a process that has done that.
std::string capabilities_after(const std::function<void()>& done) {
  auto worker = Worker::fork([&](Channel& channel) {
    done();
    std::ifstream status("/proc/self/status");
    std::string sets;
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("Cap")) sets += line.substr(line.find('\t') + 1) + " ";
    return channel.send('c', sets) ? 0 : 1;
  });
  REQUIRE(worker);
  const auto said = worker->channel().receive();
  REQUIRE(said);
  return said->payload;
}

}  // namespace

TEST_CASE("who gives up its capabilities has none left, nor has what it executes") {
  const std::string left = capabilities_after([] { keep_capabilities(0); });
  const std::string none = "0000000000000000";
  // It takes root to shrink the bounding set.
  const std::string bounding = ::geteuid() == 0 ? none : left.substr(3 * 17, 16);
  CHECK(left == none + " " + none + " " + none + " " + bounding + " " + none + " ");
}

TEST_CASE("who keeps some of its capabilities has these alone") {
  const std::string left = capabilities_after([] { keep_capabilities(capability(CAP_CHOWN)); });
  const std::string none = "0000000000000000";
  const bool root = ::geteuid() == 0;
  const std::string kept = root ? "0000000000000001" : none;
  const std::string bounding = root ? kept : left.substr(3 * 17, 16);
  CHECK(left == none + " " + kept + " " + kept + " " + bounding + " " + none + " ");
}
