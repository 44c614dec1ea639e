// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/leaves/disjoint_zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

#include "engine/base/error.h"

namespace longscope {

namespace {

// A third of a second.
constexpr std::int64_t max_comparisons = std::int64_t{1} << 25U;

// The zones that have rows in common with the one at hand, by their first key.
class ActiveZones {
  public:
    explicit ActiveZones(const ZoneList& zones) : zones_(zones) {}

    void forget_before(std::int64_t row) {
        while (!ends_.empty() && ends_.top().first <= row) {
            active_.erase(places_.at(ends_.top().second));
            places_.erase(ends_.top().second);
            ends_.pop();
        }
    }
    void add(std::size_t index) {
        const Zone& zone = zones_[index];
        widest_ = std::max(widest_, zone.k.size());
        places_[index] = active_.emplace(zone.k.begin, index);
        ends_.emplace(zone.q.end, index);
    }
    // Calls visit(index) for all that may meet the keys.
    template <typename Visit>
    void near(Range keys, const Visit& visit) const {
        const auto end = active_.lower_bound(keys.end);
        for (auto at = active_.upper_bound(keys.begin - widest_); at != end; ++at) {
            visit(at->second);
        }
    }

  private:
    using ByKey = std::multimap<std::int64_t, std::size_t>;
    using RowEnd = std::pair<std::int64_t, std::size_t>;

    const ZoneList& zones_;
    ByKey active_;
    std::map<std::size_t, ByKey::iterator> places_;
    std::priority_queue<RowEnd, std::vector<RowEnd>, std::greater<>> ends_;
    std::int64_t widest_ = 0;
};

}  // namespace

void check_disjoint(const ZoneList& zones, const std::string& field) {
    std::vector<std::size_t> order(zones.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return zones[a].q.begin < zones[b].q.begin; });
    ActiveZones active(zones);
    std::int64_t comparisons = 0;
    for (const std::size_t index : order) {
        const Zone& zone = zones[index];
        active.forget_before(zone.q.begin);
        active.near(zone.k, [&](std::size_t other) {
            if (const Zone common = intersect(zone, zones[other]); !common.empty()) {
                throw bad_input(fmt::format("{}[{}]", field, std::max(index, other)),
                                fmt::format("query {}, key {}", common.q.begin, common.row(common.q.begin).begin),
                                fmt::format("is in [{}] too", std::min(index, other)),
                                "zones that do not overlap; masks that do are joined by \"or\"");
            }
            if (++comparisons > max_comparisons) {
                throw bad_input(field, fmt::format("a list of {} zones", zones.size()),
                                "has too many beside one another to tell whether they overlap", "fewer zones");
            }
        });
        active.add(index);
    }
}

}  // namespace longscope
