// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics over repetitions. Medians and quartiles rather than means: one disturbed repetition must not move them.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace longscope {

struct Summary {
    std::int64_t count = 0;
    double min = std::numeric_limits<double>::quiet_NaN();
    double first_quartile = std::numeric_limits<double>::quiet_NaN();
    double median = std::numeric_limits<double>::quiet_NaN();
    double third_quartile = std::numeric_limits<double>::quiet_NaN();
    double max = std::numeric_limits<double>::quiet_NaN();
};

// The quantile p of n sorted values lies at position p (n - 1), linearly interpolated between its neighbours (numpy's
// default method "linear"; Hyndman and Fan's type 7). No values: a count of 0 and NaN. Throws Error(failed) when a
// value is NaN.
[[nodiscard]] Summary summarize(std::vector<double> values);

// The quantile p, from 0 to 1, of at least one value in ascending order.
[[nodiscard]] double quantile_of_sorted(const std::vector<double>& sorted, double p);

}  // namespace longscope
