// SPDX-License-Identifier: GPL-3.0-or-later
// The loops between the matrix products of a composition, vectorised: with scalar ones the products would hardly
// matter.
#pragma once

#include <cstdint>

namespace longscope {

// The largest; -inf of none.
[[nodiscard]] float largest_of(const float* values, std::int64_t count);
// x becomes 2^(x * scale - subtracted). Returns the sum.
float powers_of_two(float* values, std::int64_t count, float scale, float subtracted);
void multiply_by(float* values, std::int64_t count, float factor);
// dP becomes P (dP - delta).
void score_gradients(const float* weights, float* gradients, std::int64_t count, float delta);
[[nodiscard]] float dot_of(const float* a, const float* b, std::int64_t count);

}  // namespace longscope
