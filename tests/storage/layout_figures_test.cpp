// SPDX-License-Identifier: GPL-3.0-or-later
// A run as a line of a comparison: both rates, from hand-made timelines.
#include "storage/layout_figures.h"

#include <gtest/gtest.h>

#include <cmath>

#include "storage/run_query.h"
#include "storage/run_store.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

constexpr const char* document = R"({"shape": {"head_dim_qk": 64, "head_dim_v": 64}, "sequence": {"tokens": 4096},
    "mask": {"window": {"left": 1024, "right": 0}}, "layout": {"strategy": "usp", "dispatch": "zigzag", "ulysses": 2}})";

TraceEvent event(std::int32_t rank, Category category, Nanoseconds start_ns, Nanoseconds duration_ns) {
    TraceEvent one;
    one.rank = rank;
    one.category = category;
    one.start_ns = start_ns;
    one.duration_ns = duration_ns;
    return one;
}

RankResult rank_result(std::int64_t rank, Nanoseconds computing_ns, Nanoseconds exposed_ns, std::int64_t bytes,
                       std::int64_t memory) {
    RankResult result;
    result.rank = rank;
    result.computing_ns = computing_ns;
    result.exposed_communication_ns = exposed_ns;
    result.waiting_ns = 3000 - computing_ns - exposed_ns;
    result.bytes_received = bytes;
    result.peak_memory_bytes = memory;
    return result;
}

class LayoutFiguresTest : public testing::Test {
  protected:
    // Forward: rank 0 is done after 1,000 ns, rank 1 after 500; backward: 2,000 and 1,500.
    RepetitionRecord repetition() {
        RepetitionRecord made;
        made.duration_ns = 3000;
        made.backward_ns = 2000;
        made.ranks = {rank_result(0, 2400, 300, 700, 5000), rank_result(1, 1600, 0, 900, 4000)};
        made.events = {event(0, Category::attend, 0, 1000),
                       event(0, Category::barrier, 1000, 0),
                       event(0, Category::attend_backward, 1000, 2000),
                       event(1, Category::attend, 0, 500),
                       event(1, Category::barrier, 500, 500),
                       event(1, Category::attend_backward, 1000, 1500)};
        return made;
    }
    LayoutFigures figures_with(const RepetitionRecord& made, const std::string& experiment) {
        RunRecord record;
        record.experiment_name = "compared";
        record.experiment = experiment;
        record.environment = "{}";
        record.ranks = 2;
        const std::int64_t run = store_.begin_run(record);
        DrawRecord draw;
        draw.tokens = 4096;
        draw.flops = 7e6;
        draw.lengths = {4096};
        const std::int64_t stored = store_.add_draw(run, draw);
        store_.add_repetition(stored, made);
        store_.add_check(stored, {64, 2e-7, 1e-6, 1e-6, 1e-5, true, 3e-7, 4e-7, 5e-7, 3e-6});
        store_.end_run(run, RunState::done, "");
        return layout_figures(database_, read_run(database_, run));
    }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "r.db"};
    RunStore store_{database_};
};

TEST_F(LayoutFiguresTest, HaveBothRatesOfBothPasses) {
    const LayoutFigures figures = figures_with(repetition(), document);
    // Of 7 MFLOP two parts of seven are of the forward pass: 2 x 64 to 5 x 64 dimensions.
    EXPECT_DOUBLE_EQ(figures.forward.by_mean, 2e6 * 1e9 / 1500);
    EXPECT_DOUBLE_EQ(figures.forward.by_slowest, 2e6 * 1e9 / 2000);
    EXPECT_DOUBLE_EQ(figures.backward.by_mean, 5e6 * 1e9 / 3500);
    EXPECT_DOUBLE_EQ(figures.backward.by_slowest, 5e6 * 1e9 / 4000);
    EXPECT_EQ(figures.mask, "causal_sliding_window");
    EXPECT_EQ(figures.strategy, "usp (ulysses 2)");
    EXPECT_EQ(figures.dispatch, "zigzag");
    EXPECT_EQ(figures.tokens, 4096);
    EXPECT_EQ(figures.ranks, 2);
    EXPECT_DOUBLE_EQ(figures.exposed_share, 300.0 / 6000);
    EXPECT_DOUBLE_EQ(figures.imbalance, 2400.0 / 2000);
    EXPECT_EQ(figures.bytes_received, 900);
    EXPECT_EQ(figures.peak_memory_bytes, 5000);
    EXPECT_EQ(figures.of.query_gradient_error, 3e-7);
    EXPECT_EQ(figures.of.key_gradient_error, 4e-7);
    EXPECT_EQ(figures.of.value_gradient_error, 5e-7);
    EXPECT_EQ(figures.of.gradient_error(), 5e-7);
}

TEST_F(LayoutFiguresTest, DoNotKnowWhenARankEndedWithoutAllEvents) {
    RepetitionRecord cut = repetition();
    cut.ranks[1].dropped_events = 1;
    const LayoutFigures figures = figures_with(cut, document);
    EXPECT_TRUE(std::isnan(figures.forward.by_mean));
    EXPECT_FALSE(std::isnan(figures.forward.by_slowest));
    RepetitionRecord odd = repetition();
    odd.events[2].start_ns = std::numeric_limits<Nanoseconds>::max();
    EXPECT_TRUE(std::isnan(figures_with(odd, document).forward.by_mean));
    odd = repetition();
    odd.events[2].rank = 7;
    EXPECT_TRUE(std::isnan(figures_with(odd, document).backward.by_mean));
}

TEST_F(LayoutFiguresTest, TakeADocumentThatSaysNothingAsItIs) {
    const LayoutFigures figures =
        figures_with(repetition(), R"({"mask": 7, "layout": [], "shape": {"head_dim_qk": -1}})");
    EXPECT_EQ(figures.mask, "7");
    EXPECT_EQ(figures.strategy, "");
    EXPECT_TRUE(std::isnan(figures.forward.by_slowest)) << "no dimensions, no share of the forward pass";
    EXPECT_EQ(figures.of.median_ns, 3000);
}

}  // namespace
}  // namespace longscope
