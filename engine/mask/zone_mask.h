// SPDX-License-Identifier: GPL-3.0-or-later
// The compiled form of a mask: disjoint zones, some of them under stripes, cut into slabs of rows. All zones of a slab
// span exactly its rows or a part of them, so any question about some rows reads the slabs of these rows and nothing
// else. Memory and compile time grow with slabs and zones, never with the matrix.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/mask/mask.h"
#include "engine/mask/striped_zone.h"

namespace longscope {

class ZoneMask final : public Mask {
  public:
    // Replaces `out` by the disjoint zones inside the given rows.
    using SlabZones = std::function<void(Range rows, ZoneSet& out)>;
    // Makes one for a part of the slabs, which are asked for in order. May be called from several threads at once.
    using MakeSlabZones = std::function<SlabZones()>;

    // `breaks` are the rows at which a new slab begins (any order, repetitions and borders allowed).
    // The zones of each slab are asked for once; with several threads where there are many. `make_transposed` builds
    // the mirror image when asked for.
    ZoneMask(std::int64_t query_tokens, std::int64_t key_tokens, std::vector<std::int64_t> breaks,
             const MakeSlabZones& make_zones, std::function<std::unique_ptr<Mask>()> make_transposed);

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override;
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override;
    [[nodiscard]] std::int64_t pairs_with(Range rows, const TokenSet& keys) const override;
    [[nodiscard]] std::int64_t pairs_between(const TokenSet& queries, const TokenSet& keys) const override;
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override;
    void zones_in(Range rows, ZoneSet& out) const override;
    [[nodiscard]] std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const override;
    [[nodiscard]] Range key_extent(Range q) const override;
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override { return make_transposed_(); }

    // Slab by slab; what no stripe cuts, and the rest.
    [[nodiscard]] const ZoneList& zones() const { return zones_; }
    [[nodiscard]] const std::vector<StripedZone>& striped() const { return striped_; }
    [[nodiscard]] std::int64_t slabs() const { return static_cast<std::int64_t>(slabs_.size()); }

  private:
    struct Slab {
        Range rows;
        std::size_t first_zone = 0;
        std::size_t end_zone = 0;
        std::size_t first_striped = 0;
        std::size_t end_striped = 0;
        std::int64_t pairs_before = 0;  // in all slabs above this one
        std::int64_t pairs = 0;
        // Its zones ascend by where their keys begin, or their diagonals; none of them is wider on that side.
        bool by_diagonal = false;
        std::int64_t widest = 0;
    };
    struct Part {
        std::vector<Slab> slabs;
        ZoneList zones;
        std::vector<StripedZone> striped;
    };
    // The slabs between these breaks.
    static Part part_between(std::span<const std::int64_t> breaks, const SlabZones& zones_of);
    // The part is below all that is there.
    void append(const Part& below);
    static void order_zones(Slab& slab, ZoneList& zones);
    // Of a slab, the indices from the first to the last zone that may meet the box.
    [[nodiscard]] std::pair<std::size_t, std::size_t> zones_near(const Slab& slab, const Box& box) const;
    // The index of the slab that holds the row, or of the first one below it.
    [[nodiscard]] std::size_t slab_of(std::int64_t row) const;
    template <typename Visit>
    void visit_slabs(Range rows, Visit visit) const;
    template <typename Visit>
    void visit_zones(Range rows, Visit visit) const;
    template <typename Visit>
    void visit_striped(Range rows, Visit visit) const;

    std::vector<Slab> slabs_;  // only those with zones, ascending, disjoint
    ZoneList zones_;
    std::vector<StripedZone> striped_;
    std::function<std::unique_ptr<Mask>()> make_transposed_;
};

}  // namespace longscope
