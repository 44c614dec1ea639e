// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/source_rows.h"

#include <cstring>

namespace longscope::cpu {

SourceRows source_rows(const HeadView& view, std::int64_t head, Range rows, std::vector<float>& scratch) {
    if (view.dtype == DType::float32 && view.is_strided(rows.begin, rows.end - 1)) {
        return {static_cast<const float*>(view.row(head, rows.begin)), rows.size(), view.dim, view.token_stride};
    }
    scratch.resize(static_cast<std::size_t>(rows.size() * view.dim));
    for (std::int64_t i = 0; i < rows.size(); ++i) {
        load_row(view, head, rows.begin + i, scratch.data() + i * view.dim);
    }
    return {scratch.data(), rows.size(), view.dim, view.dim};
}

bool all_finite(const SourceRows& rows) {
    // An exponent of ones is an infinity or a NaN. On integers, many values at once: sums of floats would have to be
    // taken one after another.
    constexpr std::uint32_t exponent = 0x7F80'0000;
    std::uint32_t found = 0;
    for (std::int64_t row = 0; row < rows.count; ++row) {
        const float* values = rows.data + row * rows.stride;
        for (std::int64_t i = 0; i < rows.dim; ++i) {
            std::uint32_t bits = 0;
            std::memcpy(&bits, values + i, sizeof bits);
            found |= static_cast<std::uint32_t>((bits & exponent) == exponent);
        }
    }
    return found == 0;
}

}  // namespace longscope::cpu
