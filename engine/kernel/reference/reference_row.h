// SPDX-License-Identifier: GPL-3.0-or-later
// The definition that every kernel is held against: attention of one query row, in float64, key by key.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "engine/kernel/scoring.h"

namespace longscope {

// Feed it the keys of one row, in any order; then read output and lse. The running maximum only keeps exponentials in
// range; in float64 its effect on the result is of the order of 1e-16.
class ReferenceRow {
  public:
    // With a bias: of sigmoid attention.
    explicit ReferenceRow(std::size_t dim, std::optional<double> sigmoid_bias = std::nullopt)
        : sigmoid_bias_(sigmoid_bias), weighted_(dim, 0.0) {}

    void add(double score, std::span<const float> value) {
        if (sigmoid_bias_) {
            add_weighted(sigmoid(score + *sigmoid_bias_), value);
            return;
        }
        add_weighted(weigh(score), value);
    }
    // Takes part in the softmax without a value, once, in any order with the keys.
    void add_sink(double sink) { (void)weigh(sink); }

    // Of a row that has seen no key: zeros and -inf, which is the lse of sigmoid attention always.
    [[nodiscard]] double output(std::size_t d) const {
        return sigmoid_bias_ ? weighted_[d] : sum_ == 0.0 ? 0.0 : weighted_[d] / sum_;
    }
    [[nodiscard]] double lse() const { return maximum_ + std::log(sum_); }

  private:
    // Of a score, relative to the maximum; adds it to the sum.
    double weigh(double score) {
        if (score > maximum_) {
            const double shrink = std::exp(maximum_ - score);
            sum_ *= shrink;
            for (double& component : weighted_) {
                component *= shrink;
            }
            maximum_ = score;
        }
        // A score of -inf weighs nothing, also while the maximum is -inf itself; NaN passes through.
        const double weight = score == -std::numeric_limits<double>::infinity() ? 0.0 : std::exp(score - maximum_);
        sum_ += weight;
        return weight;
    }
    void add_weighted(double weight, std::span<const float> value) {
        for (std::size_t d = 0; d < weighted_.size(); ++d) {
            weighted_[d] += weight * double{value[d]};
        }
    }

    std::optional<double> sigmoid_bias_;
    double maximum_ = -std::numeric_limits<double>::infinity();
    double sum_ = 0.0;
    std::vector<double> weighted_;
};

}  // namespace longscope
