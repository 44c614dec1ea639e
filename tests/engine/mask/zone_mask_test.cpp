// SPDX-License-Identifier: GPL-3.0-or-later
// The compiled form of random expressions against the plain predicate, cell by cell.
#include "engine/mask/zone_mask.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/brute_force_mask.h"
#include "tests/support/mask_generators.h"
#include "tests/support/range_lists.h"

namespace longscope {
namespace {

// Equal in every cell, and just outside the matrix.
bool same_cells(const Mask& mask, const BruteForceMask& truth) {
    for (std::int64_t query = -1; query <= truth.query_tokens(); ++query) {
        for (std::int64_t key = -1; key <= truth.key_tokens(); ++key) {
            if (mask.contains(query, key) != truth.contains(query, key)) {
                return false;
            }
        }
    }
    return true;
}

// The runs of every query are ascending, disjoint, non-adjacent and hold its keys.
void check_row_runs(const Mask& mask, const BruteForceMask& truth) {
    std::vector<Range> runs{{-7, 99}};  // to be replaced, not appended to
    for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
        mask.row_runs(query, runs);
        RC_ASSERT(are_separate_runs(runs));
        std::vector<std::int64_t> keys;
        for (const Range run : runs) {
            for (std::int64_t key = run.begin; key < run.end; ++key) {
                keys.push_back(key);
            }
        }
        RC_ASSERT(keys == truth.keys_of(query));
    }
}

RC_GTEST_PROP(ZoneMask, ContainsWhatThePredicateSays, ()) {
    const MaskCase drawn = *mask_case();
    RC_ASSERT(same_cells(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain)));
}

RC_GTEST_PROP(ZoneMask, DeepExpressionsContainWhatThePredicateSays, ()) {
    const MaskCase drawn = *mask_case(4);
    RC_ASSERT(same_cells(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain)));
}

RC_GTEST_PROP(ZoneMask, PairsOfTheMatrixAndOfAnyBoxAreExact, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mask = drawn.compiled();
    RC_ASSERT(mask->pairs() == truth.pairs());
    for (int i = 0; i < 8; ++i) {
        const Box box{*range_around(drawn.domain.query_tokens), *range_around(drawn.domain.key_tokens)};
        RC_ASSERT(mask->pairs_in(box) == truth.pairs_in(box));
        // All keys of some rows, and all rows of some keys, go their own ways.
        RC_ASSERT(mask->pairs_in({box.q, mask->box().k}) == truth.pairs_in({box.q, mask->box().k}));
        RC_ASSERT(mask->pairs_in({mask->box().q, box.k}) == truth.pairs_in({mask->box().q, box.k}));
    }
}

RC_GTEST_PROP(ZoneMask, RowRunsAreTheKeysOfEachQuery, ()) {
    const MaskCase drawn = *mask_case();
    check_row_runs(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
}

// Under strides it may be wider.
RC_GTEST_PROP(ZoneMask, KeyExtentIsFromTheFirstToTheLastKeySeen, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mask = drawn.compiled();
    for (int i = 0; i < 8; ++i) {
        const Range rows = *range_around(drawn.domain.query_tokens);
        std::int64_t first = drawn.domain.key_tokens;
        std::int64_t last = -1;
        for (std::int64_t query = rows.begin; query < rows.end; ++query) {
            for (const std::int64_t key : truth.keys_of(query)) {
                first = std::min(first, key);
                last = std::max(last, key);
            }
        }
        const Range seen = last < 0 ? Range{} : Range{first, last + 1};
        const Range extent = mask->key_extent(rows);
        if (dynamic_cast<const ZoneMask&>(*mask).striped().empty()) {
            RC_ASSERT(extent == seen);
        } else {
            RC_ASSERT(intersect(extent, seen) == seen);
        }
    }
}

RC_GTEST_PROP(ZoneMask, TransposedIsTheMirrorImage, ()) {
    const MaskCase drawn = *mask_case();
    const BruteForceMask truth(drawn.expression, drawn.domain);
    const auto mirror = drawn.compiled()->transposed();
    RC_ASSERT(mirror->query_tokens() == drawn.domain.key_tokens);
    RC_ASSERT(mirror->key_tokens() == drawn.domain.query_tokens);
    RC_ASSERT(mirror->pairs() == truth.pairs());
    for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
        std::vector<Range> runs;
        mirror->row_runs(key, runs);
        for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
            const bool in_runs = std::any_of(runs.begin(), runs.end(), [&](Range run) { return run.contains(query); });
            RC_ASSERT(mirror->contains(key, query) == truth.contains(query, key));
            RC_ASSERT(in_runs == truth.contains(query, key));
        }
    }
    RC_ASSERT(same_cells(*mirror->transposed(), truth));
}

RC_GTEST_PROP(ZoneMask, ZonesAreTightDisjointAndInsideTheMatrix, ()) {
    const MaskCase drawn = *mask_case();
    const auto mask = drawn.compiled();
    const auto& zone_mask = dynamic_cast<const ZoneMask&>(*mask);
    std::int64_t sum = 0;
    const auto check_bounds = [&](const Zone& zone) {
        RC_ASSERT(zone == tightened(zone));
        RC_ASSERT(intersect(zone, box_zone(mask->box())) == zone);
    };
    for (const Zone& zone : zone_mask.zones()) {
        check_bounds(zone);
        sum += pairs(zone);
    }
    // Were two of them to share a pair, they would sum up to more than there are.
    for (const StripedZone& striped : zone_mask.striped()) {
        check_bounds(striped.zone);
        sum += pairs(striped);
    }
    for (std::size_t i = 0; i < zone_mask.zones().size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            RC_ASSERT(intersect(zone_mask.zones()[i], zone_mask.zones()[j]).empty());
        }
    }
    RC_ASSERT(sum == mask->pairs());
    RC_ASSERT(sum == BruteForceMask(drawn.expression, drawn.domain).pairs());
}

}  // namespace
}  // namespace longscope
