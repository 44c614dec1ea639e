// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/placed_mask.h"

namespace longscope {

namespace {

Range moved(Range range, std::int64_t distance) {
    return {range.begin + distance, range.end + distance};
}

std::vector<std::int64_t> moved_slabs(const MaskPlace& place) {
    std::vector<std::int64_t> begins = slab_begins_of(*place.mask);
    for (std::int64_t& row : begins) {
        row += place.queries;
    }
    begins.push_back(place.box.q.begin);
    begins.push_back(place.box.q.end);
    return begins;
}

class SharedMask final : public LazyMask {
  public:
    explicit SharedMask(std::shared_ptr<const Mask> mask)
        : LazyMask(mask->query_tokens(), mask->key_tokens(), slab_begins_of(*mask)), mask_(std::move(mask)) {}

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const override {
        return mask_->contains(query, key);
    }
    [[nodiscard]] std::int64_t pairs_in(const Box& box) const override { return mask_->pairs_in(box); }
    [[nodiscard]] std::int64_t pairs_with(Range rows, const TokenSet& keys) const override {
        return mask_->pairs_with(rows, keys);
    }
    [[nodiscard]] std::int64_t pairs_between(const TokenSet& queries, const TokenSet& keys) const override {
        return mask_->pairs_between(queries, keys);
    }
    void row_runs(std::int64_t query, std::vector<Range>& runs) const override { mask_->row_runs(query, runs); }
    void zones_in(Range rows, ZoneSet& out) const override { mask_->zones_in(rows, out); }
    [[nodiscard]] std::vector<TileRun> classify_row_of_tiles(Range q, std::int64_t k_tile) const override {
        return mask_->classify_row_of_tiles(q, k_tile);
    }
    [[nodiscard]] TileRowCounts count_row_of_tiles(Range q, std::int64_t k_tile) const override {
        return mask_->count_row_of_tiles(q, k_tile);
    }
    [[nodiscard]] Range key_extent(Range q) const override { return mask_->key_extent(q); }
    [[nodiscard]] std::unique_ptr<Mask> transposed() const override { return mask_->transposed(); }
    [[nodiscard]] bool has_zones_at_hand() const override { return longscope::has_zones_at_hand(*mask_); }

  private:
    std::shared_ptr<const Mask> mask_;
};

}  // namespace

MaskPlace MaskPlace::translated(std::int64_t more_queries, std::int64_t more_keys) const {
    return {mask, queries + more_queries, keys + more_keys, {moved(box.q, more_queries), moved(box.k, more_keys)}};
}

PlacedMask::PlacedMask(std::int64_t query_tokens, std::int64_t key_tokens, const MaskPlace& place)
    : LazyMask(query_tokens, key_tokens, moved_slabs(place)), place_(place.cut_to(box())) {
    place_ = place_.cut_to({moved(place.mask->box().q, place.queries), moved(place.mask->box().k, place.keys)});
}

bool PlacedMask::contains(std::int64_t query, std::int64_t key) const {
    return place_.box.q.contains(query) && place_.box.k.contains(key) &&
           place_.mask->contains(query - place_.queries, key - place_.keys);
}

std::int64_t PlacedMask::pairs_in(const Box& box) const {
    const MaskPlace part = place_.cut_to(box);
    if (part.box.q.empty() || part.box.k.empty()) {
        return 0;
    }
    return place_.mask->pairs_in({moved(part.box.q, -place_.queries), moved(part.box.k, -place_.keys)});
}

void PlacedMask::row_runs(std::int64_t query, std::vector<Range>& runs) const {
    runs.clear();
    if (!place_.box.q.contains(query)) {
        return;
    }
    place_.mask->row_runs(query - place_.queries, runs);
    for (Range& run : runs) {
        run = intersect(moved(run, place_.keys), place_.box.k);
    }
    std::erase_if(runs, [](Range run) { return run.empty(); });
}

void PlacedMask::zones_in(Range rows, ZoneSet& out) const {
    out.clear();
    const Box part{intersect(rows, place_.box.q), place_.box.k};
    if (part.q.empty() || part.k.empty()) {
        return;
    }
    ZoneSet all;
    place_.mask->zones_in(moved(part.q, -place_.queries), all);
    const Zone clip = box_zone(part);
    for (const Zone& zone : all.zones) {
        const Zone inside = intersect(translated(zone, place_.queries, place_.keys), clip);
        if (!inside.empty()) {
            out.zones.push_back(inside);
        }
    }
    for (const StripedZone& striped : all.striped) {
        append_part(translated(striped, place_.queries, place_.keys), clip, out);
    }
}

std::unique_ptr<Mask> PlacedMask::transposed() const {
    return std::make_unique<PlacedMask>(key_tokens(), query_tokens(), place_.transposed());
}

std::shared_ptr<const Mask> mask_at(const MaskPlace& place, std::int64_t query_tokens, std::int64_t key_tokens) {
    const Box all{{0, query_tokens}, {0, key_tokens}};
    if (place.queries == 0 && place.keys == 0 && place.box == all && place.mask->box() == all) {
        return place.mask;
    }
    return std::make_shared<PlacedMask>(query_tokens, key_tokens, place);
}

std::unique_ptr<Mask> shared_mask(std::shared_ptr<const Mask> mask) {
    return std::make_unique<SharedMask>(std::move(mask));
}

std::vector<std::int64_t> slab_begins_of(const Mask& mask) {
    const auto* lazy = dynamic_cast<const LazyMask*>(&mask);
    return lazy == nullptr ? std::vector<std::int64_t>{} : lazy->slab_begins();
}

}  // namespace longscope
