// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/image/raspi_boot.hpp"
#include "support/catch.hpp"

using namespace latchkey;

TEST_CASE("the image that a Raspberry Pi's firmware takes by its name") {
  const std::vector<BootKernel> all{{"6.6.62+rpt-rpi-v7l", false},
                                    {"6.6.31+rpt-rpi-v7l", true},
                                    {"6.6.31+rpt-rpi-v7", true},
                                    {"6.6.20+rpt-rpi-v7", true},
                                    {"6.1.0-1-arm64", true}};
  std::vector<std::string> found;
  for (const RaspiImage& kind : raspi_images())
    if (const auto version = newest_of_kind(all, kind))
      found.push_back(std::string(kind.file) + " " + *version);
  CHECK(found ==
        std::vector<std::string>{"initramfs7 6.6.31+rpt-rpi-v7", "initramfs7l 6.6.31+rpt-rpi-v7l"});
}

TEST_CASE("what config.txt says of images") {
  CHECK(parse_raspi_config("[all]\nauto_initramfs=1\n").takes("initramfs8"));
  const RaspiConfig named =
      parse_raspi_config("initramfs a.img,b.img followkernel # auto_initramfs=1\n");
  CHECK(named.any());
  CHECK(named.takes("b.img"));
  CHECK_FALSE(named.takes("initramfs8"));
  CHECK(parse_raspi_config("ramfsfile=c.img\n").takes("c.img"));
  for (const char* none :
       {"", "auto_initramfs=0\n", "#auto_initramfs=1\n", "initramfs\n",
        "kernel=kernel8.img\ninitramfs8\n", "auto_initramfs=1\nauto_initramfs=0"})
    CHECK_FALSE(parse_raspi_config(none).any());
}
