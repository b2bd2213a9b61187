// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/kernel_lacks.hpp"

#include <unistd.h>

#include <algorithm>

#include "core/base/lists.hpp"
#include "core/base/text.hpp"
#include "core/image/driver_lack.hpp"
#include "sys/base/fd.hpp"
#include "sys/kernel/modules.hpp"
#include "sys/network/network_cards.hpp"
#include "sys/storage/lvm.hpp"
#include "sys/storage/storage.hpp"

namespace latchkey {
namespace {

constexpr const char* packages = "install the package that has it";

// What a kernel has built in is known by this list alone. Who builds one without modules may
// leave it out, and nothing is certain then.
bool lists_built_in(const Paths& paths, const std::string& kernel) {
  const std::string list = paths.root + "/lib/modules/" + kernel + "/modules.builtin";
  return ::access(list.c_str(), F_OK) == 0;
}

// As a file. That a kernel has a driver built in proves nothing of another one: the list names
// what could be a module, and which drivers these are changes from version to version.
bool is_module(const std::string& root, const std::string& kernel, const std::string& name) {
  const auto found = find_module(root, kernel, name);
  return found && !found->files.empty();
}

class Drivers {
 public:
  Drivers(const Paths& paths, const std::string& kernel)
      : here_([&paths, &kernel](const std::string& name) {
          return find_module(paths.root, kernel, name).has_value();
        }),
        elsewhere_(
            [&paths, &kernel, listed = lists_built_in(paths, kernel)](const std::string& name) {
              return listed && std::ranges::any_of(names_in(paths.root + "/lib/modules"),
                                                   [&](const std::string& other) {
                                                     return other != kernel &&
                                                            is_module(paths.root, other, name);
                                                   });
            }),
        kernel_(kernel) {}

  void cards(const std::vector<NetworkCard>& cards) {
    std::vector<Error> lacks;
    std::vector<std::string> names;
    std::size_t certain = 0;
    for (const NetworkCard& card : cards) {
      const DriverLack lack = driver_lack({card.driver, card.alias}, here_, elsewhere_);
      if (lack == DriverLack::none) continue;
      if (lack == DriverLack::certain) ++certain;
      names.push_back(card.link);
      lacks.push_back({Code::kernel,
                       "early boot may not reach its network by '" + printable(card.link) + "'",
                       "the kernel " + kernel_ + " has no driver for it",
                       std::string(packages) + ", or name the link to use in [network]"});
    }
    if (certain == 0 || certain < cards.size()) {
      out.warnings.insert(out.warnings.end(), lacks.begin(), lacks.end());
      return;
    }
    out.faults.push_back(
        {Code::kernel, "nobody could reach this machine with kernel " + kernel_,
         "it has no driver for " + quoted_list(names) + ", which another kernel has", packages});
  }

  void disks(const std::vector<std::vector<DrivenDevice>>& disks) {
    const std::vector<std::string> lacking = lacking_drivers(disks, here_, elsewhere_);
    if (lacking.empty()) return;
    // Of several disks one may be enough.
    const bool all = std::ranges::none_of(disks, [&](const auto& disk) {
      return lacking_drivers({disk}, here_, elsewhere_).empty();
    });
    const Error text{
        Code::kernel,
        std::string("early boot ") + (all ? "could" : "may") +
            " not find the keys volume with kernel " + kernel_,
        "it has no " + quoted_list(lacking) + ", which another kernel has for its disk", packages};
    (all ? out.faults : out.warnings).push_back(text);
  }

  KernelLacks out{};

 private:
  HasModule here_;
  HasModule elsewhere_;
  std::string kernel_;
};

}  // namespace

KernelLacks kernel_lacks(const Paths& paths, const std::string& kernel, const EarlyInputs& inputs) {
  Drivers drivers(paths, kernel);
  const NetworkConfig network = inputs.config ? inputs.config->network : NetworkConfig{};
  drivers.cards(planned_cards(paths.root, network));
  if (!inputs.config) return drivers.out;
  const DeviceRef& keys = inputs.config->keys.device;
  const auto woken = awake(paths.root, keys);  // it rests while nobody unlocks
  drivers.disks(storage_of(paths.root, paths.root + keys.path()).disks);
  return drivers.out;
}

}  // namespace latchkey
