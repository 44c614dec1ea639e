// SPDX-License-Identifier: GPL-3.0-or-later
// What holds for the schedules of every strategy.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr const char* causal_documents = R"({"and": [{"documents": {}}, {"causal": {}}]})";

DispatchedCase make_case(const char* mask, const std::string& dispatch, std::int64_t ranks) {
    return {self_attention({1, 24, 4, 16, 24, DType::float32}, 203, {0, 1, 60, 61, 150, 203}, mask), dispatch, ranks};
}

constexpr std::array<Pass, 2> passes{Pass::forward, Pass::forward_backward};

// Every strategy with every dispatch and all that it can be asked for over 1 to 8 ranks, where it is feasible, of each
// pass.
template <typename Check>
void for_every_layout(const char* mask, Check check) {
    for (const StrategyEntry& strategy : strategies()) {
        int layouts = 0;
        for (const DispatchEntry& dispatch : dispatches()) {
            for (std::int64_t ranks = 1; ranks <= 8; ++ranks) {
                DispatchedCase c = make_case(mask, std::string(dispatch.name), ranks);
                for (const Pass pass : passes) {
                    for (const StrategyOptions& options : feasible_options(strategy, c, pass)) {
                        c.options = options;
                        SCOPED_TRACE(std::string(strategy.name) + " " + std::string(dispatch.name) + " over " +
                                     std::to_string(ranks) + " ranks, " + std::string(to_string(pass)) + ", " +
                                     to_string(options));
                        check(strategy, c, pass);
                        ++layouts;
                    }
                }
            }
        }
        EXPECT_GE(layouts, 4 * 3) << strategy.name;
    }
}

TEST(Strategies, BytesEqualTheClosedFormulaWithEachRanksOwnTokens) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        std::int64_t sent = 0;
        std::int64_t received = 0;
        for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
            const ScheduleTotals sums = totals(strategy.write(pass, c.input(rank)));
            EXPECT_EQ(strategy.totals(pass, c.input(rank), TokenCounts(c.tokens)).bytes_received, sums.bytes_received);
            sent += sums.bytes_sent;
            received += sums.bytes_received;
        }
        EXPECT_EQ(sent, received);
    });
}

TEST(Strategies, WorkOfAllRanksSumsToThatOfTheMask) {
    for (const char* mask : {causal_documents, R"({"full": {}})", R"({"window": {"left": 9, "right": 3}})",
                             R"({"or": [{"sink": {"tokens": 7}}, {"window": {"left": 20, "right": 0}}]})"}) {
        for_every_layout(mask, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
            double flops = 0;
            for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
                flops += totals(strategy.write(pass, c.input(rank))).flops;
            }
            const auto head_pairs = static_cast<double>(c.masks.head_pairs({0, c.problem.shape.query_heads}));
            EXPECT_DOUBLE_EQ(flops, flops_of_head_pairs(c.problem.shape, head_pairs, pass));
        });
    }
}

// Where ranks divide heads, or a rank takes a few at a time, pairs of a head are counted so many times.
TEST(Strategies, PairsOfAllRanksSumToTheMasksArea) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        std::int64_t pairs = 0;
        std::int64_t attends = 0;
        for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
            const Schedule schedule = strategy.write(pass, c.input(rank));
            pairs += totals(schedule).pairs;
            attends += std::count_if(schedule.operations.begin(), schedule.operations.end(),
                                     [](const Operation& one) { return one.kind == OperationKind::attend; });
        }
        const std::int64_t of_mask = (pass == Pass::forward ? 1 : 2) * c.masks.kind(0).pairs();
        const std::int64_t default_degree = strategy.name == "ulysses" || strategy.name == "tensor_parallel" ? c.ranks()
                                            : strategy.name == "ulysses_uneven"                              ? attends
                                            : strategy.name == "usp" && c.ranks() % 2 == 0 && c.ranks() >= 4 ? 2
                                                                                                             : 1;
        const std::int64_t stride = std::max<std::int64_t>(1, c.options.head_stride);
        const std::int64_t shares = strategy.name == "llama3_all_gather" ? c.problem.shape.key_value_heads / stride
                                    : c.options.ulysses > 0              ? c.options.ulysses
                                                                         : default_degree;
        EXPECT_EQ(pairs, shares * of_mask);
    });
}

TEST(Strategies, PairsOfAllHeadsAreThoseOfTheSchedule) {
    const char* of_heads =
        R"({"per_heads": {"assignments": [{"heads": [0, 1], "mask": {"window": {"left": 5, "right": 0}}}],
        "otherwise": {"and": [{"documents": {}}, {"causal": {}}]}}})";
    for (const char* mask : {causal_documents, of_heads}) {
        for_every_layout(mask, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
            std::int64_t sum = 0;
            for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
                const std::int64_t head_pairs = strategy.head_pairs(c.input(rank));
                EXPECT_DOUBLE_EQ(totals(strategy.write(pass, c.input(rank))).flops,
                                 flops_of_head_pairs(c.problem.shape, static_cast<double>(head_pairs), pass));
                sum += head_pairs;
            }
            EXPECT_EQ(sum, c.masks.head_pairs({0, c.problem.shape.query_heads}));
        });
    }
}

TEST(Strategies, EverySendMeetsOneReceiveOfTheSameSize) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        struct Half {
            std::int64_t rank;
            std::int64_t peer;
            std::int64_t bytes;
        };
        std::map<std::int64_t, Half> sends;
        std::map<std::int64_t, Half> receives;
        // By flow, sender and receiver.
        std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> sent;
        std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, std::int64_t> received;
        for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
            for (const Operation& operation : strategy.write(pass, c.input(rank)).operations) {
                if (operation.kind == OperationKind::send) {
                    EXPECT_TRUE(sends.emplace(operation.flow, Half{rank, operation.peer, operation.bytes}).second);
                } else if (operation.kind == OperationKind::recv) {
                    EXPECT_TRUE(receives.emplace(operation.flow, Half{rank, operation.peer, operation.bytes}).second);
                }
                for (std::size_t p = 0; p < operation.sent_bytes.size(); ++p) {
                    const auto peer = static_cast<std::int64_t>(p);
                    EXPECT_TRUE(sent.emplace(std::tuple(operation.flow, rank, peer), operation.sent_bytes[p]).second);
                    EXPECT_TRUE(
                        received.emplace(std::tuple(operation.flow, peer, rank), operation.received_bytes[p]).second);
                }
            }
        }
        EXPECT_EQ(sent, received);
        ASSERT_EQ(sends.size(), receives.size());
        for (const auto& [flow, send] : sends) {
            ASSERT_EQ(receives.count(flow), 1U);
            EXPECT_EQ(receives.at(flow).rank, send.peer);
            EXPECT_EQ(receives.at(flow).peer, send.rank);
            EXPECT_EQ(receives.at(flow).bytes, send.bytes);
        }
    });
}

TEST(Strategies, SchedulesComeBackFromTheirStoredFormUnchanged) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        const Schedule schedule = strategy.write(pass, c.input(c.ranks() - 1));
        EXPECT_EQ(schedule_from_json(parse_json(to_json(schedule).dump(), "test")), schedule);
    });
}

TEST(Strategies, EveryBufferIsAllocatedOnceAndFreedUnlessItIsAResult) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        std::map<std::int64_t, BufferRole> live;
        for (const Operation& operation : strategy.write(pass, c.input(0)).operations) {
            if (operation.kind == OperationKind::alloc) {
                EXPECT_TRUE(live.emplace(operation.buffer, operation.role).second) << operation.buffer;
            } else if (operation.kind == OperationKind::free) {
                EXPECT_EQ(live.erase(operation.buffer), 1U) << operation.buffer;
            }
        }
        std::multiset<BufferRole> results;
        for (const auto& [buffer, role] : live) {
            results.insert(role);
        }
        std::multiset<BufferRole> expected{BufferRole::partial};
        if (pass == Pass::forward_backward) {
            expected.insert({BufferRole::query_gradients, BufferRole::key_value_gradients});
        }
        EXPECT_EQ(results, expected);
    });
}

// What comes before the barrier is what a forward pass alone does: it moves and computes the same.
TEST(Strategies, BothPassesBeginWithTheForwardPass) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        if (pass == Pass::forward) {
            return;
        }
        for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
            Schedule both = strategy.write(pass, c.input(rank));
            const auto barrier =
                std::find_if(both.operations.begin(), both.operations.end(),
                             [](const Operation& operation) { return operation.kind == OperationKind::barrier; });
            ASSERT_NE(barrier, both.operations.end());
            const std::int64_t barrier_id = barrier->id;
            const Schedule backward{both.strategy, pass, both.ranks, rank, {barrier, both.operations.end()}};
            both.operations.erase(barrier, both.operations.end());
            const ScheduleTotals before = totals(both);
            const ScheduleTotals alone = totals(strategy.forward(c.input(rank)));
            EXPECT_EQ(before.bytes_sent, alone.bytes_sent);
            EXPECT_EQ(before.bytes_received, alone.bytes_received);
            EXPECT_EQ(before.flops, alone.flops);
            for (const Operation& operation : both.operations) {
                EXPECT_LT(operation.kind, OperationKind::barrier);
            }
            std::int64_t barriers = 0;
            for (const Operation& operation : backward.operations) {
                EXPECT_NE(operation.kind, OperationKind::attend);
                barriers += operation.kind == OperationKind::barrier ? 1 : 0;
            }
            EXPECT_EQ(barriers, 1);
            // Streams are in order: the others wait for the first.
            for (const Stream stream : transfer_streams) {
                const auto first = std::find_if(backward.operations.begin(), backward.operations.end(),
                                                [&](const Operation& operation) { return operation.stream == stream; });
                if (first != backward.operations.end()) {
                    EXPECT_EQ(std::count(first->after.begin(), first->after.end(), barrier_id), 1);
                }
            }
        }
    });
}

// Streams run on their own: what an operation comes after, in its own stream or by its dependencies, is all that has
// happened when it starts.
TEST(Strategies, TransfersStartAfterTheirBuffersAreAllocated) {
    for_every_layout(causal_documents, [](const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
        const Schedule schedule = strategy.write(pass, c.input(c.ranks() - 1));
        std::vector<std::set<std::int64_t>> done(schedule.operations.size());  // allocs before each operation
        std::map<Stream, std::int64_t> last;                                   // operation of each stream
        for (const Operation& operation : schedule.operations) {
            std::set<std::int64_t>& before = done[static_cast<std::size_t>(operation.id)];
            std::vector<std::int64_t> after = operation.after;
            if (const auto found = last.find(operation.stream); found != last.end()) {
                after.push_back(found->second);
            }
            for (const std::int64_t id : after) {
                ASSERT_LT(id, operation.id);
                before.insert(done[static_cast<std::size_t>(id)].begin(), done[static_cast<std::size_t>(id)].end());
            }
            if (operation.kind == OperationKind::alloc) {
                before.insert(operation.buffer);
            }
            for (const std::int64_t buffer : {operation.buffer, operation.into}) {
                if (operation.stream != Stream::compute && buffer > own_key_values) {
                    EXPECT_TRUE(before.count(buffer) == 1) << "operation " << operation.id << ", buffer " << buffer;
                }
            }
            last[operation.stream] = operation.id;
        }
    });
}

}  // namespace
}  // namespace longscope
