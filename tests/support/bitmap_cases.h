// SPDX-License-Identifier: GPL-3.0-or-later
// Cells over several blocks of 64 x 64, some of them without a pair, some with all, the rest at random; and the same
// as a mask of bits.
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <vector>

#include "engine/mask/bitmap_mask.h"
#include "tests/support/brute_force_mask.h"

namespace longscope {

struct BitmapCase {
    std::int64_t query_tokens = 1;
    std::int64_t key_tokens = 1;
    std::uint64_t seed = 0;

    [[nodiscard]] MaskDomain domain() const { return {query_tokens, key_tokens, {}}; }

    // Row by row. Every block draws how many of eight cells it keeps: none, all, or some.
    [[nodiscard]] std::vector<bool> cells() const;
    [[nodiscard]] BruteForceMask truth() const { return {domain(), cells()}; }
    [[nodiscard]] std::shared_ptr<const BitmapMask> mask() const;
};

std::ostream& operator<<(std::ostream& out, const BitmapCase& bits);

[[nodiscard]] rc::Gen<BitmapCase> bitmap_case(std::int64_t most_tokens = 200);

}  // namespace longscope
