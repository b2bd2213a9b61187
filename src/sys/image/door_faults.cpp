// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/image/door_faults.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "core/base/text.hpp"
#include "sys/base/fd.hpp"

namespace latchkey {
namespace {

constexpr const char* hooks = "see which hook in /etc/initramfs-tools/hooks changes it";

// What another hook has added keeps nobody out.
bool has_lines(std::string_view text, std::string_view wanted) {
  const auto lines = split_lines(text);
  return std::ranges::all_of(split_lines(wanted), [&](std::string_view line) {
    return std::ranges::find(lines, line) != lines.end();
  });
}

// One that Dropbear can load is enough.
bool has_host_key(const ImageRequest& request) {
  const std::string place = request.tree + "/etc/latchkey/hostkeys/";
  return std::ranges::any_of(names_in(place), [&](const std::string& name) {
    return name.ends_with(".dropbear") && public_line(request.paths, place + name);
  });
}

// Dropbear believes no file that somebody else could have written.
bool is_private(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  return (info.st_uid == 0 || info.st_uid == ::geteuid()) && (info.st_mode & 022U) == 0;
}

// Made from the inputs, it has to be as they say; else it has to be there.
void add_file_fault(std::vector<Error>& out, const std::string& tree, const ImageFile& file,
                    bool of_today) {
  const auto found = read_file(tree + file.path);
  const bool keys = file.path == image_authorized_keys;
  const bool empty = found && trim(*found).empty() && !trim(file.text).empty();
  const bool other =
      found && of_today && (keys ? !has_lines(*found, file.text) : *found != file.text);
  if (found && !empty && !other) return;
  std::string why = "'" + file.path + "' is not in the image";
  if (found) why = "'" + file.path + "' in the image is not what was put there";
  out.push_back({Code::config, "early boot lacks " + file.holds, why, hooks});
}

void add_login_faults(std::vector<Error>& out, const std::string& tree) {
  if (!has_image_login(text_or_empty(tree + "/etc/passwd")))
    out.push_back({Code::config, "root's login in early boot is not the unlocker",
                   "'/etc/passwd' in the image has not the line that was put there", hooks});
  if (!allows_image_login(text_or_empty(tree + "/etc/shells")))
    out.push_back({Code::config, "the ssh server of early boot would refuse every login",
                   "'/etc/shells' in the image does not name the unlocker", hooks});
  for (const std::string& path : {std::string(image_home), std::string(image_home) + "/.ssh",
                                  std::string(image_authorized_keys)})
    if (!is_private(tree + path)) {
      out.push_back({Code::refused, "the ssh server of early boot would refuse every key",
                     "somebody else than root may write to '" + path + "' in the image", hooks});
      return;
    }
}

bool is_link_to(const std::string& path, const std::string& target) {
  std::error_code none;
  return std::filesystem::read_symlink(path, none) == target && !none;
}

std::string script_of(const std::string& stage) { return "/scripts/" + stage + "/latchkey"; }

// Where init runs our script of a stage, among the others; npos: not at all.
std::size_t place_of(const std::string& tree, const std::string& stage, const std::string& name) {
  return text_or_empty(tree + "/scripts/" + stage + "/ORDER").find("/" + stage + "/" + name + " ");
}

bool runs(const std::string& tree, const std::string& stage) {
  return is_program(tree + script_of(stage)) &&
         place_of(tree, stage, "latchkey") != std::string::npos;
}

Error not_run(const std::string& stage, const std::string& what) {
  return {Code::config, what, "its script '" + script_of(stage) + "' is not run",
          "see which hook in /etc/initramfs-tools takes it away"};
}

}  // namespace

bool is_program(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 &&
         (info.st_mode & 0111U) != 0;
}

std::vector<Error> door_faults(const ImageRequest& request, const ImageInfo& info,
                               const EarlyInputs& inputs) {
  std::vector<Error> out;
  if (!has_host_key(request))
    out.push_back({Code::missing, "the ssh server of early boot has no host key",
                   "there is none in '/etc/latchkey/hostkeys' of the image that it can use",
                   hooks});
  for (const ImageFile& file : image_files(inputs))
    add_file_fault(out, request.tree, file, info.config == inputs.digest);
  add_login_faults(out, request.tree);
  const bool dhcp = !inputs.config || inputs.config->network.method == NetworkConfig::Method::dhcp;
  if (dhcp && !is_link_to(request.tree + image_dhcp_event, image_unlocker))
    out.push_back({Code::missing, "early boot would take no address from a DHCP server",
                   std::string("'") + image_dhcp_event + "' in the image is no link to '" +
                       image_unlocker + "'",
                   hooks});
  return out;
}

std::vector<Error> script_faults(const std::string& tree) {
  std::vector<Error> out;
  if (!runs(tree, "init-premount"))
    out.push_back(not_run("init-premount", "early boot would start no ssh server"));
  if (!runs(tree, "local-top"))
    out.push_back(not_run("local-top", "early boot would not wait for an unlock"));
  return out;
}

std::vector<Error> script_doubts(const std::string& tree) {
  std::vector<Error> out;
  if (!runs(tree, "local-bottom"))
    out.push_back(not_run("local-bottom", "early boot may configure its network twice"));
  const std::size_t unlock = place_of(tree, "local-top", "latchkey");
  for (const std::string brings_disks : {"multipath", "iscsi", "nbd"})
    if (const std::size_t at = place_of(tree, "local-top", brings_disks);
        at != std::string::npos && at > unlock)
      out.push_back({Code::config, "the volumes on " + brings_disks + " are not there in time",
                     "its script in local-top runs after the unlock",
                     "rebuild the images: update-initramfs -u -k all"});
  const std::string last = "init-bottom";
  if (!runs(tree, last))
    out.push_back(not_run(last, "early boot is ended too late"));
  else if (place_of(tree, last, "udev") < place_of(tree, last, "latchkey"))  // /dev has moved
    out.push_back({Code::config, "early boot is ended too late",
                   "its script in init-bottom does not run before udev's", ""});
  return out;
}

}  // namespace latchkey
