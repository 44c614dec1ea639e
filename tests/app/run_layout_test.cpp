// SPDX-License-Identifier: GPL-3.0-or-later
// Every strategy and dispatch through `run`, and layouts that cannot be.
#include <algorithm>

#include "app/headless/command_line.h"
#include "engine/mask/heads.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "storage/report_text.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

TEST_P(RunVerb, EveryStrategyIsExactAndMovesWhatItsFormulaSays) {
    std::int64_t runs = 0;
    for (const StrategyEntry& strategy : strategies()) {
        SCOPED_TRACE(strategy.name);
        Json json = small_experiment();
        const char* dispatch = strategy.layout_refusal == nullptr ? "striped" : "contiguous";
        json["layout"] = {{"ranks", 4}, {"strategy", strategy.name}, {"dispatch", dispatch}};
        json["sequence"]["draws"] = 1;
        const EngineEnd end = run_engine_process(arguments(json));
        ASSERT_TRUE(end.status.good()) << end.text();
        const StoredRun run = stored(++runs);
        ASSERT_EQ(run.draws.size(), 1U);
        ASSERT_EQ(run.draws[0].checks.size(), 1U);
        EXPECT_TRUE(run.draws[0].checks[0].passed);

        const Experiment experiment = read_experiment(path("experiment.json"), experiment_names());
        const MaskDomain domain = domain_of_draw(experiment, 0);
        const auto tokens = dispatch_tokens(find_dispatch(dispatch), {{domain.query_tokens, domain.cu_seqlens}}, 4);
        const HeadMasks masks = compile_head_masks(experiment.mask, domain, experiment.shape.query_heads);
        for (const RankResult& rank : run.draws[0].repetitions.back().record.ranks) {
            EXPECT_EQ(rank.bytes_received,
                      strategy.forward_totals({experiment.shape, masks, tokens, rank.rank}, TokenCounts(tokens))
                          .bytes_received);
        }
    }
}

TEST_P(RunVerb, FewerQueriesThanTokensAreExactAndMovePartialResultsAlone) {
    Json json = small_experiment();
    json["sequence"]["draws"] = 1;
    json["sequence"]["query_tokens"] = 5;
    json["layout"]["strategy"] = "split_kv";
    json["scoring"] = {{"sinks", true}, {"alibi", true}};
    const EngineEnd end = run_engine_process(arguments(json));
    ASSERT_TRUE(end.status.good()) << end.text();
    const StoredDraw draw = stored().draws.at(0);
    EXPECT_EQ(draw.record.pairs, 145 + 146 + 147 + 148 + 149) << "of the last document";
    ASSERT_EQ(draw.checks.size(), 1U);
    EXPECT_TRUE(draw.checks[0].passed);
    EXPECT_EQ(draw.checks[0].rows, 5 * 4);
    for (const RankResult& rank : draw.repetitions.back().record.ranks) {
        EXPECT_EQ(rank.tokens, 200);
        EXPECT_EQ(rank.bytes_received, 2 * 5 * 4 * (16 + 1) * 4);
    }
    json["layout"]["strategy"] = "ring";
    EXPECT_NE(run_engine_process(arguments(json))
                  .text()
                  .find("run 2 infeasible: ring computes as many queries as there are tokens (sequence.query_tokens)"),
              std::string::npos);
}

TEST_P(RunVerb, StoresAndShowsTheErrorOfTheGradientsOfSinks) {
    std::int64_t runs = 0;
    for (const char* strategy : {"ring", "ulysses", "dist_ca", "tensor_parallel"}) {
        SCOPED_TRACE(strategy);
        Json json = small_experiment();
        json["pass"] = "forward_backward";
        json["scoring"] = {{"sinks", true}};
        json["layout"] = {{"ranks", 4}, {"strategy", strategy}, {"dispatch", "zigzag"}};
        json["sequence"]["draws"] = 1;
        const EngineEnd end = run_engine_process(arguments(json));
        ASSERT_TRUE(end.status.good()) << end.text();
        const CheckRecord check = stored(++runs).draws.at(0).checks.at(0);
        EXPECT_TRUE(check.passed);
        ASSERT_TRUE(check.sink_gradient_error.has_value());
        EXPECT_GT(*check.sink_gradient_error, 0.0) << "float32 is never exact: nothing was compared";
        EXPECT_LE(*check.sink_gradient_error, check.gradient_limit);
        const std::string shown = report_error(*check.sink_gradient_error);
        EXPECT_TRUE(std::any_of(end.out.begin(), end.out.end(),
                                [&](const std::string& line) { return line.find(shown) != std::string::npos; }))
            << shown << testing::PrintToString(end.out);
    }
}

TEST_P(RunVerb, BothPassesAreExactAndTimedApartAndMoveWhatTheirFormulaSays) {
    std::int64_t runs = 0;
    for (const StrategyEntry& strategy : strategies()) {
        if (!strategy.has_backward) {
            continue;
        }
        SCOPED_TRACE(strategy.name);
        Json json = small_experiment();
        json["pass"] = "forward_backward";
        const char* dispatch = strategy.layout_refusal == nullptr ? "zigzag" : "contiguous";
        json["layout"] = {{"ranks", 4}, {"strategy", strategy.name}, {"dispatch", dispatch}};
        json["sequence"]["draws"] = 1;
        const EngineEnd end = run_engine_process(arguments(json));
        ASSERT_TRUE(end.status.good()) << end.text();
        const std::string passes = "Each pass for itself: medians of the measured repetitions";
        EXPECT_EQ(std::count(end.out.begin(), end.out.end(), passes), 1);
        const StoredRun run = stored(++runs);
        ASSERT_EQ(run.draws.size(), 1U);
        const StoredDraw& draw = run.draws[0];
        ASSERT_EQ(draw.checks.size(), 1U);
        EXPECT_TRUE(draw.checks[0].passed);
        EXPECT_DOUBLE_EQ(draw.checks[0].gradient_limit, 3 * draw.checks[0].output_limit);
        for (const double error : {draw.checks[0].query_gradient_error, draw.checks[0].key_gradient_error,
                                   draw.checks[0].value_gradient_error}) {
            EXPECT_GT(error, 0.0) << "float32 is never exact: nothing was compared";
            EXPECT_LE(error, draw.checks[0].gradient_limit);
        }
        const Experiment experiment = read_experiment(path("experiment.json"), experiment_names());
        const auto pairs = static_cast<double>(draw.record.pairs) * 4;
        EXPECT_DOUBLE_EQ(draw.record.flops, 2 * pairs * (32 + 16) + 2 * pairs * (3 * 32 + 2 * 16));
        const MaskDomain domain = domain_of_draw(experiment, 0);
        const auto tokens = dispatch_tokens(find_dispatch(dispatch), {{domain.query_tokens, domain.cu_seqlens}}, 4);
        const HeadMasks masks = compile_head_masks(experiment.mask, domain, experiment.shape.query_heads);
        Database file(database(), OpenMode::read_only);
        for (const StoredRepetition& repetition : draw.repetitions) {
            ASSERT_TRUE(repetition.record.backward_ns.has_value());
            EXPECT_GT(*repetition.record.backward_ns, 0);
            EXPECT_LT(*repetition.record.backward_ns, repetition.record.duration_ns);
            for (const RankResult& rank : repetition.record.ranks) {
                EXPECT_EQ(
                    rank.bytes_received,
                    strategy.forward_backward_totals({experiment.shape, masks, tokens, rank.rank}, TokenCounts(tokens))
                        .bytes_received);
                EXPECT_EQ(rank.computing_ns + rank.exposed_communication_ns + rank.waiting_ns + rank.other_ns,
                          repetition.record.duration_ns);
            }
            // The events of the backward pass lie in its time; the barrier is where it begins.
            const Nanoseconds forward_ns = repetition.record.duration_ns - *repetition.record.backward_ns;
            double flops = 0;
            for (const TraceEvent& event : read_events(file, repetition.id)) {
                if (event.category == Category::attend_backward || event.category == Category::delta) {
                    EXPECT_GE(event.start_ns, forward_ns);
                } else if (event.category == Category::attend || event.category == Category::finalize) {
                    EXPECT_LE(event.end_ns(), forward_ns);
                }
                flops += event.flops;
            }
            EXPECT_DOUBLE_EQ(flops, draw.record.flops);
        }
        expect_sound_database();
    }
}

// Before a worker starts: no rank is named.
TEST_P(RunVerb, APassOrADegreeThatDoesNotFitIsRefusedBeforeAWorkerStarts) {
    Json json = small_experiment();
    json["layout"] = {{"ranks", 4}, {"strategy", "token_ring"}};
    json["pass"] = "forward_backward";
    EXPECT_NE(run_engine_process(arguments(json)).text().find("run 1 infeasible: token_ring has no backward pass"),
              std::string::npos);
    json["layout"] = {{"ranks", 4}, {"strategy", "usp"}, {"ulysses", 3}};
    EXPECT_NE(run_engine_process(arguments(json)).text().find("run 2 infeasible: USP needs ranks divisible by the 3"),
              std::string::npos);
    EXPECT_EQ(stored(2).record.state, RunState::infeasible);
    json["pass"] = "forward";
    json["layout"] = {{"ranks", 4}, {"strategy", "light_seq"}, {"dispatch", "striped"}};
    EXPECT_NE(run_engine_process(arguments(json)).text().find("run 3 infeasible: LightSeq needs the tokens in order"),
              std::string::npos);
}

TEST_P(RunVerb, AnInfeasibleLayoutIsAStateOfTheRunWithItsReason) {
    Json json = small_experiment();
    json["layout"]["strategy"] = "ulysses";  // 4 query heads over 3 ranks
    const EngineEnd end = run_engine_process(arguments(json));
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    ASSERT_FALSE(end.error.empty());
    EXPECT_EQ(end.error.back(),
              "longscope-engine: run 1 infeasible: Ulysses needs query heads divisible by 3 ranks: 4 are given");
    EXPECT_EQ(stored().record.state, RunState::infeasible);
    EXPECT_EQ(stored().record.message, "Ulysses needs query heads divisible by 3 ranks: 4 are given");
}

TEST_P(RunVerb, InputsOfTwoBytesAreComputedCheckedAndReceivedInTheirType) {
    std::int64_t runs = 0;
    for (const auto& [dtype, strategy, limit] :
         {std::tuple{"bfloat16", "ring", 8e-3}, {"float16", "ulysses", 1e-3}, {"bfloat16", "all_gather", 8e-3}}) {
        SCOPED_TRACE(std::string(dtype) + " " + strategy);
        Json json = small_experiment();
        json["shape"]["dtype"] = dtype;
        json["layout"] = {{"ranks", 2}, {"strategy", strategy}, {"dispatch", "zigzag"}};
        json["sequence"]["draws"] = 1;
        const EngineEnd end = run_engine_process(arguments(json));
        ASSERT_TRUE(end.status.good()) << end.text();
        const StoredRun run = stored(++runs);
        ASSERT_EQ(run.draws.size(), 1U);
        ASSERT_EQ(run.draws[0].checks.size(), 1U);
        EXPECT_TRUE(run.draws[0].checks[0].passed);
        EXPECT_GT(run.draws[0].checks[0].rows, 0);
        EXPECT_DOUBLE_EQ(run.draws[0].checks[0].output_limit, limit);

        const Experiment experiment = read_experiment(path("experiment.json"), experiment_names());
        const MaskDomain domain = domain_of_draw(experiment, 0);
        const auto tokens = dispatch_tokens(find_dispatch("zigzag"), {{domain.query_tokens, domain.cu_seqlens}}, 2);
        const HeadMasks masks = compile_head_masks(experiment.mask, domain, experiment.shape.query_heads);
        EXPECT_EQ(size_bytes(experiment.shape.dtype), 2);
        for (const RankResult& rank : run.draws[0].repetitions.back().record.ranks) {
            EXPECT_EQ(rank.bytes_received,
                      find_strategy(strategy)
                          .forward_totals({experiment.shape, masks, tokens, rank.rank}, TokenCounts(tokens))
                          .bytes_received);
            EXPECT_GT(rank.bytes_received, 0);
        }
    }
}

TEST_P(RunVerb, AMaskThatDiffersBetweenLayersIsAStateOfTheRunWithItsReason) {
    Json json = small_experiment();
    json["mask"] = parse_json(R"({"per_heads": {"assignments": [{"layers": [0, 1], "mask": {"causal": {}}}],
                                                "otherwise": {"full": {}}}})",
                              "mask");
    const EngineEnd end = run_engine_process(arguments(json));
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    EXPECT_EQ(stored().record.state, RunState::unsupported);
    EXPECT_NE(stored().record.message.find("the mask differs from layer to layer"), std::string::npos)
        << stored().record.message;
    EXPECT_TRUE(stored().draws.empty());
}

TEST_P(RunVerb, WhatNeedsMoreMemoryThanThereMayBeIsRefusedBeforeItIsAllocated) {
    Json json = small_experiment();
    json["backend"]["memory_per_rank_bytes"] = 100'000;
    const EngineEnd end = run_engine_process(arguments(json));
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    ASSERT_FALSE(end.error.empty());
    EXPECT_NE(end.error.back().find("run 1 out of memory: rank 0 would need "), std::string::npos) << end.error.back();
    EXPECT_NE(end.error.back().find("; backend.memory_per_rank_bytes allows 97.7 KiB"), std::string::npos)
        << end.error.back();
    EXPECT_EQ(stored().record.state, RunState::out_of_memory);
}

TEST_P(RunVerb, WhatTheMachineHasNoMemoryForIsRefusedBeforeItIsAllocated) {
    // About 2 TiB of queries, of which no page is touched.
    Json json = small_experiment();
    json["shape"] = {{"query_heads", 512}, {"key_value_heads", 1}, {"head_dim_qk", 1024}, {"head_dim_v", 1}};
    json["sequence"] = {{"tokens", 1 << 20}};
    const EngineEnd end = run_engine_process(arguments(json));
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    ASSERT_FALSE(end.error.empty());
    EXPECT_NE(end.error.back().find("run 1 out of memory: the 3 ranks on the machine of rank 0 would need 2."),
              std::string::npos)
        << end.error.back();
    EXPECT_NE(end.error.back().find(" TiB for tensors and buffers"), std::string::npos) << end.error.back();
}

}  // namespace
}  // namespace longscope
