// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask.h"

#include <mutex>

#include "engine/base/thread_team.h"
#include "engine/mask/zone_gatherer.h"

namespace longscope {

TileClass Mask::tile_class(const Box& tile) const {
    const Box inside{intersect(tile.q, {0, query_tokens_}), intersect(tile.k, {0, key_tokens_})};
    const std::int64_t kept = pairs_in(inside);
    if (kept == 0) {
        return TileClass::empty;
    }
    return kept == inside.pairs() ? TileClass::full : TileClass::partial;
}

std::int64_t Mask::pairs_between(const TokenSet& queries, const TokenSet& keys) const {
    std::int64_t sum = 0;
    for (const Range rows : queries.ranges()) {
        sum += pairs_with(rows, keys);
    }
    return sum;
}

void Mask::zones_in(Range rows, ZoneSet& out) const {
    ZoneGatherer gatherer("mask");
    std::vector<Range> runs;
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
        row_runs(row, runs);
        gatherer.add(row, runs);
    }
    out.striped.clear();
    out.zones = gatherer.finish();
}

TileRowCounts Mask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    TileRowCounts counts;
    for (const TileRun& run : classify_row_of_tiles(q, k_tile)) {
        counts.of(run.tile_class) += run.tiles.size();
    }
    return counts;
}

TileCounts count_tiles(const Mask& mask, std::int64_t q_tile, std::int64_t k_tile) {
    TileCounts counts{q_tile, k_tile};
    std::mutex adding;
    const std::int64_t rows = (mask.query_tokens() + q_tile - 1) / q_tile;
    const auto count = [&](std::int64_t begin, std::int64_t end) {
        TileRowCounts sum;
        for (std::int64_t q = begin * q_tile; q < std::min(end * q_tile, mask.query_tokens()); q += q_tile) {
            sum += mask.count_row_of_tiles({q, std::min(q + q_tile, mask.query_tokens())}, k_tile);
        }
        const std::lock_guard lock(adding);
        counts.empty += sum.empty;
        counts.full += sum.full;
        counts.partial += sum.partial;
    };
    // Fewer are counted before another thread has begun.
    constexpr std::int64_t rows_a_thread = 512;
    if (rows <= rows_a_thread) {
        count(0, rows);
    } else {
        ThreadTeam().for_each_range(rows, rows_a_thread, count);
    }
    return counts;
}

}  // namespace longscope
