// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/step_diagram.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/parallel/strategy_example.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

StepDiagram diagram_of(std::string_view strategy) {
    return step_diagram(example_schedules(find_strategy(strategy)));
}

// "Q 1 x KV 0", one line a block.
std::string words(const StepDiagram& diagram, std::size_t rank, std::size_t step) {
    std::string text;
    for (const StepBlock& block : diagram.ranks.at(rank).at(step)) {
        text += (text.empty() ? "" : "; ") + std::string("Q ") + block.queries + " x KV " + block.keys +
                (block.heads.empty() ? "" : " heads " + block.heads);
    }
    return text;
}

bool has_arrow(const StepDiagram& diagram, const StepArrow& arrow) {
    return std::find(diagram.arrows.begin(), diagram.arrows.end(), arrow) != diagram.arrows.end();
}

TEST(StepDiagram, OfARingShowsKeysAndValuesThatTravel) {
    const StepDiagram ring = diagram_of("ring");
    ASSERT_EQ(ring.steps(), 4U);
    EXPECT_EQ(words(ring, 0, 0), "Q 0 x KV 0");
    EXPECT_EQ(words(ring, 0, 1), "Q 0 x KV 3");
    EXPECT_EQ(words(ring, 3, 2), "Q 3 x KV 1");
    ASSERT_EQ(ring.arrows.size(), 3U * 4U);
    EXPECT_TRUE(has_arrow(ring, {0, 3, 0, StepPayload::key_values}));
    EXPECT_TRUE(has_arrow(ring, {2, 1, 2, StepPayload::key_values}));
}

TEST(StepDiagram, OfTokenRingShowsQueriesThatTravelAndResultsThatReturn) {
    const StepDiagram diagram = diagram_of("token_ring");
    EXPECT_EQ(words(diagram, 0, 2), "Q 2 x KV 0");
    EXPECT_TRUE(has_arrow(diagram, {0, 0, 1, StepPayload::queries}));
    EXPECT_TRUE(has_arrow(diagram, {2, 0, 2, StepPayload::results}));
    EXPECT_FALSE(has_arrow(diagram, {0, 0, 1, StepPayload::key_values}));
}

TEST(StepDiagram, OfRsaShowsKeysThatTravelAndThenValues) {
    const StepDiagram diagram = diagram_of("rsa");
    ASSERT_EQ(diagram.steps(), 8U);
    EXPECT_EQ(diagram.ranks[3][1].at(0).operands, StepOperands::queries_and_keys);
    EXPECT_EQ(diagram.ranks[3][1].at(0).keys, "2");
    EXPECT_EQ(diagram.ranks[3][6].at(0).operands, StepOperands::scores_and_values);
    EXPECT_EQ(diagram.ranks[3][6].at(0).keys, "1");
    EXPECT_EQ(diagram.arrows.size(), 2U * 3U * 4U);
    EXPECT_TRUE(has_arrow(diagram, {0, 3, 0, StepPayload::keys}));
    EXPECT_TRUE(has_arrow(diagram, {2, 1, 2, StepPayload::keys}));
    EXPECT_TRUE(has_arrow(diagram, {4, 3, 0, StepPayload::values}));
    EXPECT_TRUE(has_arrow(diagram, {6, 1, 2, StepPayload::values}));
}

TEST(StepDiagram, OfUlyssesShowsHeadsAndWhatIsExchangedForThem) {
    const StepDiagram diagram = diagram_of("ulysses");
    std::size_t computing = 0;
    while (diagram.ranks[2][computing].empty()) {
        ++computing;
    }
    EXPECT_EQ(words(diagram, 2, computing), "Q all x KV all heads 2");
    for (const std::int64_t peer : {0, 1, 3}) {
        EXPECT_TRUE(has_arrow(diagram, {0, 2, peer, StepPayload::queries})) << peer;
        EXPECT_TRUE(has_arrow(diagram, {0, 2, peer, StepPayload::key_values})) << peer;
    }
    EXPECT_EQ(diagram.arrows.back().payload, StepPayload::results);
}

TEST(StepDiagram, OfUspNamesGroups) {
    const StepDiagram diagram = diagram_of("usp");
    std::size_t computing = 0;
    while (diagram.ranks[3][computing].empty()) {
        ++computing;
    }
    EXPECT_EQ(words(diagram, 3, computing), "Q 2-3 x KV 2-3 heads 2-3");
    EXPECT_EQ(words(diagram, 3, computing + 1), "Q 2-3 x KV 0-1 heads 2-3");
}

TEST(StepDiagram, OfGroupCastSaysThatOnlyAPartIsNeeded) {
    EXPECT_EQ(words(diagram_of("group_cast"), 2, 1), "Q 2 x KV part of 0-1, 3");
    EXPECT_EQ(words(diagram_of("group_cast"), 0, 1), "") << "causal: rank 0 of contiguous parts sees nobody else's";
}

TEST(StepDiagram, OfABackwardPassShowsGradients) {
    AttentionCase problem;
    problem.shape = {1, 4, 4, 16, 16, DType::float32};
    problem.domain = {40, 40, {}};
    problem.mask_json = R"({"causal": {}})";
    const DispatchedCase c(std::move(problem), "zigzag", 2);
    std::vector<Schedule> schedules;
    for (std::int64_t rank = 0; rank < 2; ++rank) {
        schedules.push_back(find_strategy("ring").forward_backward(c.input(rank)));
    }
    const StepDiagram diagram = step_diagram(schedules);
    EXPECT_TRUE(has_arrow(diagram, {2, 0, 1, StepPayload::key_values}));
    EXPECT_EQ(diagram.arrows.back().payload, StepPayload::gradients);
    EXPECT_EQ(words(diagram, 1, 3), "Q 1 x KV 0");
}

}  // namespace
}  // namespace longscope
