// SPDX-License-Identifier: GPL-3.0-or-later
// Ownership of what C libraries hand out.
#pragma once

#include <memory>
#include <string>

namespace latchkey {

template <auto Release>
struct ReleaseBy {
  template <class T>
  void operator()(T* object) const noexcept {
    Release(object);
  }
};

/// A text of a C library's, which gives none where there is nothing that it understands.
[[nodiscard]] inline std::string text_of(const char* text) {
  return text == nullptr ? std::string() : text;
}

/// A pointer that a C library allocated, given back by its own function:
/// `using CryptDevice = Handle<crypt_device, crypt_free>;`
template <class T, auto Release>
using Handle = std::unique_ptr<T, ReleaseBy<Release>>;

}  // namespace latchkey
