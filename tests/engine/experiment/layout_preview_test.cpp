// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/layout_preview.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/units.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/message_of.h"

namespace longscope {
namespace {

const std::atomic<bool> going_on{false};

CompiledDraw draw_of(const Json& layout, const char* pass = "forward") {
    Json document = parse_json(R"json({"longscope_experiment": 1, "name": "preview",
        "shape": {"query_heads": 12, "key_value_heads": 4, "head_dim_qk": 16, "head_dim_v": 16, "dtype": "float32"},
        "sequence": {"tokens": 1000}, "mask": {"causal": {}}})json",
                               "test");
    document["layout"] = layout;
    document["pass"] = pass;
    return compile_draw(parsed(document), 0);
}

// The same sums as the cost panel has, which writes no schedule.
TEST(LayoutPreview, AgreesWithTheCost) {
    for (const char* pass : {"forward", "forward_backward"}) {
        const CompiledDraw draw = draw_of({{"ranks", 4}, {"strategy", "ring"}, {"dispatch", "zigzag"}}, pass);
        const LayoutPreview preview = preview_layout(draw, going_on);
        const ExperimentCost cost = cost_of(draw, going_on);
        ASSERT_EQ(preview.memory.size(), 4U);
        double flops = 0;
        for (std::size_t rank = 0; rank < 4; ++rank) {
            EXPECT_EQ(preview.memory[rank].peak_bytes(), cost.ranks[rank].memory_bytes);
            std::int64_t received = 0;
            for (const StepTransfer& transfer : preview.steps.transfers) {
                received += transfer.to == static_cast<std::int64_t>(rank) ? transfer.bytes : 0;
            }
            EXPECT_EQ(received, cost.ranks[rank].bytes_received);
            for (const RankStep& step : preview.steps.ranks[rank]) {
                flops += step.flops;
            }
        }
        EXPECT_DOUBLE_EQ(flops, cost.forward_flops + cost.backward_flops);
    }
}

TEST(LayoutPreview, IsSummedUpInOneLine) {
    const CompiledDraw draw = draw_of({{"ranks", 4}, {"strategy", "usp"}, {"dispatch", "contiguous"}, {"ulysses", 2}});
    const LayoutPreview preview = preview_layout(draw, going_on);
    EXPECT_EQ(layout_caption(draw.experiment, preview),
              "usp (ulysses 2) over 4 ranks, dispatch contiguous, forward: " + std::to_string(preview.steps.steps()) +
                  " steps, " + format_bytes(preview.steps.bytes_moved()) + " moved, peak " +
                  format_bytes(preview.memory[0].peak_bytes()) + " on one rank");
}

TEST(LayoutPreview, RefusesWhatCannotBeOrNobodyCouldRead) {
    try {
        (void)preview_layout(draw_of({{"ranks", 5}, {"strategy", "ulysses"}, {"dispatch", "zigzag"}}), going_on);
        ADD_FAILURE() << "it cannot serve this shape";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::infeasible);
        EXPECT_EQ(std::string(error.what()), "Ulysses needs query heads divisible by 5 ranks: 12 are given");
    }
    EXPECT_EQ(
        message_of([] {
            (void)preview_layout(draw_of({{"ranks", 257}, {"strategy", "ring"}, {"dispatch", "zigzag"}}), going_on);
        }),
        "layout.ranks: 257 are too many to show step by step; accepted: 1 to 256");
}

TEST(LayoutPreview, EndsWhenItIsCancelled) {
    const std::atomic<bool> cancelled{true};
    EXPECT_THROW((void)preview_layout(draw_of({{"ranks", 4}}), cancelled), Error);
}

}  // namespace
}  // namespace longscope
