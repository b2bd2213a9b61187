// SPDX-License-Identifier: GPL-3.0-or-later
#include "vm/closed_guest.hpp"

#include "core/base/base64.hpp"
#include "support/catch.hpp"
#include "support/luks_edit.hpp"

namespace latchkey::test {
namespace {

// A service that reads its volume as it starts and then stays.
void add_service(Machine& m, const std::string& volume) {
  const std::string unit = "serve-" + volume;
  add_unit(m, unit + ".service",
           "[Unit]\nDescription=Serves the volume " + volume +
               "\n[Service]\nType=exec\nExecStartPre=grep -qx " + volume + " /srv/" + volume +
               "/marker\nExecStart=tail -f /dev/null\n[Install]\nWantedBy=multi-user.target\n");
  m.must("systemctl -q enable " + unit);
  m.must("latchkey hold " + unit + " --needs " + volume);
}

}  // namespace

void add_unit(Machine& m, const std::string& name, const std::string& text) {
  m.must("cat > /etc/systemd/system/" + name + " && systemctl daemon-reload", text);
}

Machine& closed() {
  return guests().plain("closed", [](Machine& m) {
    (void)guests().continued();
    for (const std::string& volume : closed_volumes) add_service(m, volume);
    m.must("printf '\\n[release]\\nservice_timeout = \"10s\"\\n' >> /etc/latchkey/latchkey.conf");
    m.must("cat > /root/p && chmod 600 /root/p", m.passphrase());
  });
}

void edit_header(Machine& m, const std::string& device,
                 const std::function<void(nlohmann::json&)>& edit) {
  const std::string encoded = m.must("dd if=" + device + " bs=1M count=1 status=none | base64 -w0");
  const std::string changed = edited_luks2(base64_decode(encoded).value(), edit);
  m.must("base64 -d | dd of=" + device + " bs=1M conv=notrunc,fsync status=none",
         base64_encode(changed));
}

void check_up(Machine& m, const std::vector<std::string>& volumes) {
  for (const std::string& volume : volumes) {
    INFO(volume);
    CHECK(m.sh("grep -qx " + volume + " /srv/" + volume + "/marker").status == 0);
    CHECK(m.sh("systemctl is-active serve-" + volume).status == 0);
  }
}

}  // namespace latchkey::test
