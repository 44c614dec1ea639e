// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_complement.h"

#include <algorithm>
#include <utility>

#include "engine/mask/zone_sets.h"

namespace longscope {

namespace {

bool are_boxes(const ZoneList& zones) {
    return std::all_of(zones.begin(), zones.end(), [](const Zone& zone) { return zone == box_zone({zone.q, zone.k}); });
}

// The gaps between boxes, band by band: rows between which no box begins or ends. A gap that goes on in the next band
// stays one zone.
class Gaps {
  public:
    Gaps(const Box& box, ZoneList boxes) : box_(box), boxes_(std::move(boxes)) {
        std::sort(boxes_.begin(), boxes_.end(), [](const Zone& a, const Zone& b) { return a.k.begin < b.k.begin; });
        cuts_ = {box.q.begin, box.q.end};
        for (const Zone& one : boxes_) {
            cuts_.push_back(one.q.begin);
            cuts_.push_back(one.q.end);
        }
        std::sort(cuts_.begin(), cuts_.end());
        cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
    }

    [[nodiscard]] std::size_t bands() const { return cuts_.size() - 1; }

    [[nodiscard]] ZoneList zones() {
        for (std::size_t band = 0; band + 1 < cuts_.size(); ++band) {
            find({cuts_[band], cuts_[band + 1]});
            go_on(cuts_[band]);
        }
        found_.clear();
        go_on(box_.q.end);
        return std::move(zones_);
    }

  private:
    struct Gap {
        Range k;
        std::int64_t begin = 0;  // row
    };

    void find(Range rows) {
        found_.clear();
        std::int64_t key = box_.k.begin;
        for (const Zone& one : boxes_) {
            if (one.q.begin <= rows.begin && one.q.end >= rows.end) {
                if (one.k.begin > key) {
                    found_.push_back({{key, one.k.begin}, rows.begin});
                }
                key = std::max(key, one.k.end);
            }
        }
        if (key < box_.k.end) {
            found_.push_back({{key, box_.k.end}, rows.begin});
        }
    }

    // Those that were open and are not found again end at the row.
    void go_on(std::int64_t row) {
        auto again = found_.begin();
        for (const Gap& gap : open_) {
            while (again != found_.end() && again->k.begin < gap.k.begin) {
                ++again;
            }
            if (again != found_.end() && again->k == gap.k) {
                again->begin = gap.begin;
            } else {
                zones_.push_back(box_zone({{gap.begin, row}, gap.k}));
            }
        }
        open_.swap(found_);
    }

    Box box_;
    ZoneList boxes_;  // by their keys
    std::vector<std::int64_t> cuts_;
    std::vector<Gap> open_;   // by their keys, as those that are found
    std::vector<Gap> found_;  // in the band at hand
    ZoneList zones_;
};

}  // namespace

void complement(const Box& box, ZoneSet& set) {
    // With many bands their gaps may be many more than the pieces that subtraction leaves.
    constexpr std::size_t most_bands = 64;
    if (set.striped.empty() && set.zones.size() > 1 && are_boxes(set.zones)) {
        if (Gaps gaps(box, set.zones); gaps.bands() <= most_bands) {
            set.zones = gaps.zones();
            return;
        }
    }
    ZoneSet kept{{box_zone(box)}, {}};
    subtract(kept, set);
    std::swap(set, kept);
}

}  // namespace longscope
