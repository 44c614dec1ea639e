// SPDX-License-Identifier: GPL-3.0-or-later
// Memory of one rank's buffers, kept from those that are freed for those that come later: in the same repetition of a
// schedule, or in the next one, which then takes nothing new from the system in the middle of what is measured.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/kernel/partial.h"
#include "engine/tensor/aligned_buffer.h"

namespace longscope {

// Never holds more than the most that was in use at once: what is kept gives way to what is asked for. Of one thread.
class BufferPool {
  public:
    // The content is undefined. Throws Error(out_of_memory).
    [[nodiscard]] AlignedBuffer<std::byte> bytes(std::int64_t size);
    [[nodiscard]] std::unique_ptr<Partial> partial(std::int64_t heads, std::int64_t rows, std::int64_t dim,
                                                   MergeRule rule);
    // What is no longer in use.
    void keep(AlignedBuffer<std::byte> freed);
    void keep(std::unique_ptr<Partial> freed);
    // So many bytes go to somebody else, as results do; they may come back.
    void hand_out(std::int64_t bytes) { in_use_bytes_ -= bytes; }
    void take_back(AlignedBuffer<std::byte> result);
    void take_back(std::unique_ptr<Partial> result);

    // The most that was held at once, in use and kept.
    [[nodiscard]] std::int64_t most_held_bytes() const { return most_held_bytes_; }
    // How often memory was taken from the system.
    [[nodiscard]] std::int64_t allocations() const { return allocations_; }

  private:
    void use(std::int64_t bytes);
    // Lets go of what is kept, the oldest first, until so many bytes more fit.
    void make_room(std::int64_t bytes);

    std::vector<AlignedBuffer<std::byte>> kept_bytes_;
    std::vector<std::unique_ptr<Partial>> kept_partials_;
    std::int64_t in_use_bytes_ = 0;
    std::int64_t kept_size_bytes_ = 0;
    std::int64_t most_in_use_bytes_ = 0;
    std::int64_t most_held_bytes_ = 0;
    std::int64_t allocations_ = 0;
};

}  // namespace longscope
