// SPDX-License-Identifier: GPL-3.0-or-later
// How fast this machine reads memory: the limit of whatever reads its operands once.
#pragma once

#include <cstdint>

#include "engine/tensor/aligned_buffer.h"

namespace longscope {

// Holds the memory that is read, so that it can be measured again and again.
class ReadBandwidth {
  public:
    // Reads `bytes`, which should be several times the last cache.
    explicit ReadBandwidth(std::int64_t bytes);

    // Bytes a second of all threads together, each reading its own part once from the beginning to the end.
    [[nodiscard]] double measure(int threads) const;

  private:
    AlignedBuffer<float> memory_;
};

}  // namespace longscope
