// SPDX-License-Identifier: GPL-3.0-or-later
// Partial attention: what a kernel returns for some queries over some keys, and how two such results become one.
#pragma once

#include <cstdint>
#include <span>

#include "engine/tensor/aligned_buffer.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/head_matrix.h"

namespace longscope {

// How two partial results over disjoint keys become one.
enum class MergeRule {
    softmax,  // weighted by lse
    sum,      // O adds up; lse stays -inf and means nothing (sigmoid attention)
};

// For softmax attention a partial result is the pair (O, lse): O is normalised over the keys seen so far and lse is the
// natural logarithm of the sum of exponentials of their scaled scores. A row that has seen no key is O = 0, lse = -inf.
// Merging is exact in real arithmetic and associative up to rounding; the caller fixes the order.
// Kept in float32 whatever the inputs are: rounding partials to a shorter type makes the error grow with the ranks.
class Partial {
  public:
    // Memory only; call reset() or let a kernel fill it.
    Partial(std::int64_t heads, std::int64_t rows, std::int64_t dim, MergeRule rule = MergeRule::softmax);
    // In memory of somebody else, which outlives it: size_bytes(heads, rows, dim), the output and then lse.
    Partial(std::span<float> memory, std::int64_t heads, std::int64_t rows, std::int64_t dim, MergeRule rule);

    [[nodiscard]] std::int64_t heads() const { return heads_; }
    [[nodiscard]] std::int64_t rows() const { return rows_; }
    [[nodiscard]] std::int64_t dim() const { return dim_; }
    [[nodiscard]] MergeRule rule() const { return rule_; }

    // heads x rows x dim.
    [[nodiscard]] HeadMatrix<float> output() { return {memory_.data(), heads_, rows_, dim_}; }
    [[nodiscard]] HeadMatrix<const float> output() const { return {memory_.data(), heads_, rows_, dim_}; }
    // heads x rows.
    [[nodiscard]] float* lse(std::int64_t head) { return memory_.data() + (heads_ * dim_ + head) * rows_; }
    [[nodiscard]] const float* lse(std::int64_t head) const { return memory_.data() + (heads_ * dim_ + head) * rows_; }

    // To the result over no keys at all.
    void reset();

    // What it occupies, in memory and on a wire, under every rule: without lse a sum would be one element in dim + 1
    // smaller, which is not worth a second format.
    [[nodiscard]] static std::int64_t size_bytes(std::int64_t heads, std::int64_t rows, std::int64_t dim) {
        return heads * rows * (dim + 1) * static_cast<std::int64_t>(sizeof(float));
    }

  private:
    std::int64_t heads_;
    std::int64_t rows_;
    std::int64_t dim_;
    MergeRule rule_;
    AlignedBuffer<float> own_;  // empty when the memory is somebody else's
    std::span<float> memory_;
};

// into = merge(into, other): lse = log(exp(lse_a) + exp(lse_b)), O weighted by exp(lse_a - lse) and exp(lse_b - lse)
// (the rule of flash-decoding and ring attention); under MergeRule::sum, O_a + O_b. Both must have one shape and one
// rule and stand for disjoint keys.
void merge(Partial& into, const Partial& other);

}  // namespace longscope
