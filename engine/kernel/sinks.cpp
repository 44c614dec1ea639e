// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/sinks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

}  // namespace

void apply_sinks(Partial& partial, const float* sinks) {
    if (partial.rule() != MergeRule::softmax) {
        throw Error(ErrorKind::unsupported, "attention sinks take part in a softmax: sigmoid attention has none");
    }
    for (std::int64_t head = 0; head < partial.heads(); ++head) {
        const double sink = sinks[head];
        for (std::int64_t row = 0; row < partial.rows() && sinks[head] != minus_infinity; ++row) {
            float& lse = partial.lse(head)[row];
            if (lse == minus_infinity) {
                lse = sinks[head];
                continue;
            }
            // From the difference alone: nothing overflows.
            const double difference = double{lse} - sink;
            const auto kept = static_cast<float>(1.0 / (1.0 + std::exp(-difference)));
            float* output = partial.output().row(head, row);
            std::transform(output, output + partial.dim(), output, [&](float component) { return kept * component; });
            lse = static_cast<float>(sink + std::max(difference, 0.0) + std::log1p(std::exp(-std::abs(difference))));
        }
    }
}

void add_sink_gradients(const float* sinks, const float* lse, const float* delta, std::int64_t heads, std::int64_t rows,
                        float* gradients) {
    for (std::int64_t head = 0; head < heads; ++head) {
        double sum = 0.0;
        for (std::int64_t i = head * rows; i < (head + 1) * rows && sinks[head] != minus_infinity; ++i) {
            sum += std::exp(double{sinks[head]} - double{lse[i]}) * double{delta[i]};
        }
        gradients[head] = static_cast<float>(double{gradients[head]} - sum);
    }
}

}  // namespace longscope
