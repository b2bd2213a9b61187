// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/ssh/authorized_keys.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "core/base/base64.hpp"
#include "core/base/text.hpp"
#include "core/ssh/foreign_key.hpp"
#include "core/ssh/ssh_key.hpp"

namespace latchkey {
namespace {

// Dropbear drops longer lines without a word.
constexpr std::size_t longest_line = 4200;

// Options that need nothing. What they allow or forbid never exists in early boot (forwarding,
// user rc files), or is nothing there: a terminal. Options are never widened where a line would
// then admit more than the unlocker, and a terminal does not: every login has the forced
// command, which gives the same words, and a granted shell, with or without one. All that it
// adds is that a typed passphrase is not shown. Without it the client's own terminal would show
// it, to whoever was careful enough to write `restrict`.
constexpr std::array<std::string_view, 13> implied{"no-port-forwarding",
                                                   "no-agent-forwarding",
                                                   "no-x11-forwarding",
                                                   "no-user-rc",
                                                   "port-forwarding",
                                                   "agent-forwarding",
                                                   "x11-forwarding",
                                                   "user-rc",
                                                   "permitopen",
                                                   "permitlisten",
                                                   "pty",
                                                   "no-pty",
                                                   "restrict"};

// Options that would have to be honoured and cannot be; with the reason.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> impossible{{
    {"from", "early boot cannot check where a client comes from"},
    {"cert-authority",
     "early boot takes no certificates: the line would make a login of the "
     "authority's own key"},
    {"expiry-time", "early boot has no clock to trust"},
    {"principals", "early boot takes no certificates"},
    {"tunnel", "early boot has no tunnels"},
    {"command", "early boot has its own command: the unlocker"},
    {"environment", "early boot sets no environment variables from here"},
}};

const std::vector<std::string>& option_names() {
  static const std::vector<std::string> names{"restrict",
                                              "pty",
                                              "no-pty",
                                              "no-touch-required",
                                              "verify-required",
                                              "no-port-forwarding",
                                              "no-agent-forwarding",
                                              "no-X11-forwarding",
                                              "no-user-rc"};
  return names;
}

bool blank(char c) { return c == ' ' || c == '\t'; }

// One line, read from left to right; the first problem is kept with its place.
class Line {
 public:
  Line(std::string_view text, std::size_t number, std::string_view file)
      : text_(text), number_(number), file_(file) {}

  std::optional<AuthorizedKey> parse() {
    skip_blanks();
    key_.line = number_;
    const std::size_t start = at_;
    std::string_view type = word();
    // As OpenSSH does: what is no type of a key is a list of options.
    if (!known_key_type(type)) {
      at_ = start;
      if (!options()) return {};
      skip_blanks();
      type_at_ = at_;
      type = word();
    } else {
      type_at_ = start;
    }
    if (!key(type)) return {};
    return key_;
  }

  [[nodiscard]] const Error& error() const { return error_; }

 private:
  bool fail(std::size_t at, const std::string& what, std::string why, std::string hint = {}) {
    error_ = {Code::config, position(file_, number_, at + 1) + ": " + what, std::move(why),
              std::move(hint)};
    return false;
  }

  void skip_blanks() {
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
  }

  std::string_view word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && !blank(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  // The options up to the first blank that is not in quotes.
  bool options() {
    while (true) {
      const std::size_t start = at_;
      while (at_ < text_.size() && !blank(text_[at_]) && text_[at_] != ',' && text_[at_] != '=')
        ++at_;
      const std::string_view name = text_.substr(start, at_ - start);
      bool valued = false;
      if (at_ < text_.size() && text_[at_] == '=') {
        valued = true;
        ++at_;
        if (!skip_quoted()) return false;
      }
      if (!option(start, name, valued)) return false;
      if (at_ >= text_.size())
        return fail(start, "there is no key on this line", "",
                    "a line is: options (if any), type, key, comment");
      if (blank(text_[at_])) return true;
      if (text_[at_] != ',')
        return fail(at_, "the options cannot be read", "a comma or a blank is to follow here");
      ++at_;
    }
  }

  bool skip_quoted() {
    const std::size_t start = at_;
    if (at_ >= text_.size() || text_[at_] != '"')
      return fail(start, "the options cannot be read", "a value in double quotes is to follow '='");
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '"')
        ++at_;
      else if (text_[at_] == '"')
        return ++at_, true;
    }
    return fail(start, "the options cannot be read", "the closing quote is missing");
  }

  bool option(std::size_t at, std::string_view name, bool valued) {
    const std::string word = lower(name);
    const std::string shown = "option '" + printable(name, 60) + "'";
    for (const auto& [option, why] : impossible)
      if (word == option)
        return fail(at, shown + " cannot be honoured", std::string(why),
                    "give early boot a key of its own, without this option");
    const bool takes_value = word == "permitopen" || word == "permitlisten";
    const bool known = std::ranges::find(implied, word) != implied.end() || flag(word);
    if (known && takes_value != valued)
      return fail(at, shown + " cannot be read",
                  takes_value ? "it takes a value in quotes" : "it takes no value");
    if (known) return true;
    // A word in front that is not followed by a key is more likely a broken line.
    const auto near = nearest(word, option_names());
    if (near) return fail(at, "unknown " + shown, "", "did you mean '" + *near + "'?");
    const bool show = harmless_word(name);
    return fail(at, show ? "unknown " + shown : "unknown option",
                show ? "" : "it is not shown, since it may be part of a key",
                "a line is: options (if any), type, key, comment; a key is never broken over "
                "lines");
  }

  // As in OpenSSH, a later option overrides an earlier one.
  bool flag(std::string_view word) {
    if (word == "no-touch-required") return key_.touch = false, true;
    return word == "verify-required" && (key_.verify = true);
  }

  bool key(std::string_view type) {
    if (type.empty())
      return fail(type_at_, "there is no key on this line", "",
                  "a line is: options (if any), type, key, comment");
    const std::string shown = printable(type, 60);
    if (const std::string why = key_type_problem(type); !why.empty())
      return fail(type_at_,
                  known_key_type(type) || harmless_word(type)
                      ? "key type '" + shown + "' cannot be used"
                      : "what stands where the type of the key is expected cannot be used",
                  why, "make one with: ssh-keygen -t ed25519");
    skip_blanks();
    const std::size_t blob_at = at_;
    const std::string_view encoded = word();
    if (encoded.empty()) return fail(blob_at, "the key itself is missing after its type", "");
    const auto blob = base64_decode(encoded);
    if (!blob)
      return fail(blob_at, "the key is damaged", "it is not valid base64",
                  "copy the whole line of the .pub file again");
    if (const std::string why = key_blob_problem(type, *blob); !why.empty())
      return fail(blob_at, "the '" + shown + "' key cannot be used", why,
                  "copy the whole line of the .pub file again, or make a new key");
    key_.type = type;
    key_.blob = *blob;
    key_.comment = printable(trim(text_.substr(at_)));
    if (dropbear_line(key_).size() > longest_line)
      return fail(blob_at, "the key is too long for early boot", "");
    return true;
  }

  std::string_view text_;
  std::size_t number_;
  std::string_view file_;
  std::size_t at_ = 0;
  std::size_t type_at_ = 0;
  AuthorizedKey key_{};
  Error error_{};
};

}  // namespace

AuthorizedKeys parse_authorized_keys(std::string_view text, std::string_view file) {
  AuthorizedKeys out;
  std::size_t number = 0;
  std::optional<ForeignKey> foreign;  // in the lines of which we are
  for (const std::string_view line : split_lines(text)) {
    ++number;
    const std::string_view content = trim(line);
    if (foreign) {
      if (!foreign->end.empty() && content.starts_with(foreign->end)) foreign.reset();
      continue;
    }
    if (content.empty() || content.front() == '#') continue;
    foreign = foreign_key(content);
    if (foreign) {
      const auto column = static_cast<std::size_t>(content.data() - line.data()) + 1;
      out.errors.push_back({Code::config, position(file, number, column) + ": " + foreign->what,
                            foreign->why, foreign->hint});
      continue;
    }
    if (const std::size_t nul = line.find('\0'); nul != std::string_view::npos) {
      out.errors.push_back({Code::config,
                            position(file, number, nul + 1) + ": the line cannot be read",
                            "it holds a zero byte", ""});
      continue;
    }
    Line parsed(line, number, file);
    const auto key = parsed.parse();
    if (!key) {
      out.errors.push_back(parsed.error());
      continue;
    }
    const bool again =
        std::ranges::any_of(out.keys, [&](const auto& k) { return k.blob == key->blob; });
    if (!again) out.keys.push_back(*key);
  }
  return out;
}

std::string dropbear_line(const AuthorizedKey& key) {
  std::string out = "command=\"latchkey-unlock --key " + std::to_string(key.line) +
                    "\",no-port-forwarding,no-agent-forwarding,no-X11-forwarding";
  if (!key.touch) out += ",no-touch-required";
  if (key.verify) out += ",verify-required";
  out += " " + key.type + " " + base64_encode(key.blob);
  if (!key.comment.empty()) out += " " + key.comment;
  return out;
}

std::string fingerprint_text(std::string_view sha256) {
  return "SHA256:" + base64_encode(sha256, false);
}

}  // namespace latchkey
