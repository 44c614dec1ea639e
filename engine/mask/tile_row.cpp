// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/tile_row.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>

namespace longscope {

namespace {

// Goes through the columns from cut to cut: columns at which what a zone covers changes its kind, because it begins to
// be seen, begins to be seen by all of its rows, ceases to be, or ends.
class TileRowSweep {
  public:
    explicit TileRowSweep(const TileRow& row)
        : row_(row),
          tiles_((row.key_tokens + row.k_tile - 1) / row.k_tile),
          shift_(std::has_single_bit(static_cast<std::uint64_t>(row.k_tile))
                     ? std::countr_zero(static_cast<std::uint64_t>(row.k_tile))
                     : -1),
          cuts_{0, tiles_} {
        parts_.reserve(row.zones.zones.size() + row.zones.striped.size());
        for (const Zone& zone : row.zones.zones) {
            add(zone, nullptr);
        }
        for (const StripedZone& striped : row.zones.striped) {
            add(striped.zone, &striped);
        }
        std::sort(cuts_.begin(), cuts_.end());
        cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
        std::sort(parts_.begin(), parts_.end(),
                  [](const Part& a, const Part& b) { return a.zone->k.begin < b.zone->k.begin; });
    }

    // Calls sink.add(tiles, classes) from left to right: tiles of which the i-th has the class i mod the number of
    // classes; or sink.add(counts) where a sink takes them and they are known without the classes.
    template <typename Sink>
    void run(Sink& sink) {
        auto next = parts_.begin();
        std::vector<TileClass> classes;
        for (std::size_t i = 0; i + 1 < cuts_.size(); ++i) {
            const Range tiles{cuts_[i], cuts_[i + 1]};
            const Range columns{tiles.begin * row_.k_tile, std::min(tiles.end * row_.k_tile, row_.key_tokens)};
            std::erase_if(near_, [&](const Part& part) { return part.zone->k.end <= columns.begin; });
            while (next != parts_.end() && next->zone->k.begin < columns.end) {
                near_.push_back(*next++);
            }
            if constexpr (Sink::takes_counts) {
                if (TileRowCounts counts; count_under_one_stripe(tiles, columns, counts)) {
                    sink.add(counts);
                    continue;
                }
            }
            classes.clear();
            const std::int64_t period = period_of(tiles, columns);
            for (std::int64_t tile = tiles.begin; tile < tiles.begin + period; ++tile) {
                classes.push_back(class_of(tile));
            }
            sink.add(tiles, std::span<const TileClass>(classes));
        }
    }

  private:
    struct Part {
        const Zone* zone;
        const StripedZone* striped;  // null where no stripe cuts the zone
    };

    void add(const Zone& zone, const StripedZone* striped) {
        parts_.push_back({&zone, striped});
        cut_at_tile_of(zone.k.begin);
        cut_at_tile_of(zone.k.end);
        // Where the slanted sides end; boxes, of which there may be very many, have none.
        if (const std::int64_t left = zone.q.end - 1 + zone.d.begin; left > zone.k.begin) {
            cut_at_tile_of(std::min(left, zone.k.end));
        }
        if (const std::int64_t right = zone.q.begin + zone.d.end; right < zone.k.end) {
            cut_at_tile_of(std::max(right, zone.k.begin));
        }
    }

    // `column` from 0 to the number of keys.
    void cut_at_tile_of(std::int64_t column) {
        // Division takes longer than all else here.
        const std::int64_t tile = shift_ >= 0 ? column >> shift_ : column / row_.k_tile;
        cuts_.push_back(tile);
        if (tile * row_.k_tile != column && tile < tiles_) {
            cuts_.push_back(tile + 1);
        }
    }

    // Whether a zone covers all of its rows in each of these columns that it reaches; otherwise one of its slanted
    // sides crosses them.
    [[nodiscard]] static bool is_upright(const Zone& zone, Range columns) {
        const Range whole_rows{zone.q.end - 1 + zone.d.begin, zone.q.begin + zone.d.end};
        const Range seen = intersect(zone.k, columns);
        return seen.empty() || intersect(whole_rows, seen) == seen;
    }

    // Where all there is stands upright under the same stripe of keys, or is one zone under a stripe of diagonals: a
    // tile is empty when a gap between teeth holds it, and full when a tooth does and there are all rows. Tiles come in
    // equal steps, so that both are counted without a look at each.
    [[nodiscard]] bool count_under_one_stripe(Range tiles, Range columns, TileRowCounts& counts) const {
        if (near_.empty() || tiles.size() == 1 || columns.size() != tiles.size() * row_.k_tile) {
            return false;
        }
        std::int64_t rows = 0;
        const Stripe* stripe = nullptr;
        for (const Part& part : near_) {
            const bool one = part.striped != nullptr && part.striped->stripes().size() == 1;
            if (!one || (stripe != nullptr && part.striped->stripes().front() != *stripe) ||
                intersect(part.zone->k, columns) != columns || !is_upright(*part.zone, columns)) {
                return false;
            }
            stripe = &part.striped->stripes().front();
            rows += part.zone->q.size();
        }
        const bool diagonal = stripe->axis == StripeAxis::diagonal;
        if (stripe->axis == StripeAxis::query || (diagonal && near_.size() > 1)) {
            return false;
        }
        // The numbers that the first tile takes of the axis.
        const std::int64_t begin = columns.begin - (diagonal ? near_.front().zone->q.end - 1 : 0);
        const std::int64_t length = row_.k_tile + (diagonal ? rows - 1 : 0);
        const auto held_by = [&](const Stripe& holder) {
            const std::int64_t beginnings = holder.width - length + 1;
            return beginnings <= 0 ? 0
                                   : Stripe::of(holder.axis, holder.modulus, holder.first, beginnings)
                                         .count_of({begin, row_.k_tile, tiles.size()});
        };
        counts.empty = held_by(stripe->complement());
        counts.full = rows == row_.q.size() ? held_by(*stripe) : 0;
        counts.partial = tiles.size() - counts.empty - counts.full;
        return true;
    }

    // After how many tiles between two cuts the classes repeat. A zone there covers all of its rows in every column,
    // none, or (on its slanted sides) a changing part, and only in the last case do tiles differ from one another;
    // under a stripe they repeat with it.
    [[nodiscard]] std::int64_t period_of(Range tiles, Range columns) const {
        std::int64_t period = 1;
        for (const Part& part : near_) {
            if (!is_upright(*part.zone, columns)) {
                return tiles.size();
            }
            if (part.striped == nullptr) {
                continue;
            }
            for (const Stripe& stripe : part.striped->stripes()) {
                if (stripe.axis != StripeAxis::query) {
                    period = std::lcm(period, stripe.modulus / std::gcd(stripe.modulus, row_.k_tile));
                }
                if (period >= tiles.size()) {
                    return tiles.size();
                }
            }
        }
        return period;
    }

    [[nodiscard]] TileClass class_of(std::int64_t tile) const {
        const Box box{row_.q, {tile * row_.k_tile, std::min((tile + 1) * row_.k_tile, row_.key_tokens)}};
        const Zone clip = box_zone(box);
        std::int64_t kept = 0;
        for (const Part& part : near_) {
            kept += part.striped == nullptr ? pairs(intersect(*part.zone, clip)) : pairs(*part.striped, clip);
        }
        return kept == 0 ? TileClass::empty : kept == box.pairs() ? TileClass::full : TileClass::partial;
    }

    const TileRow& row_;
    std::int64_t tiles_;
    int shift_;  // the tile of a column is so many bits further to the right; -1: k_tile is no power of two
    std::vector<std::int64_t> cuts_;
    std::vector<Part> parts_;  // by where their keys begin
    std::vector<Part> near_;   // those that have a column between the two cuts at hand
};

struct Runs {
    static constexpr bool takes_counts = false;
    std::vector<TileRun> runs;

    void append(Range tiles, TileClass tile_class) {
        if (!runs.empty() && runs.back().tile_class == tile_class) {
            runs.back().tiles.end = tiles.end;
        } else {
            runs.push_back({tiles, tile_class});
        }
    }
    void add(Range tiles, std::span<const TileClass> classes) {
        const bool same = std::all_of(classes.begin(), classes.end(),
                                      [&](TileClass tile_class) { return tile_class == classes.front(); });
        if (same) {
            append(tiles, classes.front());
            return;
        }
        for (std::int64_t tile = tiles.begin; tile < tiles.end; ++tile) {
            append({tile, tile + 1}, classes[static_cast<std::size_t>(tile - tiles.begin) % classes.size()]);
        }
    }
};

struct Counts {
    static constexpr bool takes_counts = true;
    TileRowCounts counts;

    void add(const TileRowCounts& more) { counts += more; }
    void add(Range tiles, std::span<const TileClass> classes) {
        const auto period = static_cast<std::int64_t>(classes.size());
        const std::int64_t periods = tiles.size() / period;
        const std::int64_t rest = tiles.size() % period;
        for (std::int64_t i = 0; i < period; ++i) {
            counts.of(classes[static_cast<std::size_t>(i)]) += periods + (i < rest ? 1 : 0);
        }
    }
};

}  // namespace

std::vector<TileRun> classify_tiles(const TileRow& row) {
    Runs sink;
    TileRowSweep(row).run(sink);
    return std::move(sink.runs);
}

TileRowCounts count_tiles(const TileRow& row) {
    Counts sink;
    TileRowSweep(row).run(sink);
    return sink.counts;
}

std::vector<TileRun> classify_tiles(const Mask& mask, Range q, std::int64_t k_tile) {
    ZoneSet set;
    mask.zones_in(q, set);
    return classify_tiles({set, q, mask.key_tokens(), k_tile});
}

TileRowCounts count_tiles(const Mask& mask, Range q, std::int64_t k_tile) {
    ZoneSet set;
    mask.zones_in(q, set);
    return count_tiles({set, q, mask.key_tokens(), k_tile});
}

}  // namespace longscope
