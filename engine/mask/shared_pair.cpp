// SPDX-License-Identifier: GPL-3.0-or-later
// A sweep over the rows that keeps the zones of the row in the order of their keys. As long as none overlap, that order
// never changes: from a row to the next a run moves by at most one key, so one cannot get past another without meeting
// it. The first two that meet are therefore neighbours in that order at some time, and only neighbours are compared.
#include "engine/mask/shared_pair.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "engine/base/error.h"

namespace longscope {

namespace {

class Sweep {
  public:
    Sweep(const Sweep&) = delete;
    Sweep& operator=(const Sweep&) = delete;
    Sweep(Sweep&&) = delete;
    Sweep& operator=(Sweep&&) = delete;
    ~Sweep() = default;
    explicit Sweep(const ZoneList& zones) {
        tight_.reserve(zones.size());
        for (const Zone& zone : zones) {
            tight_.push_back(tightened(zone));
        }
    }

    std::optional<SharedPair> run() {
        std::vector<std::size_t> by_begin;
        for (std::size_t i = 0; i < tight_.size(); ++i) {
            if (!tight_[i].empty()) {
                by_begin.push_back(i);
            }
        }
        std::vector<std::size_t> by_end = by_begin;
        std::sort(by_begin.begin(), by_begin.end(),
                  [&](std::size_t a, std::size_t b) { return tight_[a].q.begin < tight_[b].q.begin; });
        std::sort(by_end.begin(), by_end.end(),
                  [&](std::size_t a, std::size_t b) { return tight_[a].q.end < tight_[b].q.end; });
        places_.resize(tight_.size());
        auto ending = by_end.begin();
        for (const std::size_t zone : by_begin) {
            const std::int64_t row = tight_[zone].q.begin;
            for (; ending != by_end.end() && tight_[*ending].q.end <= row; ++ending) {
                remove(*ending);
            }
            if (!found_) {
                row_ = row;
                insert(zone);
            }
            if (found_) {
                return found_;
            }
        }
        for (; ending != by_end.end() && !found_; ++ending) {
            remove(*ending);
        }
        return found_;
    }

  private:
    struct KeyOrder {
        const Sweep* sweep;
        bool operator()(std::size_t a, std::size_t b) const {
            return sweep->tight_[a].row(sweep->row_).begin < sweep->tight_[b].row(sweep->row_).begin;
        }
    };
    using Active = std::set<std::size_t, KeyOrder>;

    void insert(std::size_t zone) {
        const auto [place, inserted] = active_.insert(zone);
        if (!inserted) {  // the runs of both begin at the same key
            compare(*place, zone);
            return;
        }
        places_[zone] = place;
        if (place != active_.begin()) {
            compare(*std::prev(place), zone);
        }
        if (std::next(place) != active_.end()) {
            compare(zone, *std::next(place));
        }
    }

    void remove(std::size_t zone) {
        const auto after = active_.erase(places_[zone]);
        if (after != active_.begin() && after != active_.end()) {
            compare(*std::prev(after), *after);
        }
    }

    void compare(std::size_t a, std::size_t b) {
        const Zone common = intersect(tight_[a], tight_[b]);
        if (!found_ && !common.empty()) {
            found_ = {std::min(a, b), std::max(a, b), common.q.begin, common.row(common.q.begin).begin};
        }
    }

    ZoneList tight_;
    Active active_{KeyOrder{this}};
    std::vector<Active::iterator> places_;
    std::int64_t row_ = 0;
    std::optional<SharedPair> found_;
};

}  // namespace

std::optional<SharedPair> find_shared_pair(const ZoneList& zones) {
    return Sweep(zones).run();
}

void check_disjoint(const ZoneList& zones, const std::string& field) {
    if (const std::optional<SharedPair> shared = find_shared_pair(zones)) {
        throw bad_input(fmt::format("{}[{}]", field, shared->second),
                        fmt::format("query {}, key {}", shared->query, shared->key),
                        fmt::format("is in [{}] too", shared->first),
                        "zones that do not overlap; masks that do are joined by \"or\"");
    }
}

}  // namespace longscope
