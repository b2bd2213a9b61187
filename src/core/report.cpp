// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/report.hpp"

#include <nlohmann/json.hpp>

#include "core/json_field.hpp"
#include "core/message.hpp"
#include "core/text.hpp"

namespace latchkey {
namespace {

using nlohmann::json;

json peer_json(const Peer& peer) {
  return {{"kind", peer.kind},
          {"key", peer.key},
          {"fingerprint", peer.fingerprint},
          {"comment", printable(peer.comment)},
          {"address", printable(peer.address)}};
}

json volume_json(const VolumeReport& volume) {
  return {{"name", volume.name},
          {"open", volume.open},
          {"seconds", volume.seconds},
          {"problem", printable(volume.problem, 1000)},
          {"hint", printable(volume.hint, 1000)}};
}

}  // namespace

std::string Peer::account() const {
  return kind == "console" ? kind : "key " + std::to_string(key);
}

std::string Peer::text() const {
  if (kind == "console") return "the console";
  if (kind != "ssh" && (kind != "user" || comment.empty())) return "somebody else";
  std::string out = comment.empty() ? "key " + std::to_string(key) : "'" + printable(comment) + "'";
  if (!address.empty()) out += " from " + printable(address);
  return out;
}

std::string to_json(const BootReport& report) {
  json volumes = json::array();
  for (const VolumeReport& volume : report.volumes) volumes.push_back(volume_json(volume));
  const json out{{"result", report.result},
                 {"peer", peer_json(report.peer)},
                 {"time", report.time},
                 {"waited", report.waited},
                 {"wrong_answers", report.wrong_answers},
                 {"uptime", report.uptime},
                 {"volumes", volumes}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<BootReport> parse_report(std::string_view text) {
  const json in = json::parse(text, nullptr, false);
  if (!in.is_object())
    return Error{Code::damaged, "cannot read early boot's report", "it is not a JSON object", ""};
  BootReport report;
  report.result = printable(field<std::string>(in, "result"));
  report.time = field<std::int64_t>(in, "time");
  report.waited = field<double>(in, "waited");
  report.wrong_answers = field<unsigned>(in, "wrong_answers");
  report.uptime = field<double>(in, "uptime");
  if (const auto peer = in.find("peer"); peer != in.end() && peer->is_object()) {
    report.peer.kind = printable(field<std::string>(*peer, "kind"));
    report.peer.key = field<int>(*peer, "key");
    report.peer.fingerprint = printable(field<std::string>(*peer, "fingerprint"));
    report.peer.comment = printable(field<std::string>(*peer, "comment"));
    report.peer.address = printable(field<std::string>(*peer, "address"));
  }
  if (const auto volumes = in.find("volumes"); volumes != in.end() && volumes->is_array()) {
    for (const json& item : *volumes) {
      if (!item.is_object()) continue;
      report.volumes.push_back({printable(field<std::string>(item, "name")),
                                field<bool>(item, "open"), field<double>(item, "seconds"),
                                printable(field<std::string>(item, "problem"), 1000),
                                printable(field<std::string>(item, "hint"), 1000)});
    }
  }
  return report;
}

std::vector<std::string> report_lines(const BootReport& report) {
  std::vector<std::string> lines;
  const std::string who = report.peer.text() + (report.peer.fingerprint.empty()
                                                    ? ""
                                                    : " (" + report.peer.fingerprint + ")");
  const std::string after = " after " + duration_text(report.waited);
  if (report.result == "unlocked") lines.push_back("early boot: unlocked by " + who + after);
  if (report.result == "continued")
    lines.push_back("early boot: went on without the data, told by " + who + after);
  if (report.result == "timeout")
    lines.push_back("early boot: went on without the data, nobody answered" + after);
  if (report.wrong_answers > 0)
    lines.push_back("early boot: " + std::to_string(report.wrong_answers) +
                    (report.wrong_answers == 1 ? " wrong passphrase" : " wrong passphrases"));
  for (const VolumeReport& volume : report.volumes)
    lines.push_back("early boot: '" + volume.name + "' " +
                    (volume.open ? "open in " + duration_text(volume.seconds)
                                 : "not open: " + volume.problem));
  return lines;
}

}  // namespace latchkey
