// SPDX-License-Identifier: GPL-3.0-or-later
// Masks as JSON, compiled over one document and over several, and asked what a picture, a plan and a kernel ask.
#include <nlohmann/json.hpp>

#include "engine/mask/report/head_report.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace {

using namespace longscope;

void ask(const MaskExpression& expression, const MaskDomain& domain) {
    const std::unique_ptr<Mask> mask = compile_mask(expression, domain);
    const std::int64_t pairs = mask->pairs();
    fuzz::require(pairs >= 0 && pairs <= domain.query_tokens * domain.key_tokens, "no more pairs than there are");
    std::vector<Range> runs;
    std::int64_t sampled = 0;
    std::int64_t counted = 0;
    const std::int64_t step = domain.query_tokens / 16;
    for (std::int64_t query = 0; query < domain.query_tokens; query += step) {
        mask->row_runs(query, runs);
        std::int64_t end = -1;
        for (const Range run : runs) {
            fuzz::require(run.begin > end && run.end > run.begin && run.end <= domain.key_tokens,
                          "runs ascend and lie in the row");
            fuzz::require(mask->contains(query, run.begin) && mask->contains(query, run.end - 1), "runs are kept");
            sampled += run.size();
            end = run.end;
        }
        counted += mask->pairs_in({{query, query + 1}, {0, domain.key_tokens}});
    }
    fuzz::require(sampled == counted, "runs hold the pairs of their row");
    constexpr std::int64_t tile = 64;
    const TileCounts tiles = count_tiles(*mask, tile, tile);
    fuzz::require((pairs == 0) == (tiles.full + tiles.partial == 0), "a mask without pairs has empty tiles only");
    fuzz::require(mask->transposed()->pairs() == pairs, "the mirror image has as many pairs");
}

void ask_of_heads(const MaskExpression& expression, const MaskDomain& domain) {
    const HeadReport report = head_report(expression, domain, 6, 3, {{32, 16}});
    std::int64_t heads = 0;
    for (const HeadReport::Group& group : report.groups) {
        fuzz::require(!head_dependence(group.heads.expression).any(), "the mask of a head does not depend on it");
        fuzz::require(group.report.pairs <= report.pairs_seen, "all heads see what one sees");
        fuzz::require(group.report.pairs <= group.report.tiles.front().touched_pairs, "tiles hold the pairs");
        fuzz::require(group.report.lifetime.seen_pairs <= group.report.lifetime.held_pairs, "what is seen is there");
        heads += group.heads.count;
    }
    fuzz::require(heads == 18, "every head has one mask");
    fuzz::require(report.causal_pairs_seen <= report.pairs_seen, "causal pairs are pairs");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    (void)fuzz::accepts([&] {
        const MaskExpression expression = parse_mask(parse_json(fuzz::text_of(data, size), "input"), "mask");
        const Json written = to_json(expression);
        fuzz::require(to_json(parse_mask(parse_json(written.dump(), "written"), "mask")) == written,
                      "what was written reads back the same");
        fuzz::require(!to_text(expression).empty(), "a mask has a text");
        (void)fuzz::accepts([&] { ask(expression, {1024, 1024, {}}); });
        (void)fuzz::accepts([&] { ask(expression, {512, 1024, {}}); });
        (void)fuzz::accepts([&] { ask(expression, {1024, 1024, {}, 0, 3, 2}); });
        (void)fuzz::accepts([&] { ask_of_heads(expression, {256, 256, {}}); });
        (void)fuzz::accepts([&] { ask(expression, {1024, 1024, {0, 100, 101, 500, 1024}}); });
    });
    return 0;
}
