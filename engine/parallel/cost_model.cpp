// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/cost_model.h"

#include <algorithm>
#include <cmath>

namespace longscope {

namespace {

// Beyond this a time is of no use to a plan, and sums of a few stay exact.
constexpr double longest_ns = 1e16;

Nanoseconds rounded(double ns) {
    return static_cast<Nanoseconds>(std::llround(std::min(ns, longest_ns)));
}

}  // namespace

Nanoseconds CostModel::computing_ns(double flops, std::int64_t keys) const {
    if (flops <= 0 || keys <= 0) {
        return 0;
    }
    const double longer = 1 + static_cast<double>(half_rate_keys) / static_cast<double>(keys);
    return rounded(flops * longer * 1e9 / static_cast<double>(flops_per_s));
}

Nanoseconds CostModel::moving_ns(double bytes) const {
    return rounded(static_cast<double>(latency_ns) + bytes * 1e9 / static_cast<double>(link_bytes_per_s));
}

std::string_view name_of(const CostModel& model) {
    const auto* const found = std::find_if(cost_models.begin(), cost_models.end(),
                                           [&](const NamedCostModel& named) { return named.model == model; });
    return found == cost_models.end() ? std::string_view() : found->name;
}

}  // namespace longscope
