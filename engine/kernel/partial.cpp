// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/partial.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace longscope {

Partial::Partial(std::int64_t heads, std::int64_t rows, std::int64_t dim, MergeRule rule)
    : heads_(heads), rows_(rows), dim_(dim), rule_(rule), own_(heads * rows * (dim + 1)), memory_(own_.span()) {}

Partial::Partial(std::span<float> memory, std::int64_t heads, std::int64_t rows, std::int64_t dim, MergeRule rule)
    : heads_(heads), rows_(rows), dim_(dim), rule_(rule), memory_(memory) {}

void Partial::reset() {
    std::fill_n(output().data, output().size(), 0.0F);
    std::fill_n(lse(0), heads_ * rows_, -std::numeric_limits<float>::infinity());
}

void merge(Partial& into, const Partial& other) {
    if (into.rule() == MergeRule::sum) {
        const float* added = other.output().data;
        float* output = into.output().data;
        std::transform(added, added + into.output().size(), output, output, std::plus<>());
        return;
    }
    constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
    for (std::int64_t head = 0; head < into.heads(); ++head) {
        float* lse = into.lse(head);
        const float* other_lse = other.lse(head);
        for (std::int64_t row = 0; row < into.rows(); ++row) {
            if (other_lse[row] == minus_infinity) {
                continue;
            }
            float* output = into.output().row(head, row);
            const float* added = other.output().row(head, row);
            if (lse[row] == minus_infinity) {
                std::copy_n(added, into.dim(), output);
                lse[row] = other_lse[row];
                continue;
            }
            // The weights of both sides, from the difference alone: nothing overflows.
            const double difference = double{other_lse[row]} - double{lse[row]};
            const double weight = 1.0 / (1.0 + std::exp(-difference));  // of the other
            const auto keep = static_cast<float>(1.0 - weight);
            const auto take = static_cast<float>(weight);
            for (std::int64_t d = 0; d < into.dim(); ++d) {
                output[d] = keep * output[d] + take * added[d];
            }
            lse[row] = static_cast<float>(double{lse[row]} + std::max(difference, 0.0) +
                                          std::log1p(std::exp(-std::abs(difference))));
        }
    }
}

}  // namespace longscope
