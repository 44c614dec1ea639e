// SPDX-License-Identifier: GPL-3.0-or-later
// Buffers that outlive a call: memory that is mapped afresh for every call costs as much as a third of a short one, in
// page faults. Thread-safe.
#pragma once

#include <mutex>
#include <vector>

#include "engine/tensor/aligned_buffer.h"

namespace longscope::cpu {

class SpareBuffers {
  public:
    // Of at least `floats` elements with any content; in huge pages where the system grants them.
    [[nodiscard]] AlignedBuffer<float> take(std::int64_t floats);
    // For a later take(). Only the largest few are kept.
    void give_back(AlignedBuffer<float> buffer);

  private:
    std::mutex mutex_;
    std::vector<AlignedBuffer<float>> buffers_;
};

}  // namespace longscope::cpu
