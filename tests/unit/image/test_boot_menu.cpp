// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>
#include <fstream>

#include "core/base/text.hpp"
#include "core/image/boot_menu.hpp"
#include "core/image/grub_menu.hpp"
#include "support/catch.hpp"
#include "support/temp_folder.hpp"
#include "sys/image/boot_menu.hpp"

using namespace latchkey;

namespace {

// As update-grub writes it on Debian 12, shortened.
const std::string menu =
    "if [ \"${next_entry}\" ] ; then\n"
    "   set default=\"${next_entry}\"\n"
    "else\n"
    "   set default=\"gnulinux-advanced-11aa>gnulinux-6.1.0-55-amd64-advanced-11aa\"\n"
    "fi\n"
    "menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-11aa' {\n"
    "\tlinux\t/boot/vmlinuz-6.1.0-56-amd64 root=UUID=11aa ro  quiet\n"
    "}\n"
    "submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-11aa' {\n"
    "\tmenuentry 'Linux 6.1.0-56-amd64' $menuentry_id_option 'gnulinux-6.1.0-56-amd64-advanced-11aa' {\n"
    "\t\tlinux\t/boot/vmlinuz-6.1.0-56-amd64 root=UUID=11aa ro\n"
    "\t}\n"
    "\tmenuentry 'Linux 6.1.0-55-amd64' $menuentry_id_option 'gnulinux-6.1.0-55-amd64-advanced-11aa' {\n"
    "\t\tlinux\t/boot/vmlinuz-6.1.0-55-amd64 root=UUID=11aa ro\n"
    "\t\tinitrd\t/boot/initrd.img-6.1.0-55-amd64\n"
    "\t}\n"
    "}\n";

}  // namespace

TEST_CASE("a kernel without an image is not the default while another has one") {
  CHECK_FALSE(pinned_kernel({}));
  CHECK_FALSE(pinned_kernel({{"6.2", true}, {"6.1", true}}));
  CHECK_FALSE(pinned_kernel({{"6.2", true}, {"6.1", false}}));
  CHECK_FALSE(pinned_kernel({{"6.2", false}, {"6.1", false}}));
  CHECK(pinned_kernel({{"6.3", false}, {"6.2", false}, {"6.1", true}, {"6.0", true}}) == "6.1");
}

TEST_CASE("the menu of GRUB: what it starts, and without what") {
  CHECK(starts_without_image(menu, "6.1.0-56-amd64"));
  CHECK_FALSE(starts_without_image(menu, "6.1.0-55-amd64"));
  CHECK_FALSE(starts_without_image(menu, "6.1.0-5"));
  CHECK_FALSE(starts_without_image("", "6.1.0-55-amd64"));
  // /boot of its own, and an early image before ours.
  CHECK_FALSE(starts_without_image("linux /vmlinuz-7 ro\ninitrd /ucode.img /initrd.img-7\n}\n", "7"));
  CHECK(starts_without_image("linux /vmlinuz-7 ro\ninitrd /initrd.img-6\n}\n", "7"));
  // As on ppc64el, where kernels are not compressed.
  CHECK(starts_without_image("linux /boot/vmlinux-7-powerpc64le ro\n}\n", "7-powerpc64le"));
  CHECK(default_is(menu, "6.1.0-55-amd64"));
  CHECK_FALSE(default_is(menu, "6.1.0-56-amd64"));
  CHECK_FALSE(default_is("set default=\"0\"\n", "0"));
  CHECK_FALSE(opens_encrypted(menu));
  CHECK(opens_encrypted(menu + "if true; then\n  cryptomount -u 11aa\nfi\n"));
  const std::string entry = "menuentry 'one' {\n  cryptomount -u 11aa\n}\n";
  CHECK(opens_encrypted(entry + "menuentry 'two' {\n}\n"));
  // Another system's, as os-prober adds it.
  const std::string others = "menuentry 'first' {\n  linux /boot/vmlinuz-6.1\n}\n" + entry;
  CHECK_FALSE(opens_encrypted(others));
  CHECK(opens_encrypted(others + "cryptomount -u 22bb\n"));
}

TEST_CASE("the kernel that a boot starts: the menu's default, or the newest that it knows") {
  const std::vector<BootKernel> all{
      {"6.3", false}, {"6.1.0-56-amd64", false}, {"6.1.0-55-amd64", true}};
  CHECK(started_kernel(all, menu) == "6.1.0-55-amd64");
  const std::string plain = replace_all(menu, "set default=", "set other=");
  CHECK(started_kernel(all, plain) == "6.1.0-56-amd64");
  CHECK(started_kernel(all, "") == "6.3");
  CHECK_FALSE(started_kernel({}, menu));
  CHECK(started_kernel({{"8", true}, {"7", true}}, "linux /vmlinux-7 ro\n}\n") == "7");
}

TEST_CASE("case 55: the kernel that a boot starts, by each spelling of GRUB's default") {
  const std::vector<BootKernel> all{{"6.1.0-56-amd64", false}, {"6.1.0-55-amd64", true}};
  const std::string entries = menu.substr(menu.find("menuentry 'Debian"));
  const auto started = [&](const std::string& choice, const std::string& saved = "") {
    return started_kernel(all, "set default=\"" + choice + "\"\n" + entries, {saved, ""})
        .value_or("");
  };
  for (const char* older : {"1>1", "Advanced options>1", "Advanced options>Linux 6.1.0-55-amd64",
                            "gnulinux-advanced-11aa>gnulinux-6.1.0-55-amd64-advanced-11aa",
                            "1>gnulinux-6.1.0-55-amd64-advanced-11aa"}) {
    CHECK(started(older) == "6.1.0-55-amd64");
    CHECK(started("${saved_entry}", older) == "6.1.0-55-amd64");
    CHECK(default_is("set default='" + std::string(older) + "'\n" + entries, "6.1.0-55-amd64"));
  }
  // What GRUB does not find is the first entry.
  for (const char* newer : {"0", "1", "1>0", "1>7", "9", "gone", "gone>1", "", "Debian GNU/Linux"})
    CHECK(started(newer) == "6.1.0-56-amd64");
  CHECK(started("${saved_entry}", "") == "6.1.0-56-amd64");
  CHECK_FALSE(default_is("set default=\"0\"\n" + entries, "6.1.0-56-amd64"));
  // One of another system is none of these: the newest in the menu is told of.
  const std::string other = "menuentry 'Other' --id other {\n  chainloader +1\n}\n";
  CHECK(started_kernel(all, "set default=2\n" + entries + other) == "6.1.0-56-amd64");
}

TEST_CASE("case 55: what grub-reboot chose is what the next boot starts") {
  const std::vector<BootKernel> all{{"6.1.0-56-amd64", true}, {"6.1.0-55-amd64", true}};
  const std::string entries = menu.substr(menu.find("menuentry 'Debian"));
  const std::string once = "if [ \"${next_entry}\" ] ; then\n  set default=\"${next_entry}\"\nfi\n";
  CHECK(started_kernel(all, once + entries, {"", "1>1"}) == "6.1.0-55-amd64");
  CHECK(started_kernel(all, once + entries, {"1>1", ""}) == "6.1.0-56-amd64");
  // A menu that does not look at it.
  CHECK(started_kernel(all, entries, {"", "1>1"}) == "6.1.0-56-amd64");
}

TEST_CASE("case 54: a kernel of another system in the menu leaves ours without an image unpinned") {
  const std::string own =
      "menuentry 'a' {\n  linux /boot/vmlinuz-6.40 ro\n}\nmenuentry 'b' {\n  linux "
      "/boot/vmlinuz-6.39 ro\n}\n";
  const std::string foreign = "menuentry 'other' {\n  linux /boot/vmlinuz-6.41 ro\n}\n";
  const std::vector<BootKernel> all{{"6.41", false}, {"6.40", true}, {"6.39", true}};
  const std::string probed = own + "### BEGIN /etc/grub.d/30_os-prober ###\n" + foreign +
                             "### END /etc/grub.d/30_os-prober ###\n";
  CHECK(in_menu_order(all, probed)[0].version == "6.41");
  CHECK(kernel_to_pin(all, probed) == "6.40");
  // One that its owner wrote by hand cannot be told from ours.
  CHECK(kernel_to_pin(all, own + foreign) == "6.40");
  CHECK_FALSE(kernel_to_pin({{"6.41", true}, {"6.40", true}}, probed));
  CHECK_FALSE(kernel_to_pin({{"6.41", false}}, probed));
  // The menu's own first one has none.
  CHECK(kernel_to_pin({{"6.40", true}, {"6.39", false}}, foreign + "linux /vmlinuz-6.39\n" + own) ==
        "6.40");
}

TEST_CASE("case 55: entries that are commented out, or stand on one line, are read as GRUB does") {
  const std::string entries =
      "#menuentry 'old' {\n#  linux /vmlinuz-1\n#}\nmenuentry 'Off' { halt; }\n"
      "menuentry 'a' --id=first {\n  linux /vmlinuz-6.1 ro\n}\nmenuentry 'b'{\n  linux "
      "/vmlinuz-6.2 ro\n}\n";
  CHECK(menu_entries(entries).size() == 3);
  CHECK(kernel_of_entry(menu_entries(entries), "1") == "6.1");
  CHECK(kernel_of_entry(menu_entries(entries), "first") == "6.1");
  CHECK(kernel_of_entry(menu_entries(entries), "2") == "6.2");
}

TEST_CASE("case 55: the menu's first entry need not be the highest version") {
  // As GRUB_TOP_LEVEL makes it, and dpkg's order of versions.
  const std::string first =
      "function save {\n  true\n}\nif [ x ]; then\nmenuentry 'It'\\''s' {\n  linux /vmlinuz-6.1 "
      "ro\n"
      "}\nfi\nmenuentry 'b' {\n  linux /vmlinuz-6.2 ro\n}\n";
  const std::vector<BootKernel> all{{"6.3", false}, {"6.2", true}, {"6.1", false}};
  CHECK(started_kernel(all, first) == "6.1");
  const auto ordered = in_menu_order(all, first);
  REQUIRE(ordered.size() == 3);
  CHECK(ordered[0].version == "6.3");  // the menu does not know it yet
  CHECK(ordered[1].version == "6.1");
  CHECK(ordered[2].version == "6.2");
  CHECK(ordered[2].has_image);
  CHECK(in_menu_order(all, "")[0].version == "6.3");
  CHECK(pinned_kernel(in_menu_order({{"6.2", true}, {"6.1", false}}, first)) == "6.2");
}

TEST_CASE(
    "the entries of a menu that is cut off, or nested without end, are read as far as they go") {
  CHECK(menu_entries("menuentry 'a").empty());
  CHECK(menu_entries("}\n}\nmenuentry a {").size() == 1);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "submenu a {\n";
  CHECK(menu_entries(deep).size() == 1);
  CHECK(kernel_of_entry(menu_entries(deep), "0>0>0").empty());
}

TEST_CASE("which files in /boot are kernels, compressed or not") {
  CHECK(kernel_version("vmlinuz-6.1.0-55-amd64") == "6.1.0-55-amd64");
  CHECK(kernel_version("vmlinux-6.1.0-55-powerpc64le") == "6.1.0-55-powerpc64le");
  for (const char* other : {"", "vmlinuz", "vmlinuz-", "vmlinux", "initrd.img-6.1", "config-6.1",
                            "vmlinuz-6.1.dpkg-new", "vmlinux-6.1.dpkg-tmp"})
    CHECK(kernel_version(other).empty());
}

TEST_CASE("GRUB_DEFAULT=saved is the owner's choice only while another entry is saved") {
  const test::TempFolder folder;
  const Paths paths{.root = folder.path()};
  const auto put = [&](const std::string& file, const std::string& text) {
    const std::filesystem::path path = paths.root + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  };
  CHECK(owners_default(paths).empty());
  put("/etc/default/grub", "GRUB_DEFAULT=2\nGRUB_DEFAULT=\"saved\"\n");
  CHECK(owners_default(paths).empty());
  const std::string head = "# GRUB Environment Block\n";
  for (const char* saved : {"", "saved_entry=\n", "saved_entry=0\n",
                            "saved_entry=gnulinux-simple-11aa\nnext_entry=\n"}) {
    put("/boot/grub/grubenv", head + saved + "#####");
    CHECK(owners_default(paths).empty());
  }
  put("/boot/grub/grubenv", head + "saved_entry=gnulinux-advanced-11aa>gnulinux-6.1\n####");
  CHECK(owners_default(paths) == "saved");
  put("/etc/default/grub.d/other.cfg", "GRUB_DEFAULT=1\n");
  CHECK(owners_default(paths) == "1");
}

TEST_CASE("a default is its owner's while it leads to an entry whose kernel has an image") {
  const std::string entries =
      "menuentry 'Debian' --id gnulinux-simple-U {\n\tlinux /vmlinuz-6.2\n}\n"
      "submenu 'Advanced' --id gnulinux-advanced-U {\n"
      "\tmenuentry 'new' --id gnulinux-6.2-advanced-U {\n\t\tlinux /vmlinuz-6.2\n\t}\n"
      "\tmenuentry 'old' --id gnulinux-6.1-advanced-U {\n\t\tlinux /vmlinuz-6.1\n\t}\n"
      "\tmenuentry 'gone' --id gnulinux-6.0-advanced-U {\n\t\tlinux /vmlinuz-6.0\n\t}\n}\n"
      "menuentry 'Other' --id other {\n\tchainloader +1\n}\n";
  const std::vector<BootKernel> kernels{{"6.2", false}, {"6.1", true}};
  for (const char* own : {"1", "2", "1>1", "other", "Other", "Advanced>old",
                          "gnulinux-advanced-U>gnulinux-6.1-advanced-U"})
    CHECK(is_own_default(own, entries, kernels));
  for (const char* none :
       {"", "0", "Debian", "gnulinux-simple-U", "gnulinux-simple-V", "nowhere", "Advanced>nowhere",
        "Advanced>new", "gnulinux-advanced-U>gnulinux-6.0-advanced-U"}) {
    INFO(none);
    CHECK_FALSE(is_own_default(none, entries, kernels));
  }
  // Before there is a menu.
  CHECK(is_own_default("Advanced>old", "", kernels));
}

// As Debian's 20_linux_xen writes it, shortened: the kernel and its image are modules.
TEST_CASE("case 54: a kernel that a hypervisor starts is seen, and that it has no image") {
  const std::string line = "\tmodule2\t/boot/vmlinuz-6.1-a placeholder root=UUID=11aa ro\n";
  const std::string head =
      "menuentry 'Debian GNU/Linux, with Xen hypervisor' --id xen {\n"
      "\tmultiboot2\t/boot/xen-4.17-amd64.gz placeholder\n";
  const std::string whole = head + line + "\tmodule2\t--nounzip\t/boot/initrd.img-6.1-a\n}\n";
  CHECK(kernel_of_line(line) == "6.1-a");
  CHECK(kernel_of_line("\tmodule2\t--nounzip\t/boot/initrd.img-6.1-a").empty());
  CHECK_FALSE(starts_without_image(whole, "6.1-a"));
  CHECK(starts_without_image(head + line + "}\n", "6.1-a"));
  const std::vector<BootKernel> kernels{{"6.1-a", false}, {"6.1-0", true}};
  CHECK(started_kernel(kernels, "set default=xen\n" + head + line + "}\n") == "6.1-a");
  CHECK_FALSE(is_own_default("xen", whole, kernels));
}

// The rule of many a hardening guide: GRUB has a password, and what a boot starts by itself is
// left without. It asks on the way into a submenu, too.
TEST_CASE("case 55: a menu that would ask for a user's name before the boot is told") {
  const auto entry = [](const std::string& id, const std::string& more) {
    return "menuentry '" + id + "' --class os " + more + " --id " + id + " {\n\tlinux /vmlinuz-" +
           id + " ro\n}\n";
  };
  const auto submenu = [&](const std::string& more) {
    return "submenu 'Advanced' " + more + " --id sub {\n" + entry("inner", "--unrestricted") +
           "}\n";
  };
  const std::string users = "set superusers=\"root\"\npassword_pbkdf2 root grub.pbkdf2\n";
  const std::string all = users + entry("first", "--unrestricted") + submenu("");
  CHECK_FALSE(asks_for_user(all, "0"));
  CHECK_FALSE(asks_for_user(all, "first"));
  CHECK(asks_for_user(all, "sub>inner"));
  CHECK(asks_for_user(all, "1>0"));
  CHECK_FALSE(asks_for_user(users + entry("first", "--unrestricted") + submenu("--unrestricted"),
                            "sub>inner"));
  CHECK(asks_for_user(users + entry("first", ""), "0"));
  CHECK(asks_for_user(users + entry("first", ""), "gone"));  // GRUB takes the first
  CHECK_FALSE(asks_for_user(all, "gone"));
  // Without a password nobody is asked.
  CHECK_FALSE(asks_for_user(entry("first", ""), "0"));
  CHECK_FALSE(asks_for_user("set superusers=\"\"\n" + entry("first", ""), "0"));
  CHECK(asks_before_boot("set default=\"sub>inner\"\n" + all, {}));
  CHECK_FALSE(asks_before_boot("set default=\"${saved_entry}\"\n" + all, {.saved = "first"}));
  CHECK(asks_before_boot("set default=\"${next_entry}\"\n" + all, {.next = "sub>inner"}));
}
