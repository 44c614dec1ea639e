// SPDX-License-Identifier: GPL-3.0-or-later
// The definition that every kernel is held against: softmax attention of one query row, in float64, key by key.
#pragma once

#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace longscope {

// Feed it the keys of one row, in any order; then read output and lse. The running maximum only keeps exponentials in
// range; in float64 its effect on the result is of the order of 1e-16.
class ReferenceRow {
  public:
    explicit ReferenceRow(std::size_t dim) : weighted_(dim, 0.0) {}

    void add(std::span<const float> query, std::span<const float> key, std::span<const float> value, double scale) {
        double score = 0.0;
        for (std::size_t d = 0; d < query.size(); ++d) {
            score += double{query[d]} * double{key[d]};
        }
        score *= scale;
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
        for (std::size_t d = 0; d < weighted_.size(); ++d) {
            weighted_[d] += weight * double{value[d]};
        }
    }

    // Of a row that has seen no key: zeros and -inf.
    [[nodiscard]] double output(std::size_t d) const { return sum_ == 0.0 ? 0.0 : weighted_[d] / sum_; }
    [[nodiscard]] double lse() const { return maximum_ + std::log(sum_); }

  private:
    double maximum_ = -std::numeric_limits<double>::infinity();
    double sum_ = 0.0;
    std::vector<double> weighted_;
};

}  // namespace longscope
