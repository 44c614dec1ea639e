// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "tests/support/uneven_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(std::int64_t ranks, const StrategyOptions& options, const char* mask = R"({"full": {}})") {
    DispatchedCase c = uneven_case(ranks, {1, 8, 4, 16, 24, DType::bfloat16}, mask);
    c.options = options;
    return c;
}

StrategyOptions windows_of(std::int64_t window) {
    StrategyOptions options;
    options.window = window;
    return options;
}

// From, to, step, whose block; hops of the outer streams in brackets of their own.
using Hops = std::vector<std::array<std::int64_t, 4>>;

struct Travels {
    Hops inner;
    Hops outer;
};

// Of keys and values, or of sums of gradients, in the rank's order.
Travels hops_of(const DispatchedCase& c, Pass pass, bool of_gradients) {
    Travels travels;
    for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
        for (const Operation& operation : write_double_ring(c.input(rank), pass).operations) {
            if (operation.kind != OperationKind::send) {
                continue;
            }
            const std::int64_t tokens = c.tokens[static_cast<std::size_t>(operation.keys)].size();
            const std::int64_t row = 4 * (16 + 24);  // of all heads
            EXPECT_EQ(tokens, 100 + operation.keys);
            if (operation.bytes == tokens * row * (of_gradients ? 4 : 2)) {
                Hops& hops = operation.stream == Stream::outer_send ? travels.outer : travels.inner;
                hops.push_back({rank, operation.peer, operation.step, operation.keys});
            }
        }
    }
    return travels;
}

Hops sorted(Hops hops) {
    std::sort(hops.begin(), hops.end());
    return hops;
}

// Whose blocks a rank sends to another in some steps.
struct Sender {
    std::int64_t from;
    std::int64_t to;
    std::vector<std::int64_t> blocks;
};

Hops hops_at(const std::vector<std::int64_t>& steps, const std::vector<Sender>& senders) {
    Hops hops;
    for (const Sender& sender : senders) {
        for (std::size_t i = 0; i < steps.size(); ++i) {
            hops.push_back({sender.from, sender.to, steps[i], sender.blocks.at(i)});
        }
    }
    return hops;
}

TEST(DoubleRing, PassesBlocksRoundInWindowsAndFromWindowToWindow) {
    // 4 ranks: windows 0 1 and 2 3.
    const Travels of_four = hops_of(make_case(4, {}), Pass::forward, false);
    EXPECT_EQ(sorted(of_four.inner), (Hops{{0, 1, 0, 0},
                                           {0, 1, 2, 2},
                                           {1, 0, 0, 1},
                                           {1, 0, 2, 3},
                                           {2, 3, 0, 2},
                                           {2, 3, 2, 0},
                                           {3, 2, 0, 3},
                                           {3, 2, 2, 1}}));
    EXPECT_EQ(sorted(of_four.outer), (Hops{{0, 2, 0, 0}, {1, 3, 0, 1}, {2, 0, 0, 2}, {3, 1, 0, 3}}));
    // 6 ranks: windows 0 1, 2 3 and 4 5.
    const Travels of_six = hops_of(make_case(6, {}), Pass::forward, false);
    EXPECT_EQ(of_six.inner, (hops_at({0, 2, 4}, {{0, 1, {0, 4, 2}},
                                                 {1, 0, {1, 5, 3}},
                                                 {2, 3, {2, 0, 4}},
                                                 {3, 2, {3, 1, 5}},
                                                 {4, 5, {4, 2, 0}},
                                                 {5, 4, {5, 3, 1}}})));
    EXPECT_EQ(
        of_six.outer,
        (hops_at({0, 2},
                 {{0, 2, {0, 4}}, {1, 3, {1, 5}}, {2, 4, {2, 0}}, {3, 5, {3, 1}}, {4, 0, {4, 2}}, {5, 1, {5, 3}}})));
    // 8 ranks in windows of 4: 0 1 2 3 and 4 5 6 7.
    const Travels of_eight = hops_of(make_case(8, windows_of(4)), Pass::forward, false);
    EXPECT_EQ(of_eight.inner, (hops_at({0, 1, 2, 4, 5, 6}, {{0, 1, {0, 3, 2, 4, 7, 6}},
                                                            {1, 2, {1, 0, 3, 5, 4, 7}},
                                                            {2, 3, {2, 1, 0, 6, 5, 4}},
                                                            {3, 0, {3, 2, 1, 7, 6, 5}},
                                                            {4, 5, {4, 7, 6, 0, 3, 2}},
                                                            {5, 6, {5, 4, 7, 1, 0, 3}},
                                                            {6, 7, {6, 5, 4, 2, 1, 0}},
                                                            {7, 4, {7, 6, 5, 3, 2, 1}}})));
    EXPECT_EQ(
        of_eight.outer,
        (hops_at(
            {0},
            {{0, 4, {0}}, {1, 5, {1}}, {2, 6, {2}}, {3, 7, {3}}, {4, 0, {4}}, {5, 1, {5}}, {6, 2, {6}}, {7, 3, {7}}})));
}

// The sum of rank 0's block, over windows 0 1 and 2 3: round each window and back, then on to the next, then home.
TEST(DoubleRing, SumsOfGradientsReturnInEachWindowAndThenMoveOn) {
    const auto of_block = [](const Hops& hops, std::int64_t block) {
        Hops own;
        std::copy_if(hops.begin(), hops.end(), std::back_inserter(own),
                     [&](const std::array<std::int64_t, 4>& hop) { return hop[3] == block; });
        std::sort(own.begin(), own.end(), [](const auto& a, const auto& b) { return a[2] < b[2]; });
        return own;
    };
    const Travels of_four = hops_of(make_case(4, {}), Pass::forward_backward, true);
    EXPECT_EQ(of_block(of_four.inner, 0), (Hops{{0, 1, 4, 0}, {1, 0, 5, 0}, {2, 3, 6, 0}, {3, 2, 7, 0}}));
    // That of window 0 leaves while the one of window 1 is made.
    EXPECT_EQ(of_block(of_four.outer, 0), (Hops{{0, 2, 6, 0}, {2, 0, 7, 0}}));
    const Travels of_six = hops_of(make_case(6, windows_of(3)), Pass::forward_backward, true);
    EXPECT_EQ(of_block(of_six.inner, 4),
              (Hops{{4, 5, 6, 4}, {5, 3, 7, 4}, {3, 4, 8, 4}, {1, 2, 9, 4}, {2, 0, 10, 4}, {0, 1, 11, 4}}));
    EXPECT_EQ(of_block(of_six.outer, 4), (Hops{{4, 1, 9, 4}, {1, 4, 11, 4}}));
    // As many inner hops as ranks, as many outer ones as windows.
    const Travels of_eight = hops_of(make_case(8, {}), Pass::forward_backward, true);
    for (std::int64_t block = 0; block < 8; ++block) {
        EXPECT_EQ(of_block(of_eight.inner, block).size(), 8U);
        EXPECT_EQ(of_block(of_eight.outer, block).size(), 4U);
    }
}

// An outer hop is there for the whole inner round: it waits for no inner hop of its round, nor does one wait for it.
TEST(DoubleRing, OuterHopsRunBesideAWholeInnerRound) {
    for (const std::int64_t window : {2, 3, 4, 6}) {
        const Schedule schedule = write_double_ring(make_case(12, windows_of(window)).input(5), Pass::forward);
        std::vector<std::set<std::int64_t>> before(schedule.operations.size());  // all that each operation comes after
        std::map<Stream, std::int64_t> last;
        int outer = 0;
        for (const Operation& operation : schedule.operations) {
            std::set<std::int64_t>& own = before[static_cast<std::size_t>(operation.id)];
            std::vector<std::int64_t> after = operation.after;
            if (last.count(operation.stream) != 0) {
                after.push_back(last[operation.stream]);
            }
            for (const std::int64_t id : after) {
                own.insert(id);
                own.insert(before[static_cast<std::size_t>(id)].begin(), before[static_cast<std::size_t>(id)].end());
            }
            last[operation.stream] = operation.id;
            const bool is_outer = operation.stream == Stream::outer_send || operation.stream == Stream::outer_receive;
            outer += is_outer ? 1 : 0;
            EXPECT_TRUE(!is_outer || operation.step % window == 0);
            for (const std::int64_t id : own) {
                const Operation& other = schedule.operations[static_cast<std::size_t>(id)];
                const bool transfers = operation.stream != Stream::compute && other.stream != Stream::compute;
                const bool same_round = operation.step / window == other.step / window;
                const bool other_is_outer = other.stream == Stream::outer_send || other.stream == Stream::outer_receive;
                EXPECT_FALSE(transfers && same_round && is_outer != other_is_outer)
                    << "operation " << operation.id << " after " << id;
            }
        }
        EXPECT_EQ(outer, 2 * (12 / window - 1));
    }
}

TEST(DoubleRing, MovesWhatARingMovesAndNeedsOneMoreBlockWithTwoWindows) {
    for (const auto& [ranks, window, blocks] :
         {std::tuple{4, 2, 1 + 1}, {8, 4, 2 + 1}, {6, 2, 1 + 2}, {9, 3, 2 + 2}, {16, 4, 2 + 2}}) {
        AttentionCase problem;
        problem.shape = {1, 8, 4, 16, 24, DType::float32};
        problem.domain = {100 * ranks, 100 * ranks, {}};
        problem.mask_json = R"({"causal": {}})";
        DispatchedCase c(std::move(problem), "zigzag", ranks);
        c.options = windows_of(window);
        const TokenCounts counts(c.tokens);
        const StrategyTotals ring = find_strategy("ring").forward_totals(c.input(1), counts);
        const StrategyTotals own = find_strategy("double_ring").forward_totals(c.input(1), counts);
        EXPECT_EQ(own.bytes_received, ring.bytes_received);
        EXPECT_EQ(own.bytes_sent, ring.bytes_sent);
        const std::int64_t block = 100 * 4 * 40 * 4;
        EXPECT_EQ(own.peak_buffer_bytes - ring.peak_buffer_bytes, (blocks - 2) * block);
        // The sums make one outer hop a window more.
        EXPECT_EQ(
            find_strategy("double_ring").forward_backward_totals(c.input(1), counts).bytes_received,
            find_strategy("ring").forward_backward_totals(c.input(1), counts).bytes_received + ranks / window * block);
    }
}

TEST(DoubleRing, WithGroupsMovesWhatUspMoves) {
    for (const std::int64_t ulysses : {2, 4}) {
        DispatchedCase c = make_case(16, {ulysses});
        const TokenCounts counts(c.tokens);
        for (const Placement placement : {Placement::head_first, Placement::context_first}) {
            c.options.placement = placement;
            for (std::int64_t rank = 0; rank < 16; ++rank) {
                EXPECT_EQ(find_strategy("double_ring").forward_totals(c.input(rank), counts).bytes_received,
                          find_strategy("usp").forward_totals(c.input(rank), counts).bytes_received);
            }
        }
    }
}

// Head first: neighbours exchange heads. Context first: neighbours pass blocks round, strided ranks exchange heads.
TEST(DoubleRing, PlacesGroupsOfHeadsOrRingsNextToEachOther) {
    for (const auto& [placement, heads_with, blocks_to, window_to] :
         {std::tuple{Placement::head_first, 1, 2, 4}, {Placement::context_first, 4, 1, 2}}) {
        StrategyOptions options{2};
        options.placement = placement;
        std::set<std::int64_t> exchanged;
        std::set<std::int64_t> inner;
        std::set<std::int64_t> outer;
        for (const Operation& operation : write_double_ring(make_case(8, options).input(0), Pass::forward).operations) {
            for (std::size_t peer = 1; peer < operation.sent_bytes.size(); ++peer) {
                if (operation.sent_bytes[peer] > 0) {
                    exchanged.insert(static_cast<std::int64_t>(peer));
                }
            }
            if (operation.kind == OperationKind::send) {
                (operation.stream == Stream::send ? inner : outer).insert(operation.peer);
            }
        }
        EXPECT_EQ(exchanged, std::set<std::int64_t>{heads_with});
        EXPECT_EQ(inner, std::set<std::int64_t>{blocks_to});
        EXPECT_EQ(outer, std::set<std::int64_t>{window_to});
    }
}

TEST(DoubleRing, ChoosesTheLargestWindowThatIsNoLongerThanTheirNumber) {
    for (const auto& [ranks, window] : {std::pair{4, 2}, {6, 2}, {8, 2}, {12, 3}, {16, 4}, {36, 6}}) {
        EXPECT_EQ(write_double_ring(make_case(ranks, {}).input(0), Pass::forward),
                  write_double_ring(make_case(ranks, windows_of(window)).input(0), Pass::forward));
    }
    // A prime number of ranks has no windows: a single ring.
    Schedule ring = write_ring(make_case(7, {}).input(3), Pass::forward_backward);
    ring.strategy = "double_ring";
    EXPECT_EQ(write_double_ring(make_case(7, {}).input(3), Pass::forward_backward), ring);
}

TEST(DoubleRing, RefusesWindowsAndDegreesThatDoNotFitWithTheReason) {
    const StrategyEntry& strategy = find_strategy("double_ring");
    const AttentionShape shape{1, 12, 4, 16, 16, DType::float32};
    EXPECT_EQ(strategy.infeasible(shape, 8, Pass::forward, windows_of(3)),
              "Double ring needs a ring divisible by the 3 ranks of a window (layout.window): 8 are given");
    StrategyOptions both{2};
    both.window = 8;
    EXPECT_EQ(strategy.infeasible(shape, 8, Pass::forward, both),
              "Double ring needs a ring divisible by the 8 ranks of a window (layout.window): 4 are given");
    EXPECT_EQ(strategy.infeasible(shape, 6, Pass::forward, {4}),
              "Double ring needs ranks divisible by the 4 that exchange heads (layout.ulysses): 6 are given");
    EXPECT_EQ(strategy.infeasible(shape, 16, Pass::forward, {8}),
              "Double ring needs query heads divisible by 8 ranks: 12 are given");
    EXPECT_EQ(strategy.infeasible(shape, 7, Pass::forward, {}), "");
}

}  // namespace
}  // namespace longscope
