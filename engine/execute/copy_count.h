// SPDX-License-Identifier: GPL-3.0-or-later
// The one place where the executor copies bytes from one buffer to another, so that they are counted: a schedule says
// how many there are, as gathers, scatters, casts and what a rank sends to itself, and there may be no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace longscope {

class CopyCount {
  public:
    // As many bytes on both sides.
    void copy(std::byte* into, std::span<const std::byte> from) {
        if (!from.empty()) {
            std::memcpy(into, from.data(), from.size());
        }
        add(static_cast<std::int64_t>(from.size()));
    }
    // What was read, changed and written by somebody else.
    void add(std::int64_t bytes) { bytes_ += bytes; }
    [[nodiscard]] std::int64_t bytes() const { return bytes_; }

  private:
    std::int64_t bytes_ = 0;
};

}  // namespace longscope
