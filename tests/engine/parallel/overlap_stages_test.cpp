// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/overlap_stages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

namespace longscope {
namespace {

// Every chunk takes so long to move, and to compute with.
PassCosts even_costs(std::int64_t chunks, Nanoseconds own, Nanoseconds moving, Nanoseconds computing) {
    PassCosts costs;
    costs.computing_own = own;
    for (std::int64_t first = 0; first <= chunks; ++first) {
        for (std::int64_t last = 0; last <= chunks; ++last) {
            const std::int64_t count = std::max<std::int64_t>(0, last - first);
            costs.moving.push_back(count * moving);
            costs.computing.push_back(count * computing);
        }
    }
    return costs;
}

std::vector<std::int64_t> tokens_of(std::int64_t chunks) {
    return std::vector<std::int64_t>(static_cast<std::size_t>(chunks), 100);
}

std::vector<StageCut> best_cuts(const std::vector<PassCosts>& passes, const std::vector<std::int64_t>& tokens,
                                std::int64_t most_stages) {
    StageSearch search(passes, tokens);
    std::vector<StageCut> cuts;
    for (std::int64_t stages = 1; stages <= most_stages; ++stages) {
        cuts.push_back(search.next());
    }
    return cuts;
}

// By the recurrence of MagiAttention's overlap solver, put in by hand.
TEST(OverlapStages, HideWhatOneStageLeavesExposed) {
    // 8 chunks of 100 us to move and 200 us to compute behind 400 us of own work: in one stage 800 + 1,600. In two, 400
    // are hidden behind the own work, and all the rest behind the first half.
    const PassCosts costs = even_costs(8, 400'000, 100'000, 200'000);
    const std::vector<StageCut> cuts = best_cuts({costs}, tokens_of(8), 3);
    ASSERT_EQ(cuts.size(), 3U);
    EXPECT_EQ(cuts[0].starts, (std::vector<std::int64_t>{0, 8}));
    EXPECT_EQ(cuts[0].time_ns, 800'000 + 1'600'000);
    EXPECT_EQ(cuts[1].starts, (std::vector<std::int64_t>{0, 4, 8}));
    EXPECT_EQ(cuts[1].time_ns, 400'000 + 800'000 + 800'000);
    EXPECT_EQ(cuts[2].time_ns, cuts[1].time_ns) << "nothing is exposed any more";
}

// A link that is never fast enough: what is computed at the end should be little.
TEST(OverlapStages, EndWithLittleWhereTheLinkIsSlow) {
    const std::vector<StageCut> cuts = best_cuts({even_costs(8, 0, 100'000, 50'000)}, tokens_of(8), 3);
    EXPECT_EQ(cuts[0].time_ns, 800'000 + 400'000);
    // Five chunks, then three: 500 + max(300, 250) + 150; four and four, or six and two, take 1,000.
    EXPECT_EQ(cuts[1].starts, (std::vector<std::int64_t>{0, 5, 8}));
    EXPECT_EQ(cuts[1].time_ns, 500'000 + 300'000 + 150'000);
    // The link is never idle, and two chunks are left to be computed; one would have to wait for the stage before it.
    EXPECT_EQ(cuts[2].starts, (std::vector<std::int64_t>{0, 3, 6, 8}));
    EXPECT_EQ(cuts[2].time_ns, 300'000 + 300'000 + 200'000 + 100'000);
}

// Where the computing of each stage is as long as moving the next, any cut is as good: even ones hold least.
TEST(OverlapStages, AreEvenWhereTimeLeavesTheChoice) {
    const std::vector<StageCut> cuts = best_cuts({even_costs(12, 2'000'000, 1'000, 50'000)}, tokens_of(12), 4);
    EXPECT_EQ(cuts[1].starts, (std::vector<std::int64_t>{0, 6, 12}));
    EXPECT_EQ(cuts[3].starts, (std::vector<std::int64_t>{0, 3, 6, 9, 12}));
}

// Any costs; a chunk may hold nothing.
PassCosts any_costs(const std::vector<std::int64_t>& tokens, Nanoseconds latency) {
    const auto chunks = static_cast<std::int64_t>(tokens.size());
    const std::int64_t moving = *rc::gen::inRange<std::int64_t>(0, 1000);
    const auto work = *rc::gen::container<std::vector<int>>(tokens.size(), rc::gen::inRange(0, 100'000));
    PassCosts costs;
    costs.computing_own = *rc::gen::inRange<std::int64_t>(0, 500'000);
    for (std::int64_t first = 0; first <= chunks; ++first) {
        std::int64_t moved = 0;
        std::int64_t computed = 0;
        for (std::int64_t last = 0; last <= chunks; ++last) {
            costs.moving.push_back(latency + moved * moving);
            costs.computing.push_back(computed);
            if (last >= first && last < chunks) {
                moved += tokens[static_cast<std::size_t>(last)];
                computed += work[static_cast<std::size_t>(last)];
            }
        }
    }
    return costs;
}

// The least time of all cuts into so many stages.
Nanoseconds least_of_all(const std::vector<PassCosts>& passes, std::int64_t chunks, std::int64_t stages,
                         std::vector<std::int64_t>& starts) {
    if (static_cast<std::int64_t>(starts.size()) == stages) {
        starts.push_back(chunks);
        const Nanoseconds time = time_of_cut(passes, chunks, starts);
        starts.pop_back();
        return time;
    }
    Nanoseconds least = std::numeric_limits<Nanoseconds>::max();
    for (std::int64_t next = starts.back(); next <= chunks; ++next) {
        starts.push_back(next);
        least = std::min(least, least_of_all(passes, chunks, stages, starts));
        starts.pop_back();
    }
    return least;
}

RC_GTEST_PROP(OverlapStages, AreAsGoodAsAnyCut, ()) {
    const auto tokens = *rc::gen::container<std::vector<std::int64_t>>(*rc::gen::inRange<std::size_t>(1, 9),
                                                                       rc::gen::inRange<std::int64_t>(0, 300));
    const auto chunks = static_cast<std::int64_t>(tokens.size());
    const Nanoseconds latency = *rc::gen::inRange<std::int64_t>(0, 20'000);
    std::vector<PassCosts> passes{any_costs(tokens, latency)};
    if (*rc::gen::arbitrary<bool>()) {
        passes.push_back(any_costs(tokens, latency));
    }
    Nanoseconds whole = 0;
    for (const PassCosts& pass : passes) {
        whole += pass.moving[static_cast<std::size_t>(chunks)];
    }
    const std::vector<StageCut> cuts = best_cuts(passes, tokens, 4);
    for (std::int64_t stages = 1; stages <= 4; ++stages) {
        const StageCut& cut = cuts[static_cast<std::size_t>(stages - 1)];
        RC_ASSERT(cut.starts.size() == static_cast<std::size_t>(stages) + 1);
        RC_ASSERT(cut.starts.front() == 0);
        RC_ASSERT(cut.starts.back() == chunks);
        RC_ASSERT(std::is_sorted(cut.starts.begin(), cut.starts.end()));
        RC_ASSERT(cut.time_ns == time_of_cut(passes, chunks, cut.starts));
        std::vector<std::int64_t> starts{0};
        // Evenness is worth a 256th of the whole transfer at most.
        RC_ASSERT(cut.time_ns <= least_of_all(passes, chunks, stages, starts) + whole / 256 + stages);
    }
}

}  // namespace
}  // namespace longscope
