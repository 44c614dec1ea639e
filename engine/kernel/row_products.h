// SPDX-License-Identifier: GPL-3.0-or-later
// One row of float32 with many: the products that attention over kept score rows is made of (score_rows.h).
#pragma once

#include <cstdint>

namespace longscope {

// Rows that stand side by side.
template <typename T>
struct RowSpan {
    T* data = nullptr;
    std::int64_t count = 0;
    std::int64_t dim = 0;

    [[nodiscard]] T* row(std::int64_t i) const { return data + i * dim; }
};

// out[i] = scale * row . rows[i]
void products_with_rows(const float* row, RowSpan<const float> rows, float scale, float* out);

// sum += weights[0] * rows[0] + weights[1] * rows[1] + ...
void add_weighted_rows(const float* weights, RowSpan<const float> rows, float* sum);

// rows[i] += weights[i] * row
void add_to_rows(const float* weights, const float* row, RowSpan<float> rows);

// out[i] = exp(scores[i] - lse)
void weights_of_scores(const float* scores, std::int64_t count, float lse, float* out);

}  // namespace longscope
