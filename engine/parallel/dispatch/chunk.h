// SPDX-License-Identifier: GPL-3.0-or-later
// Cutting a range into chunks whose lengths differ by at most one.
#pragma once

#include "engine/mask/zone.h"

namespace longscope {

// Chunk i of `chunks` over n tokens: [floor(i n / chunks), floor((i + 1) n / chunks)), moved to where the range begins.
[[nodiscard]] inline Range chunk(Range range, std::int64_t i, std::int64_t chunks) {
    return {range.begin + i * range.size() / chunks, range.begin + (i + 1) * range.size() / chunks};
}

// What is missing to a multiple.
[[nodiscard]] inline std::int64_t padding_to(std::int64_t multiple, std::int64_t tokens) {
    return (multiple - tokens % multiple) % multiple;
}

}  // namespace longscope
