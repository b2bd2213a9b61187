// SPDX-License-Identifier: GPL-3.0-or-later
#include "sys/luks/same_data.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <span>

#include "sys/base/fd.hpp"
#include "sys/base/handle.hpp"

namespace latchkey {
namespace {

constexpr std::size_t block = 4096;
constexpr std::size_t looked_at = 256 * block;

// Past what the kernel has kept: a mounted file system's blocks are newer there.
class Beginning {
 public:
  Result<> read(const std::string& path) {
    memory_.reset(static_cast<char*>(std::aligned_alloc(block, looked_at)));
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC));
    const ssize_t got = fd && memory_ ? ::pread(fd.get(), memory_.get(), looked_at, 0) : -1;
    if (got < 0) return system_error(errno, "cannot read '" + path + "'");
    size_ = static_cast<std::size_t>(got) / block * block;
    return Ok{};
  }
  [[nodiscard]] std::span<const char> bytes() const { return {memory_.get(), size_}; }

 private:
  Handle<char, std::free> memory_{};
  std::size_t size_ = 0;
};

// Of what is written meanwhile a few blocks differ; by another key all do.
Result<bool> alike(const std::string& one, const std::string& other) {
  Beginning a;
  Beginning b;
  if (auto read = a.read(one); !read) return read.error();
  if (auto read = b.read(other); !read) return read.error();
  const std::size_t size = std::min(a.bytes().size(), b.bytes().size());
  std::size_t same = 0;
  for (std::size_t at = 0; at < size; at += block)
    if (std::ranges::equal(a.bytes().subspan(at, block), b.bytes().subspan(at, block))) ++same;
  return 2 * same * block >= size;
}

}  // namespace

Result<bool> gives_same_data(const std::string& mapping, MappingRequest request,
                             const Secret& key) {
  request.read_only = true;
  request.hidden = true;
  if (auto opened = open_mapping(request, key); !opened) return opened.error();
  const auto answer = alike("/dev/mapper/" + mapping, "/dev/mapper/" + request.mapping);
  if (auto closed = close_mapping(request.mapping); !closed) return closed.error();
  return answer;
}

}  // namespace latchkey
