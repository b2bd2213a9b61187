// SPDX-License-Identifier: GPL-3.0-or-later
// Configuration that a boot does not find, though it is there today.
#include <filesystem>

#include "core/base/message.hpp"
#include "support/alone.hpp"
#include "sys/hold/late_config.hpp"

using namespace latchkey;
using namespace latchkey::test;
namespace fs = std::filesystem;

namespace {

std::string told(const Paths& paths) {
  std::string out;
  for (const Error& error : late_config(paths)) out += sentence(error) + "\n";
  return out;
}

}  // namespace

TEST_CASE("configuration on a file system that systemd mounts later is told") {
  CHECK(alone([]() -> std::string {
          const Paths paths{"/mnt"};
          fs::create_directories("/mnt/etc/latchkey");
          fs::create_directories("/mnt/srv/fleet");
          for (const char* name : {"latchkey.conf", "volumes"})
            (void)write_file(paths.etc(name), "x\n", 0644);
          (void)write_file("/mnt/etc/shared", "x\n", 0644);
          fs::create_symlink("/mnt/etc/shared", paths.etc("triggers"));
          std::string out = expect(told(paths).empty(), "where all is on one: " + told(paths));
          if (::mount("tmpfs", "/mnt/srv/fleet", "tmpfs", 0, "mode=0755") != 0) return "no tmpfs";
          (void)write_file("/mnt/srv/fleet/services", "x\n", 0644);
          fs::create_symlink("/mnt/srv/fleet/services", paths.etc("services"));
          out += expect(told(paths) ==
                            "'/mnt/etc/latchkey/services' lies on another file system "
                            "('/mnt/srv/fleet/services'): systemd asks for it before that is "
                            "mounted: the next boot may hold no service, and mount no volume\n",
                        "a link: " + told(paths));
          out += expect(late_config(paths).front().hint ==
                            "put a copy in place of the link: cp -r --remove-destination "
                            "/mnt/srv/fleet/services /mnt/etc/latchkey/services",
                        "the hint");
          ::umount("/mnt/srv/fleet");
          out += expect(told(paths).starts_with(
                            "'/mnt/etc/latchkey/services' is a link that leads nowhere: "),
                        "without it: " + told(paths));
          fs::remove_all("/mnt/etc/latchkey");
          fs::create_directory("/mnt/etc/latchkey");
          if (::mount("tmpfs", "/mnt/etc/latchkey", "tmpfs", 0, "mode=0755") != 0)
            return "no second tmpfs";
          (void)write_file(paths.etc("volumes"), "x\n", 0644);
          out += expect(late_config(paths).size() == 1, "the directory: " + told(paths));
          return out;
        }) == "");
}
