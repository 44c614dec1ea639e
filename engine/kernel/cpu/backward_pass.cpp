// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/backward_pass.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/base/units.h"
#include "engine/kernel/cpu/backward_tasks.h"
#include "engine/kernel/cpu/key_block.h"
#include "engine/kernel/cpu/met_tiles.h"
#include "engine/kernel/cpu/packed_queries.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/cpu/turns.h"

namespace longscope::cpu {

namespace {

// Memory beyond the caller's tensors stays below a fifth more than what the gradients take. A tenth of that is for
// plans, three tenths or more for packed queries; the rest is working memory, which does not grow with the gradients.
constexpr std::int64_t most_packed_bytes = std::int64_t{32} << 20;
constexpr std::int64_t most_planned_bytes = std::int64_t{16} << 20;
constexpr std::int64_t fewest_bytes = std::int64_t{1} << 20;
constexpr std::int64_t working_bytes = std::int64_t{6} << 20;
// Tiles of rows that are planned before it is asked how much their plans take.
constexpr std::int64_t planned_at_once = 4;

// The plans of one kind of mask for a slab of rows.
struct KindPlan {
    std::vector<TilePlan> plans;  // of each tile of rows, without tiles: those are `met`
    std::vector<MetTiles> met;    // of each tile of rows
    std::vector<Range> rows_of;   // of each tile of keys: the first to the last tile of rows of the slab that meets it
};

class BackwardPass {
  public:
    BackwardPass(const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks,
                 const TileFunctions& functions, int threads, SpareBuffers& spare)
        : input_(input),
          out_(out),
          hooks_(hooks),
          functions_(functions),
          threads_(threads),
          team_(threads),
          spare_(spare),
          stored_(stored_of(input, functions)),
          queries_(input, TileScoring::is_needed(input.forward, out.bias), functions, spare),
          key_tiles_((input.forward.keys.tokens + functions.geometry.backward_k_tile - 1) /
                     functions.geometry.backward_k_tile),
          kinds_(static_cast<std::size_t>(input.forward.mask->kinds())) {}

    void run() {
        const std::int64_t heads = input_.forward.queries.heads;
        const std::int64_t room = std::max<std::int64_t>(1, packed_room() / queries_.tile_bytes());
        // Slabs of about the same size, of two heads where there are so many: one is packed while the other is
        // computed.
        const std::int64_t most = std::max<std::int64_t>(1, room / std::min<std::int64_t>(heads, 2));
        const std::int64_t slabs = (queries_.tiles() + most - 1) / most;
        const std::int64_t longest = slabs == 0 ? 1 : (queries_.tiles() + slabs - 1) / slabs;
        while (slab_.end < queries_.tiles() && !cancelled()) {
            plan(longest);
            queries_.choose(std::clamp<std::int64_t>(room / slab_.size(), 1, heads), slab_);
            attend_slab();
        }
    }

  private:
    [[nodiscard]] static const StoredTiles* stored_of(const AttendBackwardInput& input,
                                                      const TileFunctions& functions) {
        if (input.stored == nullptr || input.stored->content() == nullptr) {
            return nullptr;
        }
        const auto* const stored = dynamic_cast<const StoredTiles*>(input.stored->content());
        if (stored == nullptr || !stored->fits(input.forward, functions)) {
            throw bad_input("stored probabilities", format_bytes(input.stored->bytes()),
                            "are not those of this backward pass",
                            "what the same backend kept in the forward pass of the same input");
        }
        return stored;
    }

    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }

    [[nodiscard]] std::int64_t gradient_bytes() const {
        const auto bytes = [](const HeadMatrix<float>& one) { return one.heads * one.tokens * one.dim * 4; };
        return bytes(out_.queries) + bytes(out_.keys) + bytes(out_.values);
    }
    [[nodiscard]] std::int64_t packed_room() const {
        const std::int64_t tenth = gradient_bytes() / 10;
        return std::clamp(std::max(3 * tenth, 8 * tenth - working_bytes), fewest_bytes, most_packed_bytes);
    }

    // The next slab: at most so many tiles of rows, and no more than the memory for plans holds.
    void plan(std::int64_t longest) {
        const std::int64_t room = std::clamp(gradient_bytes() / 10, fewest_bytes, most_planned_bytes);
        const std::int64_t end = std::min(slab_.end + longest, queries_.tiles());
        slab_ = {slab_.end, slab_.end};
        for (KindPlan& kind : kinds_) {
            kind = {};
        }
        std::int64_t bytes = 0;
        while (slab_.end < end && bytes < room) {
            const Range tiles{slab_.end, std::min(slab_.end + planned_at_once, end)};
            for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
                bytes += add_plans(kinds_[kind], static_cast<std::int64_t>(kind), tiles);
            }
            slab_.end = tiles.end;
        }
        for (KindPlan& kind : kinds_) {
            find_rows(kind);
        }
    }

    // Returns what the plans of these tiles of rows take.
    [[nodiscard]] std::int64_t add_plans(KindPlan& all, std::int64_t kind, Range tiles) {
        const std::int64_t rows = input_.forward.mask->rows();
        const std::int64_t q_tile = functions_.geometry.backward_q_tile;
        const std::size_t first = all.plans.size();
        all.plans.resize(first + static_cast<std::size_t>(tiles.size()));
        team_.for_each(tiles.size(), [&](std::int64_t i) {
            const std::int64_t tile = tiles.begin + i;
            all.plans[first + static_cast<std::size_t>(i)] =
                plan_tile_row(*input_.forward.mask, {tile * q_tile, std::min((tile + 1) * q_tile, rows)},
                              functions_.geometry.backward_k_tile, kind);
        });
        std::int64_t bytes = 0;
        for (std::size_t i = first; i < all.plans.size(); ++i) {
            bytes += all.plans[i].bytes();
            all.met.emplace_back(std::move(all.plans[i].tiles));
        }
        return bytes;
    }

    void find_rows(KindPlan& all) const {
        all.rows_of.assign(static_cast<std::size_t>(key_tiles_), {slab_.end, 0});
        for (std::int64_t i = slab_.begin; i < slab_.end; ++i) {
            for (const TileRun& run : all.met[of_slab(i)].runs()) {
                for (std::int64_t tile = run.tiles.begin; tile < run.tiles.end; ++tile) {
                    Range& rows_of = all.rows_of[static_cast<std::size_t>(tile)];
                    rows_of = {std::min(rows_of.begin, i), i + 1};
                }
            }
        }
    }

    // Where things of a tile of rows stand.
    [[nodiscard]] std::size_t of_slab(std::int64_t tile) const { return static_cast<std::size_t>(tile - slab_.begin); }

    // From the first to the last tile of keys that some row of the slab meets.
    [[nodiscard]] Range met_keys() const {
        Range met{key_tiles_, 0};
        for (const KindPlan& kind : kinds_) {
            for (const MetTiles& row : kind.met) {
                if (!row.runs().empty()) {
                    met = {std::min(met.begin, row.runs().front().tiles.begin),
                           std::max(met.end, row.runs().back().tiles.end)};
                }
            }
        }
        return met;
    }

    [[nodiscard]] const KindPlan& plan_for(std::int64_t head) const {
        return kinds_[static_cast<std::size_t>(input_.forward.mask->kind_of(head))];
    }

    // What the threads of a slab wait for.
    struct Order {
        Turns rows;      // of each tile of rows of each head: tiles of keys one after the other
        Turns keys;      // of each tile of keys of each key/value head: the heads of a group one after the other
        Steps packed;    // of each head: tiles of rows
        Steps computed;  // of each head: tiles of keys
    };

    void attend_slab() {
        if (hooks_.poll) {
            hooks_.poll();  // also where the other threads are so fast that none is left for this one
        }
        const Range keys = met_keys();
        const std::int64_t heads = input_.forward.queries.heads;
        const BackwardTasks tasks(heads, slab_.size(), keys.size(), queries_.room());
        Order order{Turns(heads * slab_.size()), Turns(input_.forward.keys.heads * keys.size()), Steps(heads),
                    Steps(heads)};
        const auto caller = std::this_thread::get_id();
        std::atomic<std::int64_t> next{0};
        team_.for_each(threads_, [&](std::int64_t) {
            const bool is_caller = std::this_thread::get_id() == caller;
            KeyBlockWorker worker(input_, out_.bias, queries_, functions_, spare_, stored_);
            for (std::int64_t index = next++; index < tasks.count(); index = next++) {
                const BackwardTask task = tasks.at(index);
                if (task.key_tile < 0) {
                    pack(task, keys.size(), order);
                } else {
                    attend_keys(worker, task, keys, order, is_caller && hooks_.poll);
                }
            }
        });
    }

    void pack(const BackwardTask& task, std::int64_t key_tiles, Order& order) {
        if (task.head >= queries_.room()) {
            order.computed.wait(task.head - queries_.room(), key_tiles);
        }
        for (std::int64_t tile = task.rows.begin; tile < task.rows.end && !cancelled(); ++tile) {
            queries_.pack(task.head, slab_.begin + tile);
        }
        order.packed.add(task.head, task.rows.size());
    }

    void attend_keys(KeyBlockWorker& worker, const BackwardTask& task, Range keys, Order& order, bool polls) {
        const std::int64_t group = input_.forward.queries.heads / input_.forward.keys.heads;
        order.packed.wait(task.head, slab_.size());
        if (task.head > 0 && out_.bias.data != nullptr && out_.bias.heads < input_.forward.queries.heads) {
            // The gradients of a bias of all heads are added to head by head.
            order.computed.wait(task.head - 1, keys.size());
        }
        const bool met = attend_tile(worker, task.head, keys.begin + task.key_tile, order.rows, polls);
        order.keys.take(task.head / group * keys.size() + task.key_tile, task.head % group, [&] {
            if (met) {
                worker.add_key_gradients(out_);
            }
        });
        order.computed.add(task.head, 1);
    }

    // Returns whether some row of the slab meets the tile. A cancelled call takes its turns without their work: others
    // may wait for them.
    [[nodiscard]] bool attend_tile(KeyBlockWorker& worker, std::int64_t head, std::int64_t tile, Turns& row_turns,
                                   bool polls) {
        const std::int64_t group = input_.forward.queries.heads / input_.forward.keys.heads;
        const KindPlan& kind = plan_for(head);
        const Range rows = kind.rows_of[static_cast<std::size_t>(tile)];
        if (rows.empty()) {
            return false;
        }
        worker.begin(head / group, tile);
        // The first tile of rows from there on that meets the tile, -1 behind the last.
        const auto met_from = [&](std::int64_t i) {
            while (i < rows.end && kind.met[of_slab(i)].rank(tile) < 0) {
                ++i;
            }
            return i < rows.end ? i : -1;
        };
        // Whoever is ahead of the turn of some rows computes the next ones before it waits.
        struct Late {
            std::int64_t thing;
            std::int64_t turn;
            std::function<void()> add;
        };
        std::optional<Late> late;
        for (std::int64_t i = rows.begin, next = -1; i >= 0; i = next) {
            next = met_from(i + 1);
            const MetTiles& met = kind.met[of_slab(i)];
            const std::int64_t turn = met.rank(tile);
            const TilePlan& plan = kind.plans[of_slab(i)];
            const bool works = !cancelled();
            if (works) {
                worker.attend(plan, met.tile_class(tile), head, i, next, out_);
            }
            const std::int64_t thing = head * slab_.size() + i - slab_.begin;
            const float* const gradients = works ? worker.query_gradients() : nullptr;
            const auto add = [this, &worker, &plan, head, gradients] {
                if (gradients != nullptr) {
                    worker.add_query_gradients(gradients, plan.rows, head, out_);
                }
            };
            if (late) {
                row_turns.take(late->thing, late->turn, late->add);
                late.reset();
            }
            if (!row_turns.try_take(thing, turn, add)) {
                late = Late{thing, turn, add};
                worker.turn_query_gradients();
            }
            if (works && turn == 0 && hooks_.head_pairs_done != nullptr) {
                *hooks_.head_pairs_done += plan.pairs;
            }
            if (polls) {
                hooks_.poll();
            }
        }
        if (late) {
            row_turns.take(late->thing, late->turn, late->add);
        }
        return true;
    }

    const AttendBackwardInput& input_;
    const AttendGradients& out_;
    const AttendHooks& hooks_;
    const TileFunctions& functions_;
    int threads_;
    ThreadTeam team_;
    SpareBuffers& spare_;
    const StoredTiles* stored_;  // null: weights are computed again
    PackedQueries queries_;
    std::int64_t key_tiles_;
    Range slab_;                   // tiles of rows that are computed
    std::vector<KindPlan> kinds_;  // of each kind of mask
};

}  // namespace

void attend_backward(const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks,
                     const TileFunctions& functions, int threads, SpareBuffers& spare) {
    BackwardPass(input, out, hooks, functions, threads, spare).run();
}

}  // namespace longscope::cpu
