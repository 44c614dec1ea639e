// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/chunk_assignment.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

namespace longscope {

namespace {

struct RankLoad {
    std::int64_t work = 0;
    std::vector<std::int64_t> chunks;
};

std::vector<RankLoad> longest_first(const std::vector<std::int64_t>& works, std::int64_t ranks, ChunkCounts counts) {
    std::vector<std::int64_t> order(works.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return works[static_cast<std::size_t>(a)] > works[static_cast<std::size_t>(b)];
    });
    std::vector<RankLoad> loads(static_cast<std::size_t>(ranks));
    const std::size_t room =
        counts == ChunkCounts::free ? works.size() : (works.size() + loads.size() - 1) / loads.size();
    using Entry = std::pair<std::int64_t, std::size_t>;  // work so far, rank
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> least;
    for (std::size_t rank = 0; rank < loads.size(); ++rank) {
        least.emplace(0, rank);
    }
    for (const std::int64_t chunk : order) {
        const std::size_t rank = least.top().second;
        least.pop();
        RankLoad& load = loads[rank];
        load.work += works[static_cast<std::size_t>(chunk)];
        load.chunks.push_back(chunk);
        if (load.chunks.size() < room) {
            least.emplace(load.work, rank);
        }
    }
    return loads;
}

// What the busiest rank may do with another one, and how busy the busier of the two is then.
struct Change {
    std::size_t given = 0;             // position in the busiest rank's chunks
    std::size_t other = 0;             // rank
    std::optional<std::size_t> taken;  // position in the other's chunks; none: a move
    std::int64_t busier = 0;
};

class Improvement {
  public:
    Improvement(const std::vector<std::int64_t>& works, ChunkCounts counts, std::vector<RankLoad>& loads)
        : works_(works), counts_(counts), loads_(loads) {}

    // Each change lowers the work of the busiest rank, or the number of ranks that have so much.
    void run() {
        constexpr int max_changes = 256;
        const std::int64_t sum = std::accumulate(works_.begin(), works_.end(), std::int64_t{0});
        const auto ranks = static_cast<std::int64_t>(loads_.size());
        const std::int64_t enough = sum / ranks + sum / ranks / 1000;  // within a thousandth of the mean
        for (int i = 0; i < max_changes; ++i) {
            const auto busiest = std::max_element(loads_.begin(), loads_.end(),
                                                  [](const RankLoad& a, const RankLoad& b) { return a.work < b.work; });
            if (busiest->work <= enough) {
                return;
            }
            const std::optional<Change> change = best_change(static_cast<std::size_t>(busiest - loads_.begin()));
            if (!change) {
                return;
            }
            apply(*busiest, *change);
        }
    }

  private:
    [[nodiscard]] std::int64_t work_of(std::int64_t chunk) const { return works_[static_cast<std::size_t>(chunk)]; }

    [[nodiscard]] std::optional<Change> best_change(std::size_t busiest) const {
        const RankLoad& from = loads_[busiest];
        std::optional<Change> best;
        const auto consider = [&](std::size_t given, std::size_t other, std::optional<std::size_t> taken,
                                  std::int64_t shifted) {
            const std::int64_t busier = std::max(from.work - shifted, loads_[other].work + shifted);
            if (shifted > 0 && busier < (best ? best->busier : from.work)) {
                best = Change{given, other, taken, busier};
            }
        };
        for (std::size_t other = 0; other < loads_.size(); ++other) {
            // No shift helps where both are equally busy.
            if (other == busiest || loads_[other].work >= from.work) {
                continue;
            }
            for (std::size_t given = 0; given < from.chunks.size(); ++given) {
                const std::int64_t work = work_of(from.chunks[given]);
                if (counts_ == ChunkCounts::free) {
                    consider(given, other, std::nullopt, work);
                }
                for (std::size_t taken = 0; taken < loads_[other].chunks.size(); ++taken) {
                    consider(given, other, taken, work - work_of(loads_[other].chunks[taken]));
                }
            }
        }
        return best;
    }

    void apply(RankLoad& from, const Change& change) {
        RankLoad& to = loads_[change.other];
        const std::int64_t given = from.chunks[change.given];
        std::int64_t shifted = work_of(given);
        if (change.taken) {
            std::swap(from.chunks[change.given], to.chunks[*change.taken]);
            shifted -= work_of(from.chunks[change.given]);
        } else {
            from.chunks.erase(from.chunks.begin() + static_cast<std::ptrdiff_t>(change.given));
            to.chunks.push_back(given);
        }
        from.work -= shifted;
        to.work += shifted;
    }

    const std::vector<std::int64_t>& works_;
    ChunkCounts counts_;
    std::vector<RankLoad>& loads_;
};

}  // namespace

std::vector<std::int64_t> assign_chunks(const std::vector<std::int64_t>& works, std::int64_t ranks,
                                        ChunkCounts counts) {
    std::vector<RankLoad> loads = longest_first(works, ranks, counts);
    Improvement(works, counts, loads).run();
    std::vector<std::int64_t> rank_of(works.size());
    for (std::size_t rank = 0; rank < loads.size(); ++rank) {
        for (const std::int64_t chunk : loads[rank].chunks) {
            rank_of[static_cast<std::size_t>(chunk)] = static_cast<std::int64_t>(rank);
        }
    }
    return rank_of;
}

}  // namespace longscope
