// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_lists.h"

#include <algorithm>

namespace longscope {

namespace {

// Below this many comparisons it does not pay to sort.
constexpr std::size_t few = 16;

// Finds the zones that may meet another one, by their keys or by their diagonals, whichever tells more of them apart:
// columns differ in their keys, bands in their diagonals.
class ZoneIndex {
  public:
    explicit ZoneIndex(const ZoneList& zones)
        : zones_(zones), by_key_(zones, &Zone::k), by_diagonal_(zones, &Zone::d) {}

    // Replaces `found` by all zones that meet this one, in no order.
    void find(const Zone& zone, ZoneList& found) const {
        const Span keys = by_key_.near(zone.k);
        const Span diagonals = by_diagonal_.near(zone.d);
        const Span& nearer = keys.end - keys.begin <= diagonals.end - diagonals.begin ? keys : diagonals;
        found.clear();
        for (auto at = nearer.begin; at != nearer.end; ++at) {
            if (!intersect(zones_[at->second], zone).empty()) {
                found.push_back(zones_[at->second]);
            }
        }
    }

  private:
    using Entry = std::pair<std::int64_t, std::size_t>;
    struct Span {
        std::vector<Entry>::const_iterator begin;
        std::vector<Entry>::const_iterator end;
    };
    class Side {
      public:
        Side(const ZoneList& zones, Range Zone::*side) {
            entries_.reserve(zones.size());
            for (std::size_t i = 0; i < zones.size(); ++i) {
                entries_.emplace_back((zones[i].*side).begin, i);
                widest_ = std::max(widest_, (zones[i].*side).size());
            }
            std::sort(entries_.begin(), entries_.end());
        }
        // Those that may have something of the range.
        [[nodiscard]] Span near(Range range) const {
            const auto before = [](const Entry& entry, std::int64_t value) { return entry.first < value; };
            return {std::lower_bound(entries_.begin(), entries_.end(), range.begin - widest_ + 1, before),
                    std::lower_bound(entries_.begin(), entries_.end(), range.end, before)};
        }

      private:
        std::vector<Entry> entries_;
        std::int64_t widest_ = 0;
    };

    const ZoneList& zones_;
    Side by_key_;
    Side by_diagonal_;
};

// Appends what is left of the zone. Of what was cut off, pieces that nothing of the rest can meet are left alone.
void append_rest(const Zone& zone, ZoneList& removed, ZoneList& out) {
    std::sort(removed.begin(), removed.end(),
              [](const Zone& a, const Zone& b) { return a.k.begin + a.d.begin < b.k.begin + b.d.begin; });
    struct Least {
        std::int64_t key;
        std::int64_t diagonal;
    };
    std::vector<Least> from_here(removed.size());  // where the removed zones from here on begin
    Least least{4 * max_tokens, 4 * max_tokens};
    for (std::size_t i = removed.size(); i-- > 0;) {
        least = {std::min(least.key, removed[i].k.begin), std::min(least.diagonal, removed[i].d.begin)};
        from_here[i] = least;
    }
    ZoneList pieces{zone};
    ZoneList next;
    for (std::size_t i = 0; i < removed.size(); ++i) {
        next.clear();
        for (const Zone& piece : pieces) {
            const bool done = piece.k.end <= from_here[i].key || piece.d.end <= from_here[i].diagonal;
            if (done) {
                out.push_back(piece);
            } else {
                append_difference(piece, removed[i], next);
            }
        }
        pieces.swap(next);
    }
    out.insert(out.end(), pieces.begin(), pieces.end());
}

}  // namespace

void subtract(ZoneList& zones, const ZoneList& removed) {
    ZoneList rest;
    if (zones.size() * removed.size() <= few) {
        for (const Zone& zone : removed) {
            rest.clear();
            for (const Zone& piece : zones) {
                append_difference(piece, zone, rest);
            }
            zones.swap(rest);
        }
        return;
    }
    const ZoneIndex index(removed);
    ZoneList met;
    for (const Zone& zone : zones) {
        index.find(zone, met);
        append_rest(zone, met, rest);
    }
    zones.swap(rest);
}

void intersect_lists(ZoneList& zones, const ZoneList& others) {
    ZoneList common;
    const auto append = [&](const Zone& zone, const ZoneList& candidates) {
        for (const Zone& other : candidates) {
            if (const Zone part = intersect(zone, other); !part.empty()) {
                common.push_back(part);
            }
        }
    };
    if (zones.size() * others.size() <= few) {
        for (const Zone& zone : zones) {
            append(zone, others);
        }
    } else {
        const ZoneIndex index(others);
        ZoneList met;
        for (const Zone& zone : zones) {
            index.find(zone, met);
            append(zone, met);
        }
    }
    zones.swap(common);
}

void unite_lists(ZoneList& zones, ZoneList others) {
    subtract(others, zones);
    zones.insert(zones.end(), others.begin(), others.end());
}

}  // namespace longscope
