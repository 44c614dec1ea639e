// SPDX-License-Identifier: GPL-3.0-or-later
// What attention computes beyond the softmax of scale * q . k: soft cap, additive bias, ALiBi, sigmoid in place of
// softmax. An attention sink is none of these: it enters once, when all keys are in (sinks.h).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/kernel/partial.h"
#include "engine/tensor/head_view.h"

namespace longscope {

struct AttendInput;
struct AttendBackwardInput;
struct AttendGradients;

// A query and a key: local indices, and |i + keys - queries - j|, which is read only where there are slopes.
struct PairPlace {
    std::int64_t head = 0;
    std::int64_t row = 0;
    std::int64_t column = 0;
    std::int64_t distance = 0;
};

// Of query i and key j, in this order:
//     s = scale * q_i . k_j
//     s = soft_cap * tanh(s / soft_cap)              (Gemma 2, Gemma Team 2024, section 2)
//     s = s - slope * |i + keys - queries - j|       (ALiBi: Press, Smith and Lewis 2022)
//     s = s + bias_ij
// and then P = softmax(s) or, of sigmoid attention, P = 1 / (1 + exp(-(s + sigmoid_bias))). That order is
// flash-attention's (flash_fwd_kernel.h caps the scores before mask.h adds ALiBi, with this distance) and that of
// PyTorch (scaled_dot_product_attention scales before it adds attn_mask; a score_mod that caps is applied before others
// by those who write Gemma 2 with it). i and j are global positions, whatever part of the tokens a call is given.
struct Scoring {
    double soft_cap = 0.0;          // 0: none
    const float* slopes = nullptr;  // of each query head; null: no ALiBi
    // Query heads x rows x columns, float32, columns side by side; without data: none. A stride of 0 gives all heads,
    // or all rows, the same; not paged. -inf hides a pair as a mask does: nothing of its key reaches the row.
    HeadView bias;
    // With a value: sigmoid attention with this scalar, commonly -ln(keys) (Ramapuram et al. 2024, "Theory, Analysis,
    // and Best Practices for Sigmoid Self-Attention", section 2). Rows are not normalised, lse and delta mean nothing.
    std::optional<double> sigmoid_bias;

    [[nodiscard]] bool has_bias() const { return bias.data != nullptr; }
    [[nodiscard]] bool is_sigmoid() const { return sigmoid_bias.has_value(); }
    // The softmax of scale * q . k.
    [[nodiscard]] bool is_plain() const { return soft_cap == 0.0 && slopes == nullptr && !has_bias() && !is_sigmoid(); }
    [[nodiscard]] MergeRule merge_rule() const { return is_sigmoid() ? MergeRule::sum : MergeRule::softmax; }

    [[nodiscard]] float bias_of(const PairPlace& place) const {
        return static_cast<const float*>(bias.row(place.head, place.row))[place.column];
    }
    // By a bias of -inf.
    [[nodiscard]] bool hides(const PairPlace& place) const {
        return has_bias() && bias_of(place) == -std::numeric_limits<float>::infinity();
    }
};

// The definition that kernels are held against. `scaled` is scale * q . k.
[[nodiscard]] inline double score_of(const Scoring& scoring, double scaled, const PairPlace& place) {
    double score = scoring.soft_cap == 0.0 ? scaled : scoring.soft_cap * std::tanh(scaled / scoring.soft_cap);
    if (scoring.slopes != nullptr) {
        score -= double{scoring.slopes[place.head]} * static_cast<double>(place.distance);
    }
    if (scoring.has_bias()) {
        score += double{scoring.bias_of(place)};
    }
    return score;
}

// Of the score by `scaled`: 1 - tanh^2, which the hyperbolic cosine gives without cancellation.
[[nodiscard]] inline double score_slope(const Scoring& scoring, double scaled) {
    if (scoring.soft_cap == 0.0) {
        return 1.0;
    }
    const double cosh = std::cosh(scaled / scoring.soft_cap);
    return 1.0 / (cosh * cosh);
}

// The weight of a score in sigmoid attention.
[[nodiscard]] inline double sigmoid(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

// The slopes of ALiBi: 2^(-8 h / heads) of head h = 1, 2, ... (Press, Smith and Lewis 2022, section 3, of as many heads
// as a power of two; of others the same formula).
[[nodiscard]] std::vector<float> standard_slopes(std::int64_t heads);

// Throw Error(bad_input) when a scoring is out of range or does not fit the tensors; failed when a result that merges
// by another rule is to take it.
void check_scoring(const AttendInput& input, MergeRule result);
void check_scoring(const AttendBackwardInput& input, const AttendGradients& out);

}  // namespace longscope
