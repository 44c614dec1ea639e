// SPDX-License-Identifier: GPL-3.0-or-later
// Buffers that outlive a call: memory that is mapped afresh for every call costs as much as a third of a short one, in
// page faults. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "engine/tensor/aligned_buffer.h"

namespace longscope::cpu {

class SpareBuffers {
  public:
    // Keeps so many of them.
    explicit SpareBuffers(std::size_t kept) : kept_(kept) {}

    // Of at least `floats` elements with any content; in huge pages where the system grants them.
    [[nodiscard]] AlignedBuffer<float> take(std::int64_t floats);
    // For a later take().
    void give_back(AlignedBuffer<float> buffer);

  private:
    std::size_t kept_;
    std::mutex mutex_;
    std::vector<AlignedBuffer<float>> buffers_;
};

}  // namespace longscope::cpu
