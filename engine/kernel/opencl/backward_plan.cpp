// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/backward_plan.h"

#include <algorithm>
#include <span>

#include "engine/kernel/opencl/wide_geometry.h"

namespace longscope::opencl {

namespace {

constexpr std::int64_t word_bits = 32;

// tile x tile bits, own rows down.
class TileBits {
  public:
    explicit TileBits(std::int64_t tile)
        : tile_(tile), words_(tile / word_bits), bits_(static_cast<std::size_t>(tile * words_)) {}

    void clear() { std::fill(bits_.begin(), bits_.end(), 0U); }
    void set(std::int64_t row, std::int64_t column) {
        bits_[static_cast<std::size_t>(row * words_ + column / word_bits)] |= 1U << (column % word_bits);
    }
    // Of each group the panels that it needs and whether some row does not see all of them; then the bits.
    std::int64_t append_to(std::vector<std::uint32_t>& seen) const {
        const auto begin = static_cast<std::int64_t>(seen.size());
        for (std::int64_t row = 0; row < tile_; row += wide_row_group) {
            append_group(row, seen);
        }
        seen.insert(seen.end(), bits_.begin(), bits_.end());
        return begin;
    }

  private:
    // A panel is as wide as a word.
    void append_group(std::int64_t first, std::vector<std::uint32_t>& seen) const {
        static_assert(wide_panel == word_bits);
        std::int64_t begin = words_;
        std::int64_t end = 0;
        std::uint32_t all = ~0U;
        for (std::int64_t word = 0; word < words_; ++word) {
            if (any(first, word) != 0) {
                begin = std::min(begin, word);
                end = word + 1;
            }
        }
        for (std::int64_t word = begin; word < end; ++word) {
            for (std::int64_t row = first; row < first + wide_row_group; ++row) {
                all &= bits_[static_cast<std::size_t>(row * words_ + word)];
            }
        }
        const bool empty = begin >= end;
        seen.push_back(empty ? 0U : static_cast<std::uint32_t>(begin * word_bits));
        seen.push_back(empty ? 0U : static_cast<std::uint32_t>(end * word_bits));
        seen.push_back(all == ~0U ? 0U : 1U);
    }
    [[nodiscard]] std::uint32_t any(std::int64_t first, std::int64_t word) const {
        std::uint32_t found = 0;
        for (std::int64_t row = first; row < first + wide_row_group; ++row) {
            found |= bits_[static_cast<std::size_t>(row * words_ + word)];
        }
        return found;
    }

    std::int64_t tile_;
    std::int64_t words_;
    std::vector<std::uint32_t> bits_;
};

cl_int2 two(std::size_t a, std::int64_t b) {
    return {{static_cast<cl_int>(a), static_cast<cl_int>(b)}};
}

// Runs of each own tile, one list after the other.
void append_runs(const std::vector<std::vector<cl_int2>>& lists, BackwardSide& side) {
    for (const std::vector<cl_int2>& list : lists) {
        const std::size_t first = side.runs.size();
        side.runs.insert(side.runs.end(), list.begin(), list.end());
        side.ranges.push_back(two(first, static_cast<std::int64_t>(side.runs.size())));
        side.met.push_back(static_cast<std::int64_t>(list.size()));
    }
}

void append_kind(const std::vector<TilePlan>& plans, std::int64_t tile, std::int64_t row_tiles, std::int64_t key_tiles,
                 BackwardPlan& out) {
    std::vector<std::vector<cl_int2>> of_rows(static_cast<std::size_t>(row_tiles));
    std::vector<std::vector<cl_int2>> of_keys(static_cast<std::size_t>(key_tiles));
    TileBits down(tile);
    TileBits across(tile);
    for (std::size_t i = 0; i < static_cast<std::size_t>(row_tiles); ++i) {
        out.pairs.push_back(i < plans.size() ? plans[i].pairs : 0);
        if (i >= plans.size()) {
            continue;
        }
        const TilePlan& plan = plans[i];
        for (const TileRun& run : plan.tiles) {
            for (std::int64_t key_tile = run.tiles.begin; key_tile < run.tiles.end; ++key_tile) {
                std::int64_t seen_by_rows = -1;
                std::int64_t seen_by_keys = -1;
                if (run.tile_class != TileClass::full) {
                    down.clear();
                    across.clear();
                    const std::int64_t first = key_tile * tile;
                    for (std::int64_t row = 0; row < plan.rows.size(); ++row) {
                        plan.seen.for_each(row, {first, first + tile}, [&](Range columns) {
                            for (std::int64_t column = columns.begin - first; column < columns.end - first; ++column) {
                                down.set(row, column);
                                across.set(column, row);
                            }
                        });
                    }
                    seen_by_rows = down.append_to(out.of_queries.seen);
                    seen_by_keys = across.append_to(out.of_keys.seen);
                }
                of_rows[i].push_back(two(static_cast<std::size_t>(key_tile), seen_by_rows));
                of_keys[static_cast<std::size_t>(key_tile)].push_back(two(i, seen_by_keys));
            }
        }
    }
    append_runs(of_rows, out.of_queries);
    append_runs(of_keys, out.of_keys);
}

}  // namespace

BackwardPlan backward_plan(const std::vector<std::vector<TilePlan>>& plans, std::int64_t tile, std::int64_t row_tiles,
                           std::int64_t key_tiles) {
    BackwardPlan plan;
    for (const std::vector<TilePlan>& of_kind : plans) {
        append_kind(of_kind, tile, row_tiles, key_tiles, plan);
    }
    return plan;
}

std::int64_t most_bytes_of_pair(std::int64_t tile) {
    constexpr std::int64_t sides = 2;
    return sides * (tile * tile / 8 + 3 * tile / wide_row_group * std::int64_t{sizeof(std::uint32_t)} +
                    std::int64_t{sizeof(cl_int2)});
}

}  // namespace longscope::opencl
