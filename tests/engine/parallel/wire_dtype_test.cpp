// SPDX-License-Identifier: GPL-3.0-or-later
// Partial results and gradients that travel in a short type: what the schedules and the closed formulas say.
#include "engine/parallel/wire_dtype.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

AttentionCase problem() {
    AttentionCase c;
    c.shape = {1, 12, 4, 16, 24, DType::float32};
    c.domain = {203, 203, {0, 1, 60, 61, 150, 203}};
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    return c;
}

StrategyInput with_wire(StrategyInput input, DType wire) {
    input.options.wire_dtype = wire;
    return input;
}

TEST(WireDType, FormulasSayWhatSchedulesSay) {
    for (const StrategyEntry& strategy : strategies()) {
        for (const std::int64_t ranks : {1, 2, 4, 6}) {
            for (const char* dispatch : {"contiguous", "striped"}) {
                const DispatchedCase c(problem(), dispatch, ranks);
                for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
                    if (!strategy.infeasible(with_wire(c.input(0), DType::bfloat16), pass).empty()) {
                        continue;
                    }
                    for (std::int64_t rank = 0; rank < ranks; ++rank) {
                        const StrategyInput input = with_wire(c.input(rank), DType::bfloat16);
                        const ScheduleTotals unrolled = totals(strategy.write(pass, input));
                        const StrategyTotals all{unrolled.bytes_sent, unrolled.bytes_received,
                                                 unrolled.peak_buffer_bytes};
                        EXPECT_EQ(strategy.totals(pass, input, TokenCounts(c.tokens)), all)
                            << strategy.name << " " << dispatch << " " << to_string(pass) << ", rank " << rank << " of "
                            << ranks;
                    }
                }
            }
        }
    }
}

// Casts are in place: what is held does not change. lse is not cast.
TEST(WireDType, GradientsTakeHalfAndPartialsAllButHalfOfTheOutput) {
    const DispatchedCase c(problem(), "contiguous", 4);
    const TokenCounts counts(c.tokens);
    const std::int64_t own = counts.of(1);
    const auto change = [&](const char* name, Pass pass) {
        const StrategyEntry& strategy = find_strategy(name);
        const StrategyTotals longer = strategy.totals(pass, c.input(1), counts);
        const StrategyTotals shorter = strategy.totals(pass, with_wire(c.input(1), DType::float16), counts);
        EXPECT_EQ(shorter.peak_buffer_bytes, longer.peak_buffer_bytes);
        return longer.bytes_received - shorter.bytes_received;
    };
    EXPECT_EQ(change("ring", Pass::forward), 0) << "keys and values alone";
    EXPECT_EQ(change("ring", Pass::forward_backward), counts.all() * 4 * (16 + 24) * 2);
    EXPECT_EQ(change("all_gather", Pass::forward_backward), 3 * own * 4 * (16 + 24) * 2);
    EXPECT_EQ(change("token_ring", Pass::forward), 3 * own * 12 * 24 * 2);
    EXPECT_EQ(change("ulysses", Pass::forward), own * 9 * 24 * 2) << "the nine heads of the others";
    EXPECT_EQ(change("ulysses_uneven", Pass::forward), own * 9 * 24 * 2);
    EXPECT_EQ(change("split_kv", Pass::forward), 3 * own * 12 * 24 * 2);
    EXPECT_EQ(change("llama3_all_gather", Pass::forward), 0) << "keys and values alone";
    EXPECT_EQ(change("llama3_all_gather", Pass::forward_backward), 3 * own * 4 * (16 + 24) * 2);
    EXPECT_EQ(change("double_ring", Pass::forward_backward),
              (counts.all() + counts.of(1) + counts.of(3)) * 4 * (16 + 24) * 2)
        << "and an outer hop for each of two windows";
    EXPECT_EQ(change("rsa", Pass::forward), 0) << "keys and values alone";
    EXPECT_EQ(change("rsa", Pass::forward_backward), 3 * own * 4 * (16 + 24) * 2);
    EXPECT_EQ(change("tensor_parallel", Pass::forward), 3 * own * 12 * 24 * 2);
    EXPECT_EQ(change("tensor_parallel", Pass::forward_backward), 3 * own * (12 * 24 + 12 * 16 + 4 * (16 + 24)) * 2);
    EXPECT_EQ(change("light_seq", Pass::forward), 0) << "rank 3 alone is helped";
    EXPECT_EQ(change("light_seq", Pass::forward_backward), 2 * own * 4 * (16 + 24) * 2) << "by ranks 2 and 3";
}

TEST(WireDType, AScheduleWithCastsIsReadBack) {
    const DispatchedCase c(problem(), "striped", 4);
    for (const char* name : {"ring", "usp", "group_cast", "rsa", "tensor_parallel"}) {
        const Schedule written = find_strategy(name).forward_backward(with_wire(c.input(2), DType::bfloat16));
        EXPECT_EQ(schedule_from_json(parse_json(to_json(written).dump(), "schedule")), written) << name;
        std::int64_t casts = 0;
        for (const Operation& operation : written.operations) {
            casts += operation.kind == OperationKind::cast ? 1 : 0;
        }
        EXPECT_GT(casts, 0) << name;
    }
}

TEST(WireDType, Float32IsTheScheduleItself) {
    const DispatchedCase c(problem(), "striped", 3);
    const Schedule written = write_ring(c.input(1), Pass::forward_backward);
    EXPECT_EQ(with_wire_dtype(written, c.problem.shape, DType::float32), written);
}

}  // namespace
}  // namespace longscope
