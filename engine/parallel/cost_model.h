// SPDX-License-Identifier: GPL-3.0-or-later
// What computing and moving are taken to cost where a strategy plans by time. An experiment names a model or gives its
// numbers (layout.cost_model); nothing is measured here, so that the same document makes the same plan everywhere.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "engine/base/clock.h"

namespace longscope {

struct CostModel {
    std::int64_t flops_per_s = 0;       // of a kernel that has many keys
    std::int64_t half_rate_keys = 0;    // a piece of so many keys is computed half as fast
    std::int64_t link_bytes_per_s = 0;  // into a rank, and out of it
    std::int64_t latency_ns = 0;        // of an exchange, whatever it moves

    [[nodiscard]] bool operator==(const CostModel&) const = default;

    // Of a piece of so many keys.
    [[nodiscard]] Nanoseconds computing_ns(double flops, std::int64_t keys) const;
    [[nodiscard]] Nanoseconds moving_ns(double bytes) const;
};

struct NamedCostModel {
    std::string_view name;
    std::string_view meaning;
    CostModel model;
};

// The first is that of layouts that say nothing. Rates of h100_400g are those by which MagiAttention's benchmark judges
// its plans (exps/dist_attn/benchmark/metric.py): 0.68 of 989 TFLOP/s, 0.55 of 50 GiB/s. The others are round figures.
inline constexpr std::array<NamedCostModel, 2> cost_models{{
    {"h100_400g", "an H100 with a 400 Gbit/s link", {672'520'000'000'000, 128, 29'527'900'160, 20'000}},
    {"cpu_10g", "a node of 16 cores with a 10 Gbit/s link", {250'000'000'000, 64, 1'100'000'000, 50'000}},
}};
inline constexpr CostModel default_cost_model = cost_models[0].model;

// Its numbers, as a document names them.
struct CostModelNumber {
    std::string_view name;
    std::int64_t CostModel::*value;
    std::int64_t least;
    std::int64_t largest;
};

inline constexpr std::array<CostModelNumber, 4> cost_model_numbers{{
    {"flops_per_s", &CostModel::flops_per_s, 1, 1'000'000'000'000'000'000},
    {"half_rate_keys", &CostModel::half_rate_keys, 0, 1'000'000},
    {"link_bytes_per_s", &CostModel::link_bytes_per_s, 1, 1'000'000'000'000'000},
    {"latency_ns", &CostModel::latency_ns, 0, 1'000'000'000},
}};

// Empty for a model that has none.
[[nodiscard]] std::string_view name_of(const CostModel& model);

}  // namespace longscope
