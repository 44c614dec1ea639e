// SPDX-License-Identifier: GPL-3.0-or-later
// For formulas whose buffers come and go: the most that is held at once.
#pragma once

#include <algorithm>
#include <cstdint>

namespace longscope {

class LiveBytes {
  public:
    void take(std::int64_t bytes) {
        live_ += bytes;
        peak_ = std::max(peak_, live_);
    }
    void give_back(std::int64_t bytes) { live_ -= bytes; }
    // Held for a moment beside the rest.
    void pass(std::int64_t bytes) {
        take(bytes);
        give_back(bytes);
    }
    [[nodiscard]] std::int64_t peak() const { return peak_; }

  private:
    std::int64_t live_ = 0;
    std::int64_t peak_ = 0;
};

}  // namespace longscope
