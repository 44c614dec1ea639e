// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/forward_pass.h"

#include <algorithm>
#include <functional>
#include <set>
#include <thread>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/key_major_worker.h"
#include "engine/kernel/cpu/kind_plans.h"
#include "engine/kernel/cpu/order_cost.h"
#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/row_block.h"
#include "engine/kernel/cpu/task_shares.h"

namespace longscope::cpu {

namespace {

// Memory beyond the caller's tensors has a bound that does not depend on the sequence: so much for packed keys and
// values, and the plans of so many rows, or of fewer that see so many runs of keys.
constexpr std::int64_t packed_budget_bytes = std::int64_t{96} << 20;
// More heads at once would only leave the last-level cache before they are read.
constexpr std::int64_t packed_heads_bytes = std::int64_t{32} << 20;
constexpr std::int64_t most_planned_rows = 32'768;
constexpr std::int64_t most_planned_runs = std::int64_t{3} << 20;

std::set<std::int64_t> kinds_of(const AttendInput& input, Range kv_heads) {
    const std::int64_t group = input.queries.heads / input.keys.heads;
    return input.mask->kinds_of({kv_heads.begin * group, kv_heads.end * group});
}

// Key/value heads one after the other whose query heads have the same masks: they need the same tiles of keys.
std::vector<Range> alike_heads(const AttendInput& input) {
    if (input.mask->kinds() == 1) {
        return {{0, input.keys.heads}};
    }
    std::vector<Range> all;
    std::set<std::int64_t> before;
    for (std::int64_t kv_head = 0; kv_head < input.keys.heads; ++kv_head) {
        std::set<std::int64_t> kinds = kinds_of(input, {kv_head, kv_head + 1});
        if (kv_head > 0 && kinds == before) {
            ++all.back().end;
        } else {
            all.push_back({kv_head, kv_head + 1});
            before = std::move(kinds);
        }
    }
    return all;
}

// How many rows are planned at once; their runs are guessed from a few rows.
std::int64_t planned_rows(const AttendInput& input, Range kv_heads, const TileGeometry& geometry) {
    constexpr std::int64_t asked_rows = 16;
    const std::int64_t rows = input.mask->rows();
    std::int64_t found = 0;
    std::vector<Range> runs;
    for (const std::int64_t kind : kinds_of(input, kv_heads)) {
        for (std::int64_t i = 0; i < asked_rows; ++i) {
            input.mask->row_runs((2 * i + 1) * rows / (2 * asked_rows), runs, kind);
            found += static_cast<std::int64_t>(runs.size());
        }
    }
    const std::int64_t fitting = most_planned_runs * asked_rows / std::max<std::int64_t>(found, 1);
    return std::clamp(std::min(fitting, most_planned_rows) / geometry.q_tile, std::int64_t{1}, most_planned_rows) *
           geometry.q_tile;
}

// Calls visit(kv_heads, rows) for parts of a call that are planned at once.
template <typename Visit>
void visit_planned(const AttendInput& input, const TileGeometry& geometry, const Visit& visit) {
    const std::int64_t rows = input.mask->rows();
    for (const Range kv_heads : alike_heads(input)) {
        const std::int64_t step = rows == 0 ? 1 : planned_rows(input, kv_heads, geometry);
        for (std::int64_t begin = 0; begin < rows; begin += step) {
            visit(kv_heads, Range{begin, std::min(begin + step, rows)});
        }
    }
}

// Equal parts of `heads` heads of so many bytes.
std::int64_t heads_packed_at_once(std::int64_t head_bytes, std::int64_t heads) {
    const std::int64_t fitting = std::max<std::int64_t>(1, packed_heads_bytes / std::max<std::int64_t>(head_bytes, 1));
    const std::int64_t parts = (heads + fitting - 1) / fitting;
    return (heads + parts - 1) / parts;
}

class ForwardPass {
  public:
    ForwardPass(const AttendInput& input, Partial& out, const AttendHooks& hooks, std::optional<LoopOrder> order,
                const TileFunctions& functions, int threads, SpareBuffers& spare, StoredTiles* stored)
        : input_(input),
          out_(out),
          hooks_(hooks),
          order_(stored == nullptr ? order : LoopOrder::query_major),
          threads_(threads),
          team_(threads),
          functions_(functions),
          spare_(spare),
          stored_(stored),
          packed_(input.keys, input.values, functions_, spare) {}

    void run() {
        visit_planned(input_, functions_.geometry, [&](Range kv_heads, Range rows) {
            if (!cancelled()) {
                attend_rows(kv_heads, rows);
            }
        });
    }

  private:
    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }
    [[nodiscard]] std::int64_t group() const { return input_.queries.heads / input_.keys.heads; }
    [[nodiscard]] Range query_heads(Range kv_heads) const { return {kv_heads.begin * group(), kv_heads.end * group()}; }

    void attend_rows(Range kv_heads, Range rows) {
        if (hooks_.poll) {
            hooks_.poll();  // also where the other threads are so fast that none is left for this one
        }
        plans_.plan(*input_.mask, kinds_of(input_, kv_heads), rows, functions_.geometry, team_);
        const OrderChoice choice =
            order_ ? OrderChoice{*order_} : choose_order(input_, plans_, kv_heads, rows, functions_.geometry, team_);
        if (hooks_.explain) {
            hooks_.explain(choice.text());
        }
        const std::vector<std::int64_t> tiles = plans_.needed_tiles(packed_.tiles());
        const auto count = static_cast<std::int64_t>(tiles.size());
        const std::int64_t room = std::max<std::int64_t>(1, packed_budget_bytes / packed_.tile_bytes());
        const std::int64_t heads_at_once = heads_packed_at_once(count * packed_.tile_bytes(), kv_heads.size());
        if (count > room && sums_.size() == 0) {
            sums_ = AlignedBuffer<float>(out_.heads() * out_.rows());
        }
        for (std::int64_t head = kv_heads.begin; head < kv_heads.end; head += heads_at_once) {
            const Range heads{head, std::min(head + heads_at_once, kv_heads.end)};
            std::int64_t done = 0;
            do {
                const std::int64_t end = std::min(done + room, count);
                const KeyPart part{{done == 0 ? 0 : tiles[static_cast<std::size_t>(done)],
                                    end == count ? packed_.tiles() : tiles[static_cast<std::size_t>(end)]},
                                   done == 0,
                                   end == count,
                                   sums_.data()};
                if (packed_.choose(heads, {tiles.begin() + done, tiles.begin() + end})) {
                    team_.for_each(packed_.slots(), [&](std::int64_t slot) { packed_.pack(slot); });
                }
                if (choice.order == LoopOrder::key_major) {
                    attend_key_major(heads, rows, part);
                } else {
                    attend_query_major(query_heads(heads), part);
                }
                done = end;
            } while (done < count && !cancelled());
        }
    }

    // Gives out the indices of tasks to all threads. make_worker() is called by each of them; worker(task, after_tile)
    // computes one and returns its kept pairs.
    template <typename MakeWorker>
    void share_tasks(std::size_t tasks, const KeyPart& part, const MakeWorker& make_worker) {
        const auto caller = std::this_thread::get_id();
        TaskShares shares(static_cast<std::int64_t>(tasks), threads_);
        team_.for_each(threads_, [&](std::int64_t share) {
            const bool is_caller = std::this_thread::get_id() == caller;
            auto worker = make_worker();
            const std::function<void()> after_tile = [&] {
                if (is_caller && hooks_.poll) {
                    hooks_.poll();
                }
            };
            while (!cancelled()) {
                const std::optional<std::int64_t> task = shares.take(share);
                if (!task) {
                    break;
                }
                const std::int64_t pairs = worker(static_cast<std::size_t>(*task), after_tile);
                if (part.last && hooks_.head_pairs_done != nullptr) {
                    *hooks_.head_pairs_done += pairs;
                }
            }
        });
    }

    // One tile of rows of one query head.
    struct RowTask {
        std::int64_t head;
        const TilePlan* plan;
    };

    // Head by head, so that what a thread takes reads the keys of few heads; inside a head from the last tile of rows,
    // which under causal masks is the longest, to the first, so that no long one is left for the end.
    [[nodiscard]] std::vector<RowTask> row_tasks(Range heads) const {
        std::vector<RowTask> tasks;
        for (std::int64_t head = heads.begin; head < heads.end; ++head) {
            const std::vector<TilePlan>& plans = plans_.of(input_.mask->kind_of(head));
            for (auto plan = plans.rbegin(); plan != plans.rend(); ++plan) {
                tasks.push_back({head, &*plan});
            }
        }
        return tasks;
    }

    void attend_query_major(Range heads, const KeyPart& part) {
        const std::vector<RowTask> tasks = row_tasks(heads);
        share_tasks(tasks.size(), part, [&] {
            return [&, worker = RowBlockWorker(input_, packed_, functions_, spare_, stored_)](
                       std::size_t task, const std::function<void()>& after_tile) mutable {
                worker.attend(*tasks[task].plan, tasks[task].head, part, out_, after_tile);
                return tasks[task].plan->pairs;
            };
        });
    }

    void attend_key_major(Range kv_heads, Range rows, const KeyPart& part) {
        const std::vector<Slab> slabs = cut_slabs(input_, kv_heads, rows, threads_);
        std::int64_t most_rows = 0;
        for (const Slab& slab : slabs) {
            most_rows = std::max(most_rows, slab.rows());
        }
        share_tasks(slabs.size(), part, [&] {
            return [&, worker = KeyMajorWorker(input_, packed_, functions_, most_rows, spare_)](
                       std::size_t task, const std::function<void()>& after_tile) mutable {
                return worker.attend(slabs[task], plans_, part, out_, after_tile);
            };
        });
    }

    const AttendInput& input_;
    Partial& out_;
    const AttendHooks& hooks_;
    std::optional<LoopOrder> order_;
    int threads_;
    ThreadTeam team_;
    TileFunctions functions_;
    SpareBuffers& spare_;
    StoredTiles* stored_;  // null: nothing is kept
    PackedKeys packed_;
    KindPlans plans_;
    AlignedBuffer<float> sums_;
};

}  // namespace

void attend_forward(const AttendInput& input, Partial& out, const AttendHooks& hooks, std::optional<LoopOrder> order,
                    const TileFunctions& functions, int threads, SpareBuffers& spare, StoredTiles* stored) {
    ForwardPass(input, out, hooks, order, functions, threads, spare, stored).run();
}

OrderCost forward_order_cost(const AttendInput& input, const TileGeometry& geometry, int threads) {
    ThreadTeam team(threads);
    KindPlans plans;
    OrderCost sum;
    double all_pairs = 0.0;
    visit_planned(input, geometry, [&](Range kv_heads, Range rows) {
        const std::set<std::int64_t> kinds = kinds_of(input, kv_heads);
        plans.plan(*input.mask, kinds, rows, geometry, team);
        double pairs = 0.0;
        for (const std::int64_t kind : kinds) {
            for (const TilePlan& plan : plans.of(kind)) {
                pairs += static_cast<double>(plan.pairs * kv_heads.size());
            }
        }
        const OrderCost part = order_cost(input, plans, kv_heads, rows, geometry, team);
        sum.query_major += pairs * part.query_major;
        sum.key_major += pairs * part.key_major;
        all_pairs += pairs;
    });
    return all_pairs == 0.0 ? sum : OrderCost{sum.query_major / all_pairs, sum.key_major / all_pairs};
}

}  // namespace longscope::cpu
