// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/process_groups.h"

#include <gtest/gtest.h>

#include "engine/execute/local_group.h"
#include "tests/support/strategy_run.h"
#include "tests/support/two_groups.h"

namespace longscope {
namespace {

TEST(ProcessGroups, DoNotMixWhateverTheOrder) {
    for (const int ranks : {2, 3}) {
        run_local_ranks(ranks, expect_groups_do_not_mix);
    }
}

TEST(ProcessGroups, ThatDifferBetweenRanksAreRefusedOnEveryRank) {
    for (const int ranks : {2, 3}) {
        run_local_ranks(ranks, expect_other_groups_are_refused);
    }
}

TEST(ProcessGroups, HaveNoChannelBeforeTheyAreOpenNorToOtherRanks) {
    run_local_ranks(3, [](Communicator& communicator) {
        const auto error_of = [&](int peer) -> std::string {
            try {
                (void)communicator.send(0, peer, {});
            } catch (const Error& error) {
                return error.what();
            }
            return "none";
        };
        EXPECT_EQ(error_of(2), "channel 0 is not open: there are 0");
        open_groups(two_groups(communicator.rank(), 3), communicator);
        EXPECT_EQ(error_of(communicator.rank() == 2 ? 1 : 2),
                  communicator.rank() == 2 ? "channel 0 is without rank 1" : "channel 0 is without rank 2");
        communicator.barrier();
    });
}

AttentionCase problem() {
    AttentionCase c;
    c.shape = {1, 4, 2, 16, 24, DType::float32};
    c.domain = {203, 203, {0, 60, 61, 150, 203}};
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    return c;
}

// Sums of gradients in a group, and on a stream, of their own: they may pass the keys and values by.
Schedule with_sums_apart(Schedule schedule) {
    schedule.groups = {{"blocks", {0, 1}}, {"sums", {0, 1}}};
    std::map<std::int64_t, BufferRole> roles{{own_key_values, BufferRole::key_values}};
    for (Operation& operation : schedule.operations) {
        if (operation.kind == OperationKind::alloc) {
            roles[operation.buffer] = operation.role;
        }
        if (operation.peer >= 0) {
            const bool sums = roles.at(operation.buffer) == BufferRole::key_value_gradients;
            operation.group = sums ? 1 : 0;
            const bool sends = operation.kind == OperationKind::send;
            operation.stream = !sums ? operation.stream : sends ? Stream::outer_send : Stream::outer_receive;
        }
    }
    return schedule;
}

TEST(ProcessGroups, OfAStoredScheduleAreThoseOfTheRun) {
    const DispatchedCase c(problem(), "zigzag", 2);
    const BackwardInputs inputs(problem());
    run_local_ranks(2, [&](Communicator& communicator) {
        const Schedule plain = write_ring(c.input(communicator.rank()), Pass::forward_backward);
        const RankTensors tensors(inputs, c.tokens[static_cast<std::size_t>(communicator.rank())]);
        const auto gradients_of = [&](const Schedule& schedule) {
            const RankRun run = run_rank_of(c, schedule, inputs.forward, tensors, communicator, "cpu");
            const HeadMatrix<const float> keys = run.result.gradients.keys;
            return std::vector<float>(keys.data, keys.data + keys.size());
        };
        EXPECT_EQ(gradients_of(with_sums_apart(plain)), gradients_of(plain));
    });
}

std::vector<ProcessGroup> groups_of(std::string_view strategy, const StrategyOptions& options, std::int64_t ranks,
                                    std::int64_t rank) {
    DispatchedCase c(problem(), "contiguous", ranks);
    c.options = options;
    return find_strategy(strategy).forward_backward(c.input(rank)).groups;
}

TEST(ProcessGroups, AreThoseThatAStrategyDividesTheRanksInto) {
    using Groups = std::vector<ProcessGroup>;
    StrategyOptions options;
    EXPECT_EQ(groups_of("ring", options, 4, 1), Groups{}) << "all ranks";
    EXPECT_EQ(groups_of("ulysses", options, 4, 1), Groups{}) << "all ranks";
    EXPECT_EQ(groups_of("double_ring", options, 4, 1), (Groups{{"inner_ring", {0, 1}}, {"outer_ring", {1, 3}}}));
    options.ulysses = 2;
    EXPECT_EQ(groups_of("usp", options, 6, 3), (Groups{{"heads", {2, 3}}, {"ring", {1, 3, 5}}}));
    options.window = 2;
    EXPECT_EQ(groups_of("double_ring", options, 8, 5),
              (Groups{{"heads", {4, 5}}, {"inner_ring", {5, 7}}, {"outer_ring", {1, 5}}}));
    options.placement = Placement::context_first;
    EXPECT_EQ(groups_of("double_ring", options, 8, 5),
              (Groups{{"heads", {1, 5}}, {"inner_ring", {4, 5}}, {"outer_ring", {5, 7}}}));
}

}  // namespace
}  // namespace longscope
