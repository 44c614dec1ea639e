// SPDX-License-Identifier: GPL-3.0-or-later
// The memory of one rank's buffers, in one piece, each at the place that the layout of the schedule gives it
// (engine/parallel/buffer_layout.h). It is taken once; all repetitions use it again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>

#include "engine/parallel/buffer_layout.h"
#include "engine/parallel/schedule.h"
#include "engine/tensor/aligned_buffer.h"

namespace longscope {

// Of one thread. Under the address sanitizer what no buffer is using must not be touched.
class BufferMemory {
  public:
    // Throws Error(out_of_memory).
    explicit BufferMemory(const Schedule& schedule);
    BufferMemory(const BufferMemory&) = delete;
    BufferMemory& operator=(const BufferMemory&) = delete;
    BufferMemory(BufferMemory&&) = delete;
    BufferMemory& operator=(BufferMemory&&) = delete;
    ~BufferMemory();

    // Of the alloc at a position of the schedule; aligned to buffer_alignment_bytes, its content is undefined. Throws
    // Error(failed) when the schedule that it was made for has no such alloc there.
    [[nodiscard]] std::span<std::byte> begin_use(std::int64_t position, std::int64_t bytes);
    void end_use(std::span<const std::byte> buffer) const;

    [[nodiscard]] std::int64_t bytes() const { return memory_.size(); }

  private:
    struct Place {
        std::int64_t offset_bytes = 0;
        std::int64_t bytes = 0;
    };

    std::map<std::int64_t, Place> places_;  // by the position of the alloc
    AlignedBuffer<std::byte> memory_;
};

}  // namespace longscope
