// SPDX-License-Identifier: GPL-3.0-or-later
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"

namespace longscope {

void compute_delta(const HeadView& output_gradients, const HeadView& output, float* delta) {
    constexpr std::int64_t rows_at_a_time = 256;
    const std::int64_t rows = output.tokens;
    const auto dim = static_cast<std::size_t>(output.dim);
    ThreadTeam().for_each_range(output.heads * rows, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> gradient(dim);
        std::vector<float> value(dim);
        for (std::int64_t i = begin; i < end; ++i) {
            load_row(output_gradients, i / rows, i % rows, gradient.data());
            load_row(output, i / rows, i % rows, value.data());
            double sum = 0.0;
            for (std::size_t d = 0; d < dim; ++d) {
                sum += double{gradient[d]} * double{value[d]};
            }
            delta[i] = static_cast<float>(sum);
        }
    });
}

}  // namespace longscope
