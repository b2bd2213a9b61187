// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/unlock/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/json_field.hpp"
#include "core/base/message.hpp"
#include "core/base/read_json.hpp"
#include "core/base/text.hpp"

namespace latchkey {
namespace {

using nlohmann::json;

// Beyond these, a report names none: as many keys are hardly ever given away.
constexpr std::size_t most_guessers = 16;

json peer_json(const Peer& peer) {
  return {{"kind", peer.kind},
          {"key", peer.key},
          {"fingerprint", peer.fingerprint},
          {"comment", printable(peer.comment)},
          {"address", printable(peer.address)}};
}

Peer parse_peer(const json& in) {
  Peer peer;
  peer.kind = text_field(in, "kind");
  peer.key = field<int>(in, "key");
  peer.fingerprint = text_field(in, "fingerprint");
  peer.comment = text_field(in, "comment");
  peer.address = text_field(in, "address");
  return peer;
}

json wrong_json(const WrongAnswers& wrong) {
  json out = peer_json(wrong.peer);
  out["count"] = wrong.count;
  return out;
}

WrongAnswers parse_wrong(const json& in) { return {parse_peer(in), field<unsigned>(in, "count")}; }

std::string with_fingerprint(const Peer& peer) {
  return peer.text() + (peer.fingerprint.empty() ? "" : " (" + peer.fingerprint + ")");
}

std::string wrong_line(const BootReport& report) {
  std::string line = std::to_string(report.wrong_answers) +
                     (report.wrong_answers == 1 ? " wrong passphrase" : " wrong passphrases");
  std::string by;
  for (const WrongAnswers& wrong : report.wrong_by)
    by += (by.empty() ? ": " : ", ") + std::to_string(wrong.count) + " by " +
          with_fingerprint(wrong.peer);
  return line + by;
}

constexpr std::size_t long_text = 1000;

}  // namespace

json volume_json(const VolumeReport& volume) {
  return {{"name", volume.name},
          {"open", volume.open},
          {"seconds", volume.seconds},
          {"problem", printable(volume.problem, long_text)},
          {"hint", printable(volume.hint, long_text)}};
}

VolumeReport parse_volume(const json& in) {
  return {text_field(in, "name"), field<bool>(in, "open"), field<double>(in, "seconds"),
          text_field(in, "problem", long_text), text_field(in, "hint", long_text)};
}

std::string Peer::account() const {
  return kind == "console" ? kind : "key " + std::to_string(key);
}

std::string Peer::text() const {
  if (kind == "console") return "the console";
  if (kind != "ssh" && (kind != "user" || comment.empty())) return "somebody else";
  std::string out =
      comment.empty() ? "the key in line " + std::to_string(key) : "'" + printable(comment) + "'";
  if (!address.empty()) out += " from " + printable(address);
  return out;
}

void count_wrong(std::vector<WrongAnswers>& all, const Peer& peer) {
  const auto same = std::ranges::find(
      all, peer.account(), [](const WrongAnswers& wrong) { return wrong.peer.account(); });
  WrongAnswers& wrong = same == all.end() ? all.emplace_back() : *same;
  wrong.peer = peer;
  ++wrong.count;
}

std::string to_json(const BootReport& report) {
  json wrong_by = json::array();
  for (const WrongAnswers& wrong : report.wrong_by)
    if (wrong_by.size() < most_guessers) wrong_by.push_back(wrong_json(wrong));
  json volumes = json::array();
  for (const VolumeReport& volume : report.volumes) volumes.push_back(volume_json(volume));
  const json out{{"result", report.result},
                 {"peer", peer_json(report.peer)},
                 {"time", report.time},
                 {"waited", report.waited},
                 {"wrong_answers", report.wrong_answers},
                 {"wrong_by", wrong_by},
                 {"uptime", report.uptime},
                 {"volumes", volumes}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<BootReport> parse_report(std::string_view text) {
  const json in = read_json(text);
  if (!in.is_object())
    return Error{Code::damaged, "cannot read early boot's report", "it is not a JSON object", ""};
  BootReport report;
  report.result = text_field(in, "result");
  report.time = field<std::int64_t>(in, "time");
  report.waited = field<double>(in, "waited");
  report.wrong_answers = field<unsigned>(in, "wrong_answers");
  report.uptime = field<double>(in, "uptime");
  report.wrong_by = list_field(in, "wrong_by", parse_wrong);
  if (const auto peer = in.find("peer"); peer != in.end() && peer->is_object())
    report.peer = parse_peer(*peer);
  report.volumes = list_field(in, "volumes", parse_volume);
  return report;
}

std::vector<std::string> report_lines(const BootReport& report) {
  std::vector<std::string> lines;
  const std::string who = with_fingerprint(report.peer);
  const std::string after = " after " + duration_text(report.waited);
  if (report.result == "unlocked") lines.push_back("early boot: unlocked by " + who + after);
  if (report.result == "continued")
    lines.push_back("early boot: went on without the data, told by " + who + after);
  if (report.result == "timeout")
    lines.push_back("early boot: went on without the data, nobody answered" + after);
  if (report.wrong_answers > 0) lines.push_back("early boot: " + wrong_line(report));
  for (const VolumeReport& volume : report.volumes)
    lines.push_back("early boot: '" + volume.name + "' " +
                    (volume.open ? "open in " + duration_text(volume.seconds)
                                 : "not open: " + volume.problem));
  return lines;
}

}  // namespace latchkey
