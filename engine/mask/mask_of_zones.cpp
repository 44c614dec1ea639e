// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_of_zones.h"

#include <algorithm>

#include "engine/mask/zone_mask.h"

namespace longscope {

namespace {

constexpr std::int64_t min_changes_a_slab = 16;

// A slab ends when as many zones have begun or ended in it as were there at its beginning: a row then asks few zones
// that it does not meet, and all cuts together make no more pieces than there are zones.
std::vector<std::int64_t> slab_breaks(const ZoneList& by_begin) {
    std::vector<std::int64_t> ends;
    ends.reserve(by_begin.size());
    for (const Zone& zone : by_begin) {
        ends.push_back(zone.q.end);
    }
    std::sort(ends.begin(), ends.end());
    std::vector<std::int64_t> breaks;
    std::int64_t active = 0;
    std::int64_t changes = 0;
    std::int64_t changes_to_break = min_changes_a_slab;
    std::size_t begun = 0;
    std::size_t ended = 0;
    while (ended < ends.size()) {
        const bool begins = begun < by_begin.size() && by_begin[begun].q.begin < ends[ended];
        const std::int64_t row = begins ? by_begin[begun].q.begin : ends[ended];
        if (changes >= changes_to_break && (breaks.empty() || breaks.back() != row)) {
            breaks.push_back(row);
            changes = 0;
            changes_to_break = std::max(min_changes_a_slab, active);
        }
        active += begins ? 1 : -1;
        (begins ? begun : ended) += 1;
        ++changes;
    }
    return breaks;
}

// Hands out the parts of the zones in slab after slab.
class Slabs {
  public:
    explicit Slabs(const ZoneList& by_begin) : zones_(by_begin) {}

    void zones_in(Range rows, ZoneList& out) {
        while (next_ < zones_.size() && zones_[next_].q.begin < rows.end) {
            active_.push_back(zones_[next_++]);
        }
        std::erase_if(active_, [&](const Zone& zone) { return zone.q.end <= rows.begin; });
        out.clear();
        for (const Zone& zone : active_) {
            out.push_back(intersect(zone, Zone{rows, zone.k, zone.d}));
        }
    }

  private:
    const ZoneList& zones_;
    std::size_t next_ = 0;
    ZoneList active_;
};

std::unique_ptr<Mask> build(const std::shared_ptr<const ZoneList>& by_begin, std::int64_t query_tokens,
                            std::int64_t key_tokens) {
    Slabs slabs(*by_begin);
    return std::make_unique<ZoneMask>(
        query_tokens, key_tokens, slab_breaks(*by_begin), [&](Range rows, ZoneList& out) { slabs.zones_in(rows, out); },
        [by_begin, query_tokens, key_tokens] {
            ZoneList mirror;
            mirror.reserve(by_begin->size());
            for (const Zone& zone : *by_begin) {
                mirror.push_back(transposed(zone));
            }
            return mask_of_zones(key_tokens, query_tokens, std::move(mirror));
        });
}

}  // namespace

std::unique_ptr<Mask> mask_of_zones(std::int64_t query_tokens, std::int64_t key_tokens, ZoneList zones) {
    for (Zone& zone : zones) {
        zone = tightened(zone);
    }
    std::erase_if(zones, [](const Zone& zone) { return zone.empty(); });
    std::sort(zones.begin(), zones.end(), [](const Zone& a, const Zone& b) { return a.q.begin < b.q.begin; });
    return build(std::make_shared<const ZoneList>(std::move(zones)), query_tokens, key_tokens);
}

}  // namespace longscope
