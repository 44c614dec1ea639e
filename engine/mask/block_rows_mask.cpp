// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/block_rows_mask.h"

#include <algorithm>

namespace longscope {

BlockRows BlockRows::transposed() const {
    BlockRows mirror;
    mirror.rows = columns;
    mirror.columns = rows;
    const auto count = static_cast<std::size_t>(mirror.row_count());
    // Runs of the mirror's rows, begun and last continued by one of these rows. The runs are counted, then written.
    std::vector<std::uint32_t> next(count, 0);  // the row after the one that continued the last run, or 0
    mirror.first_run.assign(count + 1, 0);
    const auto visit = [&](const auto& begin, const auto& go_on) {
        std::fill(next.begin(), next.end(), 0U);
        for (std::int64_t row = 0; row < row_count(); ++row) {
            for (const BlockRun& run : runs_of(row)) {
                for (std::size_t column = run.begin; column < run.end; ++column) {
                    if (next[column] == static_cast<std::uint32_t>(row) && row > 0) {
                        go_on(column);
                    } else {
                        begin(column, static_cast<std::uint32_t>(row));
                    }
                    next[column] = static_cast<std::uint32_t>(row + 1);
                }
            }
        }
    };
    visit([&](std::size_t column, std::uint32_t /*row*/) { ++mirror.first_run[column + 1]; },
          [](std::size_t /*column*/) {});
    for (std::size_t column = 0; column < count; ++column) {
        mirror.first_run[column + 1] += mirror.first_run[column];
    }
    mirror.runs.resize(mirror.first_run[count]);
    std::vector<std::size_t> end(mirror.first_run.begin(), mirror.first_run.end() - 1);
    visit(
        [&](std::size_t column, std::uint32_t row) {
            mirror.runs[end[column]++] = {row, row + 1};
        },
        [&](std::size_t column) { ++mirror.runs[end[column] - 1].end; });
    return mirror;
}

BlockRowsMask::BlockRowsMask(BlockRows blocks)
    : LazyMask(blocks.rows.back(), blocks.columns.back(), {blocks.rows.begin(), blocks.rows.end()}),
      blocks_(std::move(blocks)) {
    pairs_before_.reserve(blocks_.rows.size());
    std::int64_t sum = 0;
    for (std::int64_t row = 0; row < blocks_.row_count(); ++row) {
        pairs_before_.push_back(sum);
        std::int64_t keys = 0;
        for (const BlockRun& run : blocks_.runs_of(row)) {
            keys += blocks_.keys_of(run).size();
        }
        sum += keys * blocks_.tokens_of(row).size();
    }
    pairs_before_.push_back(sum);
}

std::int64_t BlockRowsMask::row_of(std::int64_t query) const {
    return std::upper_bound(blocks_.rows.begin(), blocks_.rows.end(), query) - blocks_.rows.begin() - 1;
}

std::span<const BlockRun> BlockRowsMask::runs_from(std::int64_t row, std::int64_t key) const {
    const std::span<const BlockRun> runs = blocks_.runs_of(row);
    const auto found = std::partition_point(runs.begin(), runs.end(),
                                            [&](const BlockRun& run) { return blocks_.keys_of(run).end <= key; });
    return runs.subspan(static_cast<std::size_t>(found - runs.begin()));
}

template <typename Visit>
void BlockRowsMask::visit_rows(Range tokens, Visit visit) const {
    if (tokens.empty()) {
        return;
    }
    for (std::int64_t row = row_of(tokens.begin); row < blocks_.row_count(); ++row) {
        const Range part = intersect(blocks_.tokens_of(row), tokens);
        if (part.begin >= tokens.end) {
            return;
        }
        if (!part.empty()) {
            visit(row, part);
        }
    }
}

bool BlockRowsMask::contains(std::int64_t query, std::int64_t key) const {
    if (!box().q.contains(query) || !box().k.contains(key)) {
        return false;
    }
    const auto runs = runs_from(row_of(query), key);
    return !runs.empty() && blocks_.keys_of(runs.front()).begin <= key;
}

std::int64_t BlockRowsMask::pairs_in(const Box& any_box) const {
    const Box part{intersect(any_box.q, box().q), intersect(any_box.k, box().k)};
    if (part.k.empty()) {
        return 0;
    }
    if (part == box()) {
        return pairs_before_.back();
    }
    std::int64_t sum = 0;
    visit_rows(part.q, [&](std::int64_t row, Range tokens) {
        if (part.k == box().k) {
            const auto at = static_cast<std::size_t>(row);
            const std::int64_t all = pairs_before_[at + 1] - pairs_before_[at];
            sum += all / blocks_.tokens_of(row).size() * tokens.size();
            return;
        }
        std::int64_t keys = 0;
        for (const BlockRun& run : runs_from(row, part.k.begin)) {
            const Range own = blocks_.keys_of(run);
            if (own.begin >= part.k.end) {
                break;
            }
            keys += intersect(own, part.k).size();
        }
        sum += keys * tokens.size();
    });
    return sum;
}

void BlockRowsMask::row_runs(std::int64_t query, std::vector<Range>& runs) const {
    runs.clear();
    for (const BlockRun& run : blocks_.runs_of(row_of(query))) {
        runs.push_back(blocks_.keys_of(run));
    }
}

void BlockRowsMask::zones_in(Range rows, ZoneSet& out) const {
    out.clear();
    visit_rows(rows, [&](std::int64_t row, Range tokens) {
        for (const BlockRun& run : blocks_.runs_of(row)) {
            out.zones.push_back(box_zone({tokens, blocks_.keys_of(run)}));
        }
    });
}

TileSums BlockRowsMask::tile_sums(Range q, std::int64_t k_tile) const {
    TileSums sums(key_tokens(), k_tile);
    visit_rows(q, [&](std::int64_t row, Range tokens) {
        for (const BlockRun& run : blocks_.runs_of(row)) {
            sums.add(blocks_.keys_of(run), tokens.size());
        }
    });
    return sums;
}

bool BlockRowsMask::has_few_runs(Range q, std::int64_t k_tile) const {
    std::size_t runs = 0;
    visit_rows(q, [&](std::int64_t row, Range /*tokens*/) { runs += blocks_.runs_of(row).size(); });
    constexpr std::int64_t tiles_a_run = 8;
    return static_cast<std::int64_t>(runs) * tiles_a_run < key_tokens() / k_tile;
}

std::vector<TileRun> BlockRowsMask::classify_row_of_tiles(Range q, std::int64_t k_tile) const {
    if (has_few_runs(q, k_tile)) {
        return LazyMask::classify_row_of_tiles(q, k_tile);
    }
    return tile_sums(q, k_tile).runs(q.size());
}

TileRowCounts BlockRowsMask::count_row_of_tiles(Range q, std::int64_t k_tile) const {
    if (has_few_runs(q, k_tile)) {
        return LazyMask::count_row_of_tiles(q, k_tile);
    }
    return tile_sums(q, k_tile).counts(q.size());
}

std::unique_ptr<Mask> BlockRowsMask::transposed() const {
    return std::make_unique<BlockRowsMask>(blocks_.transposed());
}

}  // namespace longscope
