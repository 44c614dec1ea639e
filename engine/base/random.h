// SPDX-License-Identifier: GPL-3.0-or-later
// Counter-based random numbers: a value depends only on (seed, stream, counter), so that any rank can make any element
// of a tensor, and any draw can be repeated, without generating what comes before it.
// Generator: Philox4x32-10, Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.
#pragma once

#include <array>
#include <cstdint>

namespace longscope {

[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

// A sequence of draws from one (seed, stream). Not thread-safe; copies continue independently.
class RandomStream {
  public:
    RandomStream(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

    std::uint64_t next_u64();
    // Uniform in [0, 1), 53 bits.
    double next_unit();
    // Uniform in [0, bound), without modulo bias. bound > 0.
    std::uint64_t next_below(std::uint64_t bound);

  private:
    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t counter_ = 0;
};

// Four standard-normal float32 values for block `block` of (seed, stream) (Box-Muller over one Philox block).
[[nodiscard]] std::array<float, 4> normal4(std::uint64_t seed, std::uint64_t stream, std::uint64_t block);

}  // namespace longscope
