// SPDX-License-Identifier: GPL-3.0-or-later
// Attention over kept score rows, block by block of keys, against the float64 reference.
#include "engine/kernel/score_rows.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "engine/execute/row_check.h"
#include "tests/support/backward_case.h"

namespace longscope {
namespace {

struct BlockRun {
    explicit BlockRun(const BackwardInputs& inputs)
        : out(inputs.forward.q().heads, inputs.forward.q().tokens, inputs.forward.v().dim,
              inputs.forward.scoring().merge_rule()),
          gradients(inputs.forward) {}

    Partial out;
    Gradients gradients;
    std::int64_t head_pairs = 0;
};

// Keys in blocks of so many; all of them are stored before their softmax is taken.
BlockRun run_blocks(const AttentionCase& c, const BackwardInputs& inputs, std::int64_t block_keys, int threads) {
    BlockRun run(inputs);
    ThreadTeam team(threads);
    std::atomic<std::int64_t> done{0};
    AttendHooks hooks;
    hooks.head_pairs_done = &done;
    const ScoreWork work{team, hooks};
    const AttentionInputs& in = inputs.forward;
    const HeadMasks masks = c.masks();
    const std::int64_t keys = c.domain.key_tokens;
    const TokenSet queries({{0, c.domain.query_tokens}});
    // What is not written is not read.
    std::vector<float> rows(static_cast<std::size_t>(c.shape.query_heads * c.domain.query_tokens * keys),
                            std::numeric_limits<float>::quiet_NaN());
    std::deque<TokenSet> sets;
    std::deque<LocalMask> local_masks;
    std::vector<ScoreBlock> blocks;
    for (std::int64_t first = 0; first < keys; first += block_keys) {
        sets.push_back(TokenSet({{first, std::min(first + block_keys, keys)}}));
        local_masks.emplace_back(masks, queries, sets.back());
        blocks.push_back({rows.data() + first, keys, &local_masks.back(), c.scale(), in.scoring()});
    }
    std::deque<std::vector<float>> parts;  // of keys, and of values
    const auto part = [&](HeadMatrix<const float> whole, std::size_t block) -> HeadView {
        parts.push_back(gathered(whole, sets[block]));
        return HeadMatrix<const float>{parts.back().data(), whole.heads, sets[block].size(), whole.dim};
    };
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        compute_scores(in.q(), part(in.k(), i), blocks[i], work);
    }
    lse_of_rows(blocks, run.out, work);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        add_weighted_values(part(in.v(), i), blocks[i], run.out, work);
    }
    if (!in.sinks.empty()) {
        apply_sinks(run.out, in.sinks.data());
    }
    std::vector<float> delta(static_cast<std::size_t>(c.shape.query_heads * c.domain.query_tokens));
    compute_delta(inputs.dout(), run.out.output(), delta.data());
    AttendBackwardInput of_rows;
    of_rows.output_gradients = inputs.dout();
    of_rows.lse = run.out.lse(0);
    of_rows.delta = delta.data();
    const AttendGradients into = run.gradients.view(in);
    const auto replaced = [&](HeadMatrix<float> whole, std::size_t block, auto compute) {
        std::vector<float> gradients(static_cast<std::size_t>(whole.heads * sets[block].size() * whole.dim), 7.0F);
        compute(HeadMatrix<float>{gradients.data(), whole.heads, sets[block].size(), whole.dim});
        scatter(gradients, sets[block], whole);
    };
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        replaced(into.values, i, [&](HeadMatrix<float> gradients) {
            score_gradients(part(in.v(), i), of_rows, blocks[i], gradients, work);
        });
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        replaced(into.keys, i, [&](HeadMatrix<float> gradients) {
            query_and_key_gradients(in.q(), part(in.k(), i), blocks[i], into.queries, gradients, work);
        });
    }
    run.head_pairs = done;
    return run;
}

AttentionCase make_case(std::int64_t tokens, const std::string& mask, AttentionShape shape,
                        const ScoringCase& scoring = {}) {
    AttentionCase c;
    c.shape = shape;
    c.domain = {tokens, tokens, {0, tokens / 3, tokens / 3 + 1, tokens}};
    c.mask_json = mask;
    c.scoring = scoring;
    return c;
}

void expect_exact(const AttentionCase& c, std::int64_t block_keys) {
    SCOPED_TRACE(c.text() + " in blocks of " + std::to_string(block_keys));
    const BackwardInputs inputs(c);
    const BlockRun run = run_blocks(c, inputs, block_keys, 1);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    double squares = 0;
    double norm = 0;
    double lse = 0;
    accumulate_error(
        reference.forward, c.domain.query_tokens, run.out, [](std::int64_t row) { return row; }, squares, norm, lse);
    EXPECT_LE(std::sqrt(squares), output_error_limit(DType::float32, c.domain.key_tokens) * std::sqrt(norm));
    EXPECT_LE(lse, lse_error_limit);
    EXPECT_LE(error_of_gradients(reference, run.gradients).worst(),
              gradient_bound(DType::float32, c.domain.key_tokens));
}

constexpr AttentionShape grouped{1, 4, 2, 32, 48, DType::float32};

TEST(ScoreRows, GiveWhatTheReferenceGivesForEveryMask) {
    for (const char* mask : {R"({"full": {}})", R"({"causal": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
                             R"({"window": {"left": 20, "right": 5}})", R"({"not": {"full": {}}})",
                             R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})",
                             R"({"per_heads": {"assignments": [{"heads": [1, 3], "mask": {"causal": {}}}],
                                               "otherwise": {"window": {"left": 9, "right": 0}}}})"}) {
        for (const std::int64_t block_keys : {1, 50, 200}) {
            expect_exact(make_case(157, mask, grouped), block_keys);
        }
    }
}

TEST(ScoreRows, GiveWhatTheReferenceGivesForHeadRatiosAndDimensions) {
    for (const AttentionShape shape : {AttentionShape{1, 1, 1, 1, 1, DType::float32},
                                       {1, 5, 1, 17, 3, DType::float32},
                                       {1, 8, 8, 64, 64, DType::float32},
                                       {1, 3, 3, 130, 33, DType::float32}}) {
        expect_exact(make_case(90, R"({"causal": {}})", shape), 33);
    }
}

TEST(ScoreRows, GiveWhatTheReferenceGivesUnderEveryScoring) {
    for (const ScoringCase& scoring :
         {ScoringCase{1.5, false, 0, 0.0, {}, false}, ScoringCase{0.0, true, 0, 0.0, {}, false},
          ScoringCase{0.0, false, 0, 0.0, {}, true}, ScoringCase{0.0, false, 0, 0.0, -5.0, false},
          ScoringCase{20.0, true, 0, 0.0, {}, true}, ScoringCase{20.0, true, 0, 0.0, -5.0, false}}) {
        expect_exact(make_case(117, R"({"causal": {}})", grouped, scoring), 40);
        // Rows that see nothing.
        expect_exact(make_case(117, R"({"and": [{"documents": {}}, {"not": {"causal": {}}}]})", grouped, scoring), 40);
    }
}

TEST(ScoreRows, AreTheSameBitsWithAnyNumberOfThreadsAndCountEachPairOnceInEachPass) {
    const AttentionCase c = make_case(300, R"({"causal": {}})", grouped);
    const BackwardInputs inputs(c);
    const BlockRun one = run_blocks(c, inputs, 130, 1);
    const BlockRun three = run_blocks(c, inputs, 130, 3);
    EXPECT_EQ(one.gradients, three.gradients);
    EXPECT_TRUE(
        std::equal(one.out.output().data, one.out.output().data + one.out.output().size(), three.out.output().data));
    // Half of the pairs of each block are rounded down, twice in each pass.
    const std::int64_t pairs = 2 * c.masks().head_pairs({0, c.shape.query_heads});
    EXPECT_LE(one.head_pairs, pairs);
    EXPECT_GE(one.head_pairs, pairs - 3 * 4);
}

// NaN and infinities of an input reach only the rows that see them.
TEST(ScoreRows, LetWhatIsNoNumberReachOnlyTheRowsThatSeeIt) {
    const AttentionCase c = make_case(120, R"({"causal": {}})", grouped);
    const BackwardInputs clean_inputs(c);
    const BlockRun clean = run_blocks(c, clean_inputs, 50, 1);
    for (const float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        for (const bool of_keys : {true, false}) {
            BackwardInputs inputs(c);
            std::vector<float>& poisoned = of_keys ? inputs.forward.keys : inputs.forward.values;
            poisoned[static_cast<std::size_t>(70 * (of_keys ? 32 : 48))] = poison;  // token 70 of the first head
            const BlockRun run = run_blocks(c, inputs, 50, 1);
            for (std::int64_t head = 0; head < 4; ++head) {
                for (std::int64_t row = 0; row < 120; ++row) {
                    const float* got = run.out.output().row(head, row);
                    if (row < 70 || head >= 2) {
                        EXPECT_TRUE(std::equal(got, got + 48, clean.out.output().row(head, row)));
                    } else if (std::isnan(poison)) {
                        EXPECT_TRUE(std::isnan(got[0])) << "head " << head << " row " << row;
                    } else {
                        EXPECT_FALSE(of_keys && std::equal(got, got + 48, clean.out.output().row(head, row)));
                    }
                }
            }
        }
    }
}

}  // namespace
}  // namespace longscope
