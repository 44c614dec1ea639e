// SPDX-License-Identifier: GPL-3.0-or-later
// The bench of attention: it counts what is computed, and its goals are those that are promised.
#include "profiler/benches/attention_bench.h"

#include <gtest/gtest.h>

#include <set>

#include "engine/base/error.h"
#include "profiler/benches/attention_work.h"
#include "profiler/benches/mask_bench.h"

namespace longscope {
namespace {

AttentionBenchCase small_case(Direction direction, DType dtype) {
    AttentionBenchCase one;
    one.name = "small";
    one.direction = direction;
    one.shape = {1, 2, 1, 32, 16, dtype};
    one.mask = R"({"causal": {}})";
    one.tokens = 200;
    return one;
}

const AttentionBenchOptions options{bench_lengths(), 1, 3, nullptr, {}};

TEST(AttentionBench, CountsTheOperationsOfBothDirections) {
    const std::int64_t pairs = 200 * 201 / 2;
    const AttentionBenchResult forward = measure(small_case(Direction::forward, DType::float32), options);
    EXPECT_EQ(forward.pairs, pairs);
    EXPECT_DOUBLE_EQ(forward.flops, 2.0 * static_cast<double>(pairs) * 2 * (32 + 16));
    const AttentionBenchResult backward = measure(small_case(Direction::backward, DType::bfloat16), options);
    EXPECT_DOUBLE_EQ(backward.flops, 2.0 * static_cast<double>(pairs) * 2 * (3 * 32 + 2 * 16));
    for (const AttentionBenchResult& result : {forward, backward}) {
        EXPECT_EQ(result.share.count, 3);
        EXPECT_GT(result.share.min, 0.0);
        EXPECT_GT(result.roofline_share, 0.0);
        EXPECT_LT(result.roofline_share, 1.0);
    }
}

TEST(AttentionBench, MeasuresBothOrdersOfTheLoopsInTurns) {
    AttentionBenchCase one = small_case(Direction::forward, DType::float32);
    EXPECT_FALSE(measure(one, options).orders);
    one.both_orders = true;
    one.tokens = 1024;
    one.mask = R"({"random_block_sparse": {"q_block": 1, "k_block": 64, "kept": 0.125, "seed": 1}})";
    const AttentionBenchResult result = measure(one, options);
    ASSERT_TRUE(result.orders);
    EXPECT_EQ(result.orders->query_major_ns.count, 3);
    EXPECT_EQ(result.orders->key_major_ns.count, 3);
    EXPECT_EQ(result.orders->speedup.count, 3);
    EXPECT_GT(result.orders->predicted_speedup, 1.5);
    EXPECT_EQ(result.orders->predicted, cpu::LoopOrder::key_major);
    EXPECT_EQ(result.duration_ns.median, result.orders->key_major_ns.median);
}

TEST(AttentionBench, CallsAnOrderFasterOnlyWhereItIsClear) {
    OrderComparison orders;
    orders.speedup.median = 1.1;
    EXPECT_EQ(orders.faster(), cpu::LoopOrder::key_major);
    EXPECT_FALSE(orders.is_clear());
    orders.speedup.median = 0.8;
    EXPECT_EQ(orders.faster(), cpu::LoopOrder::query_major);
    EXPECT_TRUE(orders.is_clear());
}

TEST(AttentionBench, JudgesSharesOfTheDenseRateByTheLongestFullMask) {
    std::vector<AttentionBenchResult> results(3);
    const auto set = [&](std::size_t i, const char* mask, std::int64_t tokens, double share) {
        results[i].asked = small_case(Direction::forward, DType::float32);
        results[i].asked.mask = mask;
        results[i].asked.tokens = tokens;
        results[i].share.median = share;
    };
    set(0, R"({"full": {}})", 1024, 0.4);
    set(1, R"({"full": {}})", 4096, 0.8);
    set(2, R"({"window": {"left": 3, "right": 0}})", 4096, 0.6);
    results[2].asked.goal = 0.75;
    results[2].asked.goal_of = GoalOf::dense;
    judge(results);
    ASSERT_TRUE(results[2].asked_share);
    EXPECT_NEAR(*results[2].asked_share, 0.6, 1e-12);
    results[2].share.median = 0.61;
    EXPECT_TRUE(results[2].reached());
    results[2].share.median = 0.59;
    EXPECT_FALSE(results[2].reached());
    results.erase(results.begin(), results.begin() + 2);
    judge(results);
    EXPECT_FALSE(results[0].asked_share) << "nothing to compare with";
}

TEST(AttentionBench, StopsWhenCancelled) {
    const std::atomic<bool> cancelled{true};
    AttentionBenchOptions stopped = options;
    stopped.cancelled = &cancelled;
    try {
        static_cast<void>(measure(small_case(Direction::forward, DType::float32), stopped));
        FAIL() << "not cancelled";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    }
}

TEST(AttentionBench, DecodesKeysInPagesAndValuesThatArePartOfThem) {
    AttentionBenchCase one = small_case(Direction::forward, DType::float32);
    one.mask = R"({"full": {}})";
    one.tokens = 192;
    one.queries = 1;
    one.values_in_keys = true;
    AttentionBenchCase paged = one;
    paged.page_tokens = 16;
    const AttentionWork whole(one, options);
    const AttentionWork in_pages(paged, options);
    EXPECT_EQ(whole.read_bytes(), 192 * 32 * 4) << "values are read with the keys";
    EXPECT_EQ(in_pages.read_bytes(), whole.read_bytes());
    EXPECT_TRUE(in_pages.input().keys.is_paged());
    EXPECT_EQ(whole.input().values.row(0, 7), whole.input().keys.row(0, 7));
    const HeadMatrix<const float> expected = whole.results().front();
    const HeadMatrix<const float> got = in_pages.results().front();
    for (std::int64_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(got.data[i], expected.data[i], 1e-5) << "all keys are seen, in whatever order";
    }
    EXPECT_GT(measure(paged, options).share.median, 0.0);
}

TEST(AttentionBench, CasesHaveNamesOfTheirOwn) {
    std::set<std::string> names;
    for (const AttentionBenchCase& one : attention_bench_cases(machine_facts())) {
        EXPECT_TRUE(names.insert(one.name + std::to_string(one.tokens)).second) << one.name;
    }
}

TEST(AttentionBench, DecodesMoreThanTheCachesHoldWhereMemoryDoes) {
    MachineFacts machine;
    machine.caches = {{1, 48 << 10, 2}, {3, 512 << 20, 1}};
    const auto bytes_beyond = [&](std::int64_t memory_bytes) {
        machine.memory_bytes = memory_bytes;
        std::vector<std::int64_t> bytes;
        std::int64_t goals = 0;
        for (const AttentionBenchCase& one : attention_bench_cases(machine)) {
            if (one.name.find("beyond the caches") != std::string::npos) {
                EXPECT_FALSE(one.quick) << one.name;
                bytes.push_back(2 * one.shape.key_value_heads * one.tokens * 128 * size_bytes(one.shape.dtype));
                EXPECT_TRUE(one.goal.has_value()) << one.name;
            }
            goals += one.goal.has_value() && one.goal_of == GoalOf::reading ? 1 : 0;
        }
        EXPECT_EQ(goals, 2) << "one a type, of what no cache holds";
        return bytes;
    };
    constexpr std::int64_t gib = std::int64_t{1} << 30;
    EXPECT_EQ(bytes_beyond(64 * gib), (std::vector<std::int64_t>{2 * gib, 2 * gib})) << "four times 512 MiB";
    EXPECT_EQ(bytes_beyond(4 * gib), (std::vector<std::int64_t>{gib, gib})) << "a quarter of the memory";
    machine.caches.clear();
    EXPECT_TRUE(bytes_beyond(64 * gib).empty()) << "128 MiB are taken anyway";
}

}  // namespace
}  // namespace longscope
