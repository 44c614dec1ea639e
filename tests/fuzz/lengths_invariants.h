// SPDX-License-Identifier: GPL-3.0-or-later
// What holds of every source of lengths that was read.
#pragma once

#include <cmath>
#include <numeric>

#include "engine/workload/packing.h"
#include "tests/fuzz/require.h"

namespace longscope::fuzz {

inline void require_draws_well(const LengthSource& source) {
    constexpr std::int64_t tokens = 4096;
    require(source.count() > 0, "a source holds a length");
    require(std::isfinite(source.mean()) && source.mean() >= 0, "the mean is a number");
    require(source.longest() >= 1 && source.longest() <= max_length, "the longest length is in range");
    require(!source.summary().empty(), "a source has a summary");
    const std::vector<std::int64_t> documents = draw_documents(source, tokens, 1, 0);
    std::int64_t sum = 0;
    for (const std::int64_t length : documents) {
        require(length >= 1 && length <= source.longest(), "a drawn length is one of the source");
        sum += length;
    }
    require(sum == tokens, "documents fill their sequence");
}

}  // namespace longscope::fuzz
