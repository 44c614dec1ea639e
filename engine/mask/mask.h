// SPDX-License-Identifier: GPL-3.0-or-later
// The contract through which everything else asks a mask: kernels, schedules, areas, drawings, exports.
// Orientation: queries are rows and go down, keys are columns and go right. A mask is immutable after construction and
// may be asked from any number of threads at once.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/mask/striped_zone.h"
#include "engine/mask/token_set.h"
#include "engine/mask/zone.h"

namespace longscope {

enum class TileClass { empty, full, partial };

// Consecutive tiles of one class in a row of tiles; the range counts tiles, not tokens.
struct TileRun {
    Range tiles;
    TileClass tile_class = TileClass::empty;
    [[nodiscard]] bool operator==(const TileRun&) const = default;
};

// How many tiles of a row of tiles are of each class.
struct TileRowCounts {
    std::int64_t empty = 0;
    std::int64_t full = 0;
    std::int64_t partial = 0;

    [[nodiscard]] std::int64_t& of(TileClass tile_class) {
        return tile_class == TileClass::empty ? empty : tile_class == TileClass::full ? full : partial;
    }
    TileRowCounts& operator+=(const TileRowCounts& more) {
        empty += more.empty;
        full += more.full;
        partial += more.partial;
        return *this;
    }
    [[nodiscard]] bool operator==(const TileRowCounts&) const = default;
};

class Mask {
  public:
    Mask(const Mask&) = delete;
    Mask& operator=(const Mask&) = delete;
    Mask(Mask&&) = delete;
    Mask& operator=(Mask&&) = delete;
    virtual ~Mask() = default;

    [[nodiscard]] std::int64_t query_tokens() const { return query_tokens_; }
    [[nodiscard]] std::int64_t key_tokens() const { return key_tokens_; }
    [[nodiscard]] Box box() const { return {{0, query_tokens_}, {0, key_tokens_}}; }

    // May query `query` see key `key`?
    [[nodiscard]] virtual bool contains(std::int64_t query, std::int64_t key) const = 0;

    // The exact number of kept pairs in a box; parts of the box outside the matrix count as masked.
    [[nodiscard]] virtual std::int64_t pairs_in(const Box& box) const = 0;

    // The exact number of kept pairs of the queries in `rows`, which lie in the matrix, with the keys of a set.
    [[nodiscard]] virtual std::int64_t pairs_with(Range rows, const TokenSet& keys) const = 0;

    // The same of the queries of a set.
    [[nodiscard]] virtual std::int64_t pairs_between(const TokenSet& queries, const TokenSet& keys) const;

    // Replaces `runs` by the keys of one query as ascending, disjoint, non-adjacent ranges.
    virtual void row_runs(std::int64_t query, std::vector<Range>& runs) const = 0;

    // Replaces `out` by the kept pairs of the queries in `rows`, which lie in the matrix, as disjoint zones. Made of
    // the runs of each row where a mask knows no better way; throws Error(bad_input) where these are very many.
    virtual void zones_in(Range rows, ZoneSet& out) const;

    // The classes of all tiles of k_tile columns (the last one may be narrower) in the rows q, as maximal runs that
    // cover all columns. q must not be empty and must lie in the matrix.
    [[nodiscard]] virtual std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const = 0;

    // How many there are of each class.
    [[nodiscard]] virtual TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const;

    // A range that holds every key that some query of q sees; as narrow as is cheap to tell.
    [[nodiscard]] virtual Range key_extent(Range q) const = 0;

    // The mask of (k, q).
    [[nodiscard]] virtual std::unique_ptr<Mask> transposed() const = 0;

    [[nodiscard]] std::int64_t pairs() const { return pairs_in(box()); }
    [[nodiscard]] TileClass tile_class(const Box& tile) const;

  protected:
    Mask(std::int64_t query_tokens, std::int64_t key_tokens) : query_tokens_(query_tokens), key_tokens_(key_tokens) {}

  private:
    std::int64_t query_tokens_;
    std::int64_t key_tokens_;
};

// How many tiles of each class a mask has, and how much work they stand for.
struct TileCounts {
    std::int64_t q_tile = 0;
    std::int64_t k_tile = 0;
    std::int64_t empty = 0;
    std::int64_t full = 0;
    std::int64_t partial = 0;

    [[nodiscard]] std::int64_t total() const { return empty + full + partial; }
    // The share of tiles that a kernel which skips only empty tiles computes.
    [[nodiscard]] double kept_share() const {
        return total() == 0 ? 0.0 : static_cast<double>(full + partial) / static_cast<double>(total());
    }
};

// With several threads where there are many rows of tiles.
[[nodiscard]] TileCounts count_tiles(const Mask& mask, std::int64_t q_tile, std::int64_t k_tile);

}  // namespace longscope
