// SPDX-License-Identifier: GPL-3.0-or-later
// The working memory of one thread, cut into parts that begin at vectors. In one huge page where the system grants one:
// a tile's operands lie in hundreds of small pages otherwise, more than the first-level translation cache holds.
#pragma once

#include <cstdint>

#include "engine/kernel/cpu/spare_buffers.h"

namespace longscope::cpu {

class Scratch {
  public:
    // Room for parts of so many floats together; the spare buffers must live as long.
    Scratch(std::int64_t floats, SpareBuffers& spare);
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    Scratch(Scratch&&) = delete;
    Scratch& operator=(Scratch&&) = delete;
    ~Scratch();

    // The next part, with any content. `floats` rounded up to whole_vectors() must still fit.
    [[nodiscard]] float* take(std::int64_t floats);
    // What a part takes of the room.
    [[nodiscard]] static constexpr std::int64_t whole_vectors(std::int64_t floats) { return (floats + 15) / 16 * 16; }

  private:
    SpareBuffers* spare_;
    AlignedBuffer<float> memory_;
    float* next_;
};

}  // namespace longscope::cpu
