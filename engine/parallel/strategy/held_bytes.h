// SPDX-License-Identifier: GPL-3.0-or-later
// The most that is allocated at once, of buffers that come and go.
#pragma once

#include <algorithm>
#include <cstdint>

namespace longscope {

class HeldBytes {
  public:
    void take(std::int64_t bytes) {
        now_ += bytes;
        most_ = std::max(most_, now_);
    }
    void give(std::int64_t bytes) { now_ -= bytes; }
    [[nodiscard]] std::int64_t most() const { return most_; }

  private:
    std::int64_t now_ = 0;
    std::int64_t most_ = 0;
};

}  // namespace longscope
