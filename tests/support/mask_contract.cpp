// SPDX-License-Identifier: GPL-3.0-or-later
// Each question with positions that RapidCheck draws.
#include "tests/support/mask_contract.h"

#include <rapidcheck.h>

#include <algorithm>
#include <vector>

#include "engine/mask/zone_questions.h"
#include "tests/support/mask_generators.h"
#include "tests/support/range_lists.h"

namespace longscope {
namespace {

void check_sets(const Mask& mask, const BruteForceMask& truth) {
    const auto queries = *positions_below(truth.query_tokens());
    const auto keys = *positions_below(truth.key_tokens());
    std::int64_t expected = 0;
    for (const std::int64_t query : queries) {
        for (const std::int64_t key : keys) {
            expected += truth.contains(query, key) ? 1 : 0;
        }
    }
    RC_ASSERT(mask.pairs_between(token_set_of(queries), token_set_of(keys)) == expected);
    const std::int64_t step = *integer_from(1, 5);
    std::int64_t by_rule = 0;
    for (std::int64_t key = 0; key < truth.key_tokens(); key += step) {
        by_rule += truth.pairs_in({mask.box().q, {key, key + 1}});
    }
    RC_ASSERT(mask.pairs_with(mask.box().q, TokenSet::every(0, step, truth.key_tokens())) == by_rule);
}

void check_zones(const Mask& mask, const BruteForceMask& truth) {
    const Range rows = *range_inside(truth.query_tokens());
    ZoneSet set{{box_zone({{0, 1}, {0, 1}})}, {}};  // to be replaced
    mask.zones_in(rows, set);
    std::vector<int> held(static_cast<std::size_t>(truth.query_tokens() * truth.key_tokens()), 0);
    const auto add = [&](std::int64_t query, Range run) {
        const bool inside = rows.contains(query) && run.begin >= 0 && run.end <= truth.key_tokens();
        RC_ASSERT(inside);
        for (std::int64_t key = run.begin; key < run.end; ++key) {
            ++held[static_cast<std::size_t>(query * truth.key_tokens() + key)];
        }
    };
    for (const Zone& zone : set.zones) {
        for (std::int64_t query = zone.q.begin; query < zone.q.end; ++query) {
            if (const Range run = zone.row(query); !run.empty()) {
                add(query, run);
            }
        }
    }
    std::vector<Range> runs;
    for (const StripedZone& striped : set.striped) {
        for (std::int64_t query = striped.zone.q.begin; query < striped.zone.q.end; ++query) {
            runs.clear();
            append_row_runs(striped, query, runs);
            for (const Range run : runs) {
                add(query, run);
            }
        }
    }
    std::int64_t sum = 0;
    for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
        for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
            // Once: they are disjoint.
            const int expected = rows.contains(query) && truth.contains(query, key) ? 1 : 0;
            RC_ASSERT(held[static_cast<std::size_t>(query * truth.key_tokens() + key)] == expected);
            sum += expected;
        }
    }
    RC_ASSERT(pairs(set) == sum);
}

void check_tiles(const Mask& mask, const BruteForceMask& truth) {
    for (int i = 0; i < 4; ++i) {
        const Range rows = *range_inside(truth.query_tokens());
        const std::int64_t k_tile = *rc::gen::oneOf(integer_from(1, 17), integer_from(1, truth.key_tokens() + 2));
        std::vector<TileClass> expected;
        TileRowCounts counts;
        for (std::int64_t key = 0; key < truth.key_tokens(); key += k_tile) {
            expected.push_back(truth.tile_class({rows, {key, key + k_tile}}));
            ++counts.of(expected.back());
        }
        std::vector<TileClass> classes;
        for (const TileRun& run : mask.classify_row_of_tiles(rows, k_tile)) {
            const bool goes_on = !classes.empty() && classes.back() == run.tile_class;
            RC_ASSERT(!goes_on);  // runs are maximal
            classes.insert(classes.end(), static_cast<std::size_t>(run.tiles.size()), run.tile_class);
        }
        RC_ASSERT(classes == expected);
        RC_ASSERT(mask.count_row_of_tiles(rows, k_tile) == counts);
    }
}

void check_extent(const Mask& mask, const BruteForceMask& truth) {
    const Range rows = *range_around(truth.query_tokens());
    const Range extent = mask.key_extent(rows);
    for (std::int64_t query = rows.begin; query < rows.end; ++query) {
        for (const std::int64_t key : truth.keys_of(query)) {
            RC_ASSERT(extent.contains(key));
        }
    }
}

}  // namespace

void check_rows(const Mask& mask, const BruteForceMask& truth) {
    std::vector<Range> runs{{-7, 99}};  // to be replaced
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

void check_cells(const Mask& mask, const BruteForceMask& truth) {
    for (std::int64_t query = -1; query <= truth.query_tokens(); ++query) {
        for (std::int64_t key = -1; key <= truth.key_tokens(); ++key) {
            RC_ASSERT(mask.contains(query, key) == truth.contains(query, key));
        }
    }
}

void check_pairs(const Mask& mask, const BruteForceMask& truth) {
    RC_ASSERT(mask.pairs() == truth.pairs());
    for (int i = 0; i < 6; ++i) {
        const Box box{*range_around(truth.query_tokens()), *range_around(truth.key_tokens())};
        RC_ASSERT(mask.pairs_in(box) == truth.pairs_in(box));
        // All keys of some rows, and all rows of some keys, go their own ways.
        RC_ASSERT(mask.pairs_in({box.q, mask.box().k}) == truth.pairs_in({box.q, mask.box().k}));
        RC_ASSERT(mask.pairs_in({mask.box().q, box.k}) == truth.pairs_in({mask.box().q, box.k}));
    }
}

void check_mirror(const Mask& mask, const BruteForceMask& truth) {
    const auto mirror = mask.transposed();
    RC_ASSERT(mirror->query_tokens() == truth.key_tokens());
    RC_ASSERT(mirror->key_tokens() == truth.query_tokens());
    RC_ASSERT(mirror->pairs() == truth.pairs());
    for (std::int64_t key = 0; key < truth.key_tokens(); ++key) {
        std::vector<Range> runs;
        mirror->row_runs(key, runs);
        RC_ASSERT(are_separate_runs(runs));
        for (std::int64_t query = 0; query < truth.query_tokens(); ++query) {
            const bool in_runs = std::any_of(runs.begin(), runs.end(), [&](Range run) { return run.contains(query); });
            RC_ASSERT(in_runs == truth.contains(query, key));
            RC_ASSERT(mirror->contains(key, query) == truth.contains(query, key));
        }
    }
    check_rows(*mirror->transposed(), truth);
}

void check_contract(const Mask& mask, const BruteForceMask& truth) {
    check_cells(mask, truth);
    check_rows(mask, truth);
    check_pairs(mask, truth);
    check_sets(mask, truth);
    check_zones(mask, truth);
    check_tiles(mask, truth);
    check_extent(mask, truth);
    check_mirror(mask, truth);
}

}  // namespace longscope
