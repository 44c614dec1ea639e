// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace longscope {

double quantile_of_sorted(const std::vector<double>& sorted, double p) {
    const double position = p * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const double share = position - static_cast<double>(below);
    // Without the two early answers, infinite neighbours would give NaN.
    if (share == 0.0 || sorted[below] == sorted[below + 1]) {
        return sorted[below];
    }
    // Each weight on its own value: the difference of two large values of opposite sign could overflow.
    return sorted[below] * (1.0 - share) + sorted[below + 1] * share;
}

Summary summarize(std::vector<double> values) {
    const auto nan = std::find_if(values.begin(), values.end(), [](double value) { return std::isnan(value); });
    if (nan != values.end()) {
        throw failed(fmt::format("statistics: value {} of {} is not a number", nan - values.begin(), values.size()));
    }
    if (values.empty()) {
        return {};
    }
    std::sort(values.begin(), values.end());
    return {static_cast<std::int64_t>(values.size()), values.front(),
            quantile_of_sorted(values, 0.25),         quantile_of_sorted(values, 0.5),
            quantile_of_sorted(values, 0.75),         values.back()};
}

}  // namespace longscope
