// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/network/tcp_table.hpp"
#include "support/catch.hpp"

using namespace latchkey;

namespace {

const std::string head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";

// Port 22 (0x16), FIN_WAIT1, with so much not acknowledged.
std::string connection(const std::string& state, const std::string& unsent) {
  return head + "   1: 0A00020F:0016 0202000A:D8E6 " + state + " " + unsent +
         ":00000000 01:00000014 00000000     0        0 0 3 0000000000000000\n";
}

}  // namespace

TEST_CASE("what a client has not acknowledged yet is seen, at its own port only") {
  CHECK(unsent_data(connection("04", "00000025"), 22));
  CHECK(unsent_data(connection("04", "00000001"), 22));  // the end alone
  CHECK_FALSE(unsent_data(connection("05", "00000000"), 22));
  CHECK_FALSE(unsent_data(connection("04", "00000025"), 2222));
  CHECK_FALSE(unsent_data(connection("0A", "00000001"), 22));  // a listening one
  CHECK(unsent_data(head + "   0: 00000000000000000000000001000000:0016 "
                           "00000000000000000000000001000000:9C40 09 00000010:00000000 01:00000014 "
                           "00000000     0        0 0 3 0000000000000000\n",
                    22));
  for (const char* odd : {"", "a b c d e\n", "1: :0016 x 04 25 more\n", "1: x:0016 y 04 zz:0\n"})
    CHECK_FALSE(unsent_data(odd, 22));
}
