// SPDX-License-Identifier: GPL-3.0-or-later
// On a link that is slow, keys that come in the stages of a plan take less time than keys that come at once. Started by
// overlap_test.sh with two processes on two nodes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/parallel/strategy/group_cast_plan.h"
#include "tests/mpi/mpi_world.h"
#include "tests/support/strategy_run.h"

namespace longscope {
namespace {

constexpr std::int64_t link_bytes_per_s = 25'000'000;
constexpr std::int64_t dim = 64;
constexpr std::int64_t rows = 16384;  // of all heads, on a rank: 8 MiB of keys and values
constexpr double moving_seconds = rows * 2 * dim * 4 / static_cast<double>(link_bytes_per_s);
// Of the moving, which the own keys then hide half of.
constexpr double computing_share = 0.5;

// The more tokens a rank has, and so the fewer heads, the longer it computes for what it gets. Without a mask, or of
// its own tokens alone.
DispatchedCase case_of(std::int64_t tokens, bool all) {
    return {self_attention({1, rows / tokens, rows / tokens, dim, dim, DType::float32}, 2 * tokens,
                           {0, tokens, 2 * tokens}, all ? R"({"full": {}})" : R"({"documents": {}})"),
            "contiguous", 2};
}

// Of the rank that takes longest.
double seconds(const DispatchedCase& c, const AttentionInputs& inputs) {
    const ExecuteResult result = run_rank(c, "group_cast", inputs, mpi_world()).result;
    const std::vector<std::int64_t> all = mpi_world().all_gather(result.end_ns - result.begin_ns);
    return static_cast<double>(*std::max_element(all.begin(), all.end())) * 1e-9;
}

double computing_seconds(std::int64_t tokens) {
    const DispatchedCase own = case_of(tokens, false);
    const AttentionInputs inputs(own.problem);
    double least = 1e9;
    for (int round = 0; round < 9; ++round) {
        least = std::min(least, seconds(own, inputs));
    }
    return least;
}

// Both times are the least of their rounds, which take turns: what else the machine does only adds to them.
TEST(Stages, OfAPlanTakeLessTimeThanOne) {
    constexpr int least_rounds = 5;
    constexpr int most_rounds = 20;
    std::int64_t tokens = 256;
    for (int i = 0; i < 2; ++i) {
        const double wanted =
            static_cast<double>(tokens) * computing_share * moving_seconds / computing_seconds(tokens);
        // A power of two divides the rows.
        tokens = std::int64_t{1} << std::clamp<long>(std::lround(std::log2(wanted)), 7, 11);
    }
    DispatchedCase in_one = case_of(tokens, true);
    in_one.options.stages = 1;
    DispatchedCase planned = case_of(tokens, true);
    const double flops = 4.0 * static_cast<double>(tokens) * rows * dim;
    const double computing = computing_seconds(tokens);
    planned.options.cost_model = {static_cast<std::int64_t>(flops / computing), 16, link_bytes_per_s, 300'000};
    const GroupCastPlan plan(planned.input(0));
    const AttentionInputs inputs(planned.problem);
    double one = 1e9;
    double staged = 1e9;
    for (int round = 0; round < least_rounds || (round < most_rounds && staged > 0.87 * one); ++round) {
        one = std::min(one, seconds(in_one, inputs));
        staged = std::min(staged, seconds(planned, inputs));
    }
    if (mpi_world().rank() == 0) {
        std::printf(
            "%lld tokens a rank: own keys %.1f ms, 8 MiB at 200 Mbit/s %.1f ms; in one stage %.1f ms (expected %.1f), "
            "in "
            "%lld %.1f ms (expected %.1f): %.2f\n",
            static_cast<long long>(tokens), computing * 1e3, moving_seconds * 1e3, one * 1e3,
            static_cast<double>(plan.expected_of_one_stage_ns(Pass::forward)) * 1e-6,
            static_cast<long long>(plan.stages(Pass::forward)), staged * 1e3,
            static_cast<double>(plan.expected_ns(Pass::forward)) * 1e-6, staged / one);
    }
    EXPECT_GT(plan.stages(Pass::forward), 1);
    EXPECT_LT(staged, one);
}

}  // namespace
}  // namespace longscope
