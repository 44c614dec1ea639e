// SPDX-License-Identifier: GPL-3.0-or-later
// Which random stream (engine/base/random.h) each use of an experiment's seed reads: no two uses share one. The top
// two bits tell the use, the rest is the use's own.
#pragma once

#include <cstdint>

#include "engine/base/random.h"

namespace longscope {

// Rows of the inputs: tensor in bits 56 and 57, head in bits 40 to 55, position in bits 0 to 39.
inline constexpr std::uint64_t input_streams = std::uint64_t{0} << 62U;
// The same of tensors from the fifth on.
inline constexpr std::uint64_t more_input_streams = std::uint64_t{3} << 62U;
// The documents of draw d: stream d.
inline constexpr std::uint64_t packing_streams = std::uint64_t{1} << 62U;
// The seed of the inputs of draw d: stream d.
inline constexpr std::uint64_t seed_streams = std::uint64_t{2} << 62U;

// The seed for the inputs of one draw: draws differ in their values also where they hold the same documents.
[[nodiscard]] inline std::uint64_t input_seed(std::uint64_t seed, std::int64_t draw) {
    return RandomStream(seed, seed_streams | static_cast<std::uint64_t>(draw)).next_u64();
}

}  // namespace longscope
