// SPDX-License-Identifier: GPL-3.0-or-later
// What an edit costs costs little itself: at a million tokens in documents all of it is known within 50 ms. Half as
// much again is allowed of processor time at the usual pace: two threads share it, and the yardstick is other work.
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/experiment/cost.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/strategy.h"
#include "engine/parallel/token_owners.h"
#include "tests/engine/experiment/example.h"
#include "tests/support/sanitized.h"
#include "tests/support/yardstick.h"

namespace longscope {
namespace {

constexpr double longest_ms = 1.5 * 50 * sanitizer_slowdown;
constexpr std::int64_t million = 1'048'576;

Json document(const char* lengths, const char* mask, std::string_view strategy, std::string_view dispatch, int ranks) {
    Json made = example_document();
    made["sequence"] = {{"tokens", million}, {"lengths", parse_json(lengths, "test")}};
    made["mask"] = parse_json(mask, "test");
    made["shape"]["query_heads"] = 64;
    made["shape"]["key_value_heads"] = 8;
    made["layout"] = {{"ranks", ranks}, {"strategy", strategy}, {"dispatch", dispatch}};
    return made;
}

// The fastest of a few: others share the caches.
double cost_ms(const Json& experiment) {
    const std::atomic<bool> never{false};
    ExperimentNames names = known_names();
    for (const StrategyEntry& strategy : strategies()) {
        names.strategies.emplace_back(strategy.name);
    }
    for (const DispatchEntry& dispatch : dispatches()) {
        names.dispatches.emplace_back(dispatch.name);
    }
    return least_at_usual_pace_ms(4, [&] {
        const double before_ms = process_ran_ms();
        const CompiledDraw draw = compile_draw(parse_experiment(experiment, resources_folder, names), 0);
        const TokenOwners owners(*draw.ranks);
        const ExperimentCost cost = cost_of(draw, never);
        const double ran_ms = process_ran_ms() - before_ms;
        EXPECT_EQ(cost.infeasible, "");
        EXPECT_EQ(static_cast<std::size_t>(owners.ranks()), cost.ranks.size());
        return ran_ms;
    });
}

// The slowest of all strategies, dispatches, 2, 8 and 64 ranks, eleven masks, and documents of three lengths.
TEST(CostSpeed, IsKnownSoonAtAMillionTokens) {
    const char* const short_documents = R"x({"histogram": {"[64,192)": 1}})x";
    const char* const long_documents = R"x({"histogram": {"[2000,60000)": 1}})x";
    const char* const causal_documents = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    const char* const rest = R"({"not": {"and": [{"documents": {}}, {"causal": {}}]}})";
    const char* const prefix = R"({"or": [{"and": [{"documents": {}}, {"causal": {}}]}, {"prefix": {"tokens": 256}}]})";
    const char* const far_keys =
        R"({"and": [{"documents": {}}, {"causal": {}}, {"not": {"window": {"left": 100, "right": 0}}}]})";
    struct Case {
        const char* lengths;
        const char* mask;
        const char* strategy;
        const char* dispatch;
        int ranks;
    };
    for (const Case& c :
         {Case{short_documents, rest, "ulysses", "per_document_zigzag", 64},
          Case{short_documents, prefix, "ring", "per_document_zigzag", 64},
          // No rank has anything to do for the keys of another.
          Case{short_documents, far_keys, "ring", "per_document_zigzag", 64},
          Case{short_documents, rest, "all_gather", "striped", 64}, Case{short_documents, rest, "ring", "striped", 2},
          Case{long_documents, causal_documents, "ring", "striped", 2},
          Case{long_documents, causal_documents, "ring", "striped", 64}}) {
        const double ms = cost_ms(document(c.lengths, c.mask, c.strategy, c.dispatch, c.ranks));
        std::printf("%5.1f ms of processor time at the usual pace: %s, %s, %s on %d ranks\n", ms, c.mask, c.strategy,
                    c.dispatch, c.ranks);
        EXPECT_LT(ms, longest_ms) << c.mask << " " << c.strategy << " " << c.dispatch << " " << c.ranks;
    }
}

// Each of 65,536 lengths stands in the document.
TEST(CostSpeed, IsKnownSoonForALongListOfDocuments) {
    std::vector<std::int64_t> lengths;
    for (std::int64_t i = 0; i < 65'536; ++i) {
        lengths.push_back(16 + (i % 2 == 0 ? 1 : -1) * (i / 2 % 8));
    }
    Json experiment =
        document("{}", R"({"and": [{"documents": {}}, {"causal": {}}]})", "ring", "per_document_zigzag", 8);
    experiment["sequence"]["lengths"] = {{"list", lengths}};
    const double ms = cost_ms(experiment);
    std::printf("%5.1f ms of processor time at the usual pace: 65,536 documents\n", ms);
    // 42 to 60 ms, of which two threads share about half.
    EXPECT_LT(ms, 1.5 * longest_ms);
}

// No schedule is written for it.
TEST(CostSpeed, IsKnownSoonForTenThousandRanks) {
    for (const DispatchEntry& dispatch : dispatches()) {
        const double ms =
            cost_ms(document(R"x({"histogram": {"[2000,60000)": 1}})x",
                             R"({"and": [{"documents": {}}, {"causal": {}}]})", "ring", dispatch.name, 10'000));
        std::printf("%5.1f ms of processor time at the usual pace: ring, %s on 10,000 ranks\n", ms,
                    dispatch.name.data());
        // 85 ms at most.
        EXPECT_LT(ms, 2 * longest_ms) << dispatch.name;
    }
}

}  // namespace
}  // namespace longscope
