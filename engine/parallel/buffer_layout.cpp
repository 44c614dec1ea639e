// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/buffer_layout.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <utility>

namespace longscope {

namespace {

std::int64_t aligned(std::int64_t bytes) {
    return (bytes + buffer_alignment_bytes - 1) / buffer_alignment_bytes * buffer_alignment_bytes;
}

bool together(const BufferLife& a, const BufferLife& b) {
    return a.begin < b.end && b.begin < a.end;
}

using Order = std::vector<std::size_t>;  // in which lives are placed

class Placement {
  public:
    explicit Placement(const std::vector<BufferLife>& lives) : lives_(lives), met_(lives.size()) {
        for (std::size_t i = 0; i < lives.size(); ++i) {
            for (std::size_t j = 0; j < lives.size(); ++j) {
                if (i != j && lives[i].bytes > 0 && lives[j].bytes > 0 && together(lives[i], lives[j])) {
                    met_[i].push_back(j);
                }
            }
        }
    }

    // How many lives placing all of them looks at.
    [[nodiscard]] std::size_t looks() const {
        std::size_t sum = lives_.size() + 1;
        for (const std::vector<std::size_t>& met : met_) {
            sum += met.size();
        }
        return sum;
    }

    // Each in the lowest gap that it fits into.
    [[nodiscard]] BufferLayout place(const Order& order) const {
        constexpr std::int64_t nowhere = -1;
        BufferLayout layout{std::vector<std::int64_t>(lives_.size(), nowhere), 0};
        std::vector<std::pair<std::int64_t, std::int64_t>> taken;  // begin, end
        for (const std::size_t i : order) {
            taken.clear();
            for (const std::size_t other : met_[i]) {
                if (const std::int64_t offset = layout.offsets_bytes[other]; offset != nowhere) {
                    taken.emplace_back(offset, offset + aligned(lives_[other].bytes));
                }
            }
            std::sort(taken.begin(), taken.end());
            const std::int64_t bytes = aligned(lives_[i].bytes);
            std::int64_t offset = 0;
            for (const auto& [begin, end] : taken) {
                if (begin - offset >= bytes) {
                    break;
                }
                offset = std::max(offset, end);
            }
            layout.offsets_bytes[i] = offset;
            layout.bytes = std::max(layout.bytes, offset + bytes);
        }
        return layout;
    }

    // Those that end above `bytes` come first.
    [[nodiscard]] Order too_high_first(Order order, const BufferLayout& layout, std::int64_t bytes) const {
        std::stable_partition(order.begin(), order.end(), [&](std::size_t i) {
            return layout.offsets_bytes[i] + aligned(lives_[i].bytes) > bytes;
        });
        return order;
    }

    // How much lies too high, over all lives: smaller before the layout is.
    [[nodiscard]] std::int64_t bytes_above(const BufferLayout& layout, std::int64_t bytes) const {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < lives_.size(); ++i) {
            sum += std::max<std::int64_t>(0, layout.offsets_bytes[i] + aligned(lives_[i].bytes) - bytes);
        }
        return sum;
    }

    template <typename Key>
    [[nodiscard]] Order largest_first(Key key) const {
        Order order(lives_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return key(lives_[a]) > key(lives_[b]); });
        return order;
    }

  private:
    const std::vector<BufferLife>& lives_;
    std::vector<std::vector<std::size_t>> met_;  // those in use together with each
};

struct Found {
    Order order;
    BufferLayout layout;
};

// In an order that is a rule; then again and again with those first that came to lie too high.
Found by_rules(const Placement& placement, std::int64_t least) {
    constexpr int trials = 20;
    const auto duration = [](const BufferLife& life) { return life.end - life.begin; };
    const auto area = [&](const BufferLife& life) {
        return static_cast<double>(life.bytes) * static_cast<double>(duration(life));
    };
    std::optional<Found> best;
    for (Order order :
         {placement.largest_first([](const BufferLife& life) { return -life.begin; }),
          placement.largest_first([](const BufferLife& life) { return life.bytes; }), placement.largest_first(duration),
          placement.largest_first([](const BufferLife& life) { return life.end; }), placement.largest_first(area)}) {
        for (int trial = 0; trial < trials; ++trial) {
            BufferLayout layout = placement.place(order);
            Order next = placement.too_high_first(order, layout, least);
            if (!best.has_value() || layout.bytes < best->layout.bytes) {
                best = Found{std::move(order), std::move(layout)};
            }
            if (best->layout.bytes == least) {
                return std::move(*best);
            }
            order = std::move(next);
        }
    }
    return std::move(*best);
}

// Moves one to three in the order, by a chance that is always the same, and keeps what does not lie higher.
void search_further(const Placement& placement, std::int64_t least, Found& best) {
    constexpr std::size_t most_trials = 20'000;
    constexpr std::size_t most_looks = 30'000'000;  // about 0.3 s, on a core of 2.3 GHz
    const std::size_t lives = best.order.size();
    const std::size_t trials = std::min(most_trials, most_looks / placement.looks());
    std::int64_t best_above = placement.bytes_above(best.layout, least);
    std::mt19937 chance(1);  // NOLINT(bugprone-random-generator-seed): the same lives give the same layout
    for (std::size_t trial = 0; trial < trials && best.layout.bytes > least; ++trial) {
        Order order = best.order;
        for (auto moves = 1 + chance() % 3; moves > 0; --moves) {
            const auto from = order.begin() + static_cast<std::ptrdiff_t>(chance() % lives);
            const auto to = order.begin() + static_cast<std::ptrdiff_t>(chance() % lives);
            if (from < to) {
                std::rotate(from, from + 1, to + 1);
            } else {
                std::rotate(to, from, from + 1);
            }
        }
        BufferLayout layout = placement.place(order);
        if (const std::int64_t above = placement.bytes_above(layout, least); above <= best_above) {
            best_above = above;
            best = {std::move(order), std::move(layout)};
        }
    }
}

}  // namespace

std::vector<BufferLife> buffer_lives(const Schedule& schedule) {
    std::vector<BufferLife> lives;
    std::map<std::int64_t, std::size_t> live;  // by number of the buffer
    const auto end_at = [&](std::int64_t buffer, std::int64_t position) {
        if (const auto found = live.find(buffer); found != live.end()) {
            lives[found->second].end = position;
            live.erase(found);
        }
    };
    const auto operations = static_cast<std::int64_t>(schedule.operations.size());
    for (std::int64_t position = 0; position < operations; ++position) {
        const Operation& operation = schedule.operations[static_cast<std::size_t>(position)];
        if (operation.kind == OperationKind::alloc) {
            end_at(operation.buffer, position + 1);
            live.emplace(operation.buffer, lives.size());
            lives.push_back({position, operations, operation.bytes});
        } else if (operation.kind == OperationKind::free) {
            end_at(operation.buffer, position);
        }
    }
    return lives;
}

std::int64_t least_layout_bytes(const std::vector<BufferLife>& lives) {
    std::map<std::int64_t, std::int64_t> changes;
    for (const BufferLife& life : lives) {
        changes[life.begin] += aligned(life.bytes);
        changes[life.end] -= aligned(life.bytes);
    }
    std::int64_t now = 0;
    std::int64_t most = 0;
    for (const auto& [position, change] : changes) {
        now += change;
        most = std::max(most, now);
    }
    return most;
}

BufferLayout lay_out(const std::vector<BufferLife>& lives) {
    const Placement placement(lives);
    const std::int64_t least = least_layout_bytes(lives);
    Found best = by_rules(placement, least);
    search_further(placement, least, best);
    return std::move(best.layout);
}

}  // namespace longscope
