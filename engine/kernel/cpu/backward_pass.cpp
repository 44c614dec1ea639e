// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/backward_pass.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/key_block.h"
#include "engine/kernel/cpu/packed_queries.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/cpu/turns.h"

namespace longscope::cpu {

namespace {

// Packed queries of as many heads as fit, of one at least.
constexpr std::int64_t packed_budget_bytes = std::int64_t{32} << 20;

// The tiles of keys that a tile of rows meets, in order.
class MetTiles {
  public:
    explicit MetTiles(const TilePlan& plan) : plan_(&plan) {
        for (const TileRun& run : plan.tiles) {
            before_.push_back(count_);
            count_ += run.tiles.size();
        }
    }
    // Which of them a tile is; -1: it is none.
    [[nodiscard]] std::int64_t rank(std::int64_t tile) const {
        const std::size_t run = run_of(tile);
        return run == plan_->tiles.size() ? -1 : before_[run] + tile - plan_->tiles[run].tiles.begin;
    }
    // Of a tile that is met.
    [[nodiscard]] TileClass tile_class(std::int64_t tile) const { return plan_->tiles[run_of(tile)].tile_class; }

  private:
    // The number of runs when no one holds the tile.
    [[nodiscard]] std::size_t run_of(std::int64_t tile) const {
        const auto run = std::partition_point(plan_->tiles.begin(), plan_->tiles.end(),
                                              [&](const TileRun& one) { return one.tiles.end <= tile; });
        return run == plan_->tiles.end() || !run->tiles.contains(tile)
                   ? plan_->tiles.size()
                   : static_cast<std::size_t>(run - plan_->tiles.begin());
    }

    const TilePlan* plan_;
    std::vector<std::int64_t> before_;  // of each run
    std::int64_t count_ = 0;
};

// The plans of one kind of mask.
struct KindPlan {
    std::vector<TilePlan> plans;  // of each tile of rows
    std::vector<MetTiles> met;    // of each tile of rows
    std::vector<Range> rows_of;   // of each tile of keys: the first to the last tile of rows that meets it
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
          queries_(input, TileScoring::is_needed(input.forward, out.bias), functions, spare),
          key_tiles_((input.forward.keys.tokens + functions.geometry.backward_k_tile - 1) /
                     functions.geometry.backward_k_tile),
          kinds_(static_cast<std::size_t>(input.forward.mask->kinds())) {}

    void run() {
        const std::int64_t heads = input_.forward.queries.heads;
        // The gradients of a bias of all heads are added to head by head.
        const bool one_bias = out_.bias.data != nullptr && out_.bias.heads < heads;
        const std::int64_t at_once = std::clamp<std::int64_t>(
            packed_budget_bytes / std::max<std::int64_t>(queries_.head_bytes(), 1), 1, one_bias ? 1 : heads);
        for (std::int64_t head = 0; head < heads && !cancelled(); head += at_once) {
            attend_heads({head, std::min(head + at_once, heads)});
        }
    }

  private:
    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }

    // For the masks of these heads; the plans of others are forgotten.
    void plan(Range heads) {
        const std::set<std::int64_t> asked = input_.forward.mask->kinds_of(heads);
        for (std::size_t kind = 0; kind < kinds_.size(); ++kind) {
            const auto number = static_cast<std::int64_t>(kind);
            if (!asked.contains(number)) {
                kinds_[kind] = {};
            } else if (kinds_[kind].rows_of.empty()) {
                kinds_[kind] = plan_of(number);
            }
        }
    }

    [[nodiscard]] KindPlan plan_of(std::int64_t kind) {
        const std::int64_t rows = input_.forward.mask->rows();
        const std::int64_t q_tile = functions_.geometry.backward_q_tile;
        KindPlan all;
        all.plans.resize(static_cast<std::size_t>(queries_.tiles()));
        team_.for_each(queries_.tiles(), [&](std::int64_t i) {
            all.plans[static_cast<std::size_t>(i)] =
                plan_tile_row(*input_.forward.mask, {i * q_tile, std::min((i + 1) * q_tile, rows)},
                              functions_.geometry.backward_k_tile, kind);
        });
        all.rows_of.assign(static_cast<std::size_t>(key_tiles_), {queries_.tiles(), 0});
        for (std::int64_t i = 0; i < queries_.tiles(); ++i) {
            const TilePlan& plan = all.plans[static_cast<std::size_t>(i)];
            all.met.emplace_back(plan);
            for (const TileRun& run : plan.tiles) {
                for (std::int64_t tile = run.tiles.begin; tile < run.tiles.end; ++tile) {
                    Range& rows_of = all.rows_of[static_cast<std::size_t>(tile)];
                    rows_of = {std::min(rows_of.begin, i), i + 1};
                }
            }
        }
        return all;
    }

    [[nodiscard]] const KindPlan& plan_for(std::int64_t head) const {
        return kinds_[static_cast<std::size_t>(input_.forward.mask->kind_of(head))];
    }

    void attend_heads(Range heads) {
        if (hooks_.poll) {
            hooks_.poll();  // also where the other threads are so fast that none is left for this one
        }
        plan(heads);
        queries_.choose(heads);
        team_.for_each(queries_.slots(), [&](std::int64_t slot) { queries_.pack(slot); });

        const std::int64_t group = input_.forward.queries.heads / input_.forward.keys.heads;
        const std::int64_t kv_begin = heads.begin / group;
        Turns row_turns(heads.size() * queries_.tiles());
        // Of each tile of keys of the key/value heads that these heads read: the heads of a group one after the other.
        Turns key_turns(((heads.end - 1) / group - kv_begin + 1) * key_tiles_);
        const std::int64_t tasks = heads.size() * key_tiles_;
        const auto caller = std::this_thread::get_id();
        std::atomic<std::int64_t> next{0};
        team_.for_each(threads_, [&](std::int64_t) {
            const bool is_caller = std::this_thread::get_id() == caller;
            KeyBlockWorker worker(input_, out_.bias, queries_, functions_, spare_);
            for (std::int64_t task = next++; task < tasks; task = next++) {
                const std::int64_t head = heads.begin + task / key_tiles_;
                const std::int64_t tile = task % key_tiles_;
                attend_tile(worker, {head, (head - heads.begin) * queries_.tiles()}, tile, row_turns,
                            is_caller && hooks_.poll);
                const std::int64_t first_of_group = std::max(head / group * group, heads.begin);
                key_turns.take((head / group - kv_begin) * key_tiles_ + tile, head - first_of_group,
                               [&] { worker.add_key_gradients(out_); });
            }
        });
    }

    struct Head {
        std::int64_t index;
        std::int64_t first_turn;  // of its tiles of rows
    };

    // A cancelled call takes its turns without their work: others may wait for them.
    void attend_tile(KeyBlockWorker& worker, Head head, std::int64_t tile, Turns& row_turns, bool polls) {
        const std::int64_t group = input_.forward.queries.heads / input_.forward.keys.heads;
        const KindPlan& kind = plan_for(head.index);
        worker.begin(head.index / group, tile);
        const Range rows = kind.rows_of[static_cast<std::size_t>(tile)];
        for (std::int64_t i = rows.begin; i < rows.end; ++i) {
            const MetTiles& met = kind.met[static_cast<std::size_t>(i)];
            const std::int64_t turn = met.rank(tile);
            if (turn < 0) {
                continue;
            }
            const TilePlan& plan = kind.plans[static_cast<std::size_t>(i)];
            const bool works = !cancelled();
            if (works) {
                worker.attend(plan, met.tile_class(tile), head.index, i);
            }
            row_turns.take(head.first_turn + i, turn, [&] {
                if (works) {
                    worker.add_query_gradients(plan.rows, head.index, out_);
                }
            });
            if (works && turn == 0 && hooks_.head_pairs_done != nullptr) {
                *hooks_.head_pairs_done += plan.pairs;
            }
            if (polls) {
                hooks_.poll();
            }
        }
    }

    const AttendBackwardInput& input_;
    const AttendGradients& out_;
    const AttendHooks& hooks_;
    const TileFunctions& functions_;
    int threads_;
    ThreadTeam team_;
    SpareBuffers& spare_;
    PackedQueries queries_;
    std::int64_t key_tiles_;
    std::vector<KindPlan> kinds_;  // of each kind of mask; empty where it is not computed
};

}  // namespace

void attend_backward(const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks,
                     const TileFunctions& functions, int threads, SpareBuffers& spare) {
    BackwardPass(input, out, hooks, functions, threads, spare).run();
}

}  // namespace longscope::cpu
