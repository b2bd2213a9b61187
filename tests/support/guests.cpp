// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/guests.hpp"

namespace latchkey::test {
namespace {

const std::string shelf = LATCHKEY_SOURCE_DIR "/tools/demo.d/";

}  // namespace

Guests& guests() {
  static Guests all;
  return all;
}

Machine& Guests::services() {
  if (!services_) {
    services_ = std::make_unique<Machine>(
        "test-services",
        std::vector<std::string>{"--volumes", "mysql,www,mail,logs", "--install",
                                 "mariadb-server,nginx-light,wget", "--script", shelf + "host",
                                 "--volume-script", shelf + "data", "--services",
                                 shelf + "services", "--memory", "1024"});
    services_->save("early");
  }
  return *services_;
}

Machine& Guests::plain() {
  if (!plain_) {
    plain_ = std::make_unique<Machine>(
        "test-plain", std::vector<std::string>{"--volumes", "a,b,c,d", "--memory", "768"});
    plain_->save("early");
  }
  return *plain_;
}

}  // namespace latchkey::test
