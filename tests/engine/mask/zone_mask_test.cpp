// SPDX-License-Identifier: GPL-3.0-or-later
// The compiled form of random expressions against the plain predicate, cell by cell.
#include "engine/mask/zone_mask.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/brute_force_mask.h"
#include "tests/support/mask_contract.h"
#include "tests/support/mask_generators.h"
#include "tests/support/range_lists.h"

namespace longscope {
namespace {

RC_GTEST_PROP(ZoneMask, ContainsWhatThePredicateSays, ()) {
    const MaskCase drawn = *mask_case();
    check_cells(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
}

RC_GTEST_PROP(ZoneMask, DeepExpressionsContainWhatThePredicateSays, ()) {
    const MaskCase drawn = *mask_case(4);
    check_cells(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
}

RC_GTEST_PROP(ZoneMask, PairsOfTheMatrixAndOfAnyBoxAreExact, ()) {
    const MaskCase drawn = *mask_case();
    check_pairs(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
}

RC_GTEST_PROP(ZoneMask, RowRunsAreTheKeysOfEachQuery, ()) {
    const MaskCase drawn = *mask_case();
    check_rows(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
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
    check_mirror(*drawn.compiled(), BruteForceMask(drawn.expression, drawn.domain));
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
