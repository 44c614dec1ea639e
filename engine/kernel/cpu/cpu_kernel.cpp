// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/cpu_kernel.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/backward_pass.h"
#include "engine/kernel/cpu/decode_pass.h"
#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/row_block.h"
#include "engine/kernel/cpu/stored_tiles.h"
#include "engine/kernel/cpu/tile_plan.h"

namespace longscope {

namespace {

// Memory beyond the caller's tensors has a bound that does not depend on the sequence: so much for packed keys and
// values, and the plans of so many rows.
constexpr std::int64_t packed_budget_bytes = std::int64_t{96} << 20;
constexpr std::int64_t planned_rows = 32'768;

// One forward call.
class ForwardPass {
  public:
    ForwardPass(const AttendInput& input, Partial& out, const AttendHooks& hooks, const cpu::TileFunctions& functions,
                int threads, cpu::SpareBuffers& spare, cpu::StoredTiles* stored)
        : input_(input),
          out_(out),
          hooks_(hooks),
          threads_(threads),
          team_(threads),
          functions_(functions),
          spare_(spare),
          stored_(stored),
          packed_(input.keys, input.values, functions_, spare) {}

    void run() {
        const std::int64_t rows = input_.mask->rows();
        const std::int64_t step = planned_rows / functions_.geometry.q_tile * functions_.geometry.q_tile;
        for (const Range kv_heads : alike_heads()) {
            for (std::int64_t begin = 0; begin < rows && !cancelled(); begin += step) {
                attend_rows(kv_heads, {begin, std::min(begin + step, rows)});
            }
        }
    }

  private:
    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }
    [[nodiscard]] std::int64_t group() const { return input_.queries.heads / input_.keys.heads; }

    // Key/value heads one after the other whose query heads have the same masks: they need the same tiles of keys.
    [[nodiscard]] std::vector<Range> alike_heads() const {
        if (input_.mask->kinds() == 1) {
            return {{0, input_.keys.heads}};
        }
        std::vector<Range> all;
        std::set<std::int64_t> before;
        for (std::int64_t kv_head = 0; kv_head < input_.keys.heads; ++kv_head) {
            std::set<std::int64_t> kinds = kinds_of({kv_head, kv_head + 1});
            if (kv_head > 0 && kinds == before) {
                ++all.back().end;
            } else {
                all.push_back({kv_head, kv_head + 1});
                before = std::move(kinds);
            }
        }
        return all;
    }

    [[nodiscard]] std::set<std::int64_t> kinds_of(Range kv_heads) const {
        return input_.mask->kinds_of({kv_heads.begin * group(), kv_heads.end * group()});
    }

    // For the masks of these heads; the plans of others are forgotten.
    void plan(Range kv_heads, Range rows) {
        const cpu::TileGeometry& geometry = functions_.geometry;
        // Ranges of rows that are planned by one thread; cuts fall anywhere inside them.
        const std::int64_t step = 32 * geometry.q_tile;
        std::vector<std::vector<TilePlan>> parts(static_cast<std::size_t>((rows.size() + step - 1) / step));
        plans_.assign(static_cast<std::size_t>(input_.mask->kinds()), {});
        for (const std::int64_t kind : kinds_of(kv_heads)) {
            team_.for_each(static_cast<std::int64_t>(parts.size()), [&](std::int64_t i) {
                const std::int64_t begin = rows.begin + i * step;
                parts[static_cast<std::size_t>(i)] =
                    plan_tile_rows(*input_.mask, {begin, std::min(begin + step, rows.end)},
                                   {geometry.q_tile, 2 * geometry.row_group}, geometry.k_tile, kind);
            });
            std::vector<TilePlan>& plans = plans_[static_cast<std::size_t>(kind)];
            for (std::vector<TilePlan>& part : parts) {
                plans.insert(plans.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
            }
        }
    }

    [[nodiscard]] const std::vector<TilePlan>& plans_of(std::int64_t head) const {
        return plans_[static_cast<std::size_t>(input_.mask->kind_of(head))];
    }

    // The tiles of keys that some plan meets.
    [[nodiscard]] std::vector<std::int64_t> needed_tiles() const {
        std::vector<unsigned char> needed(static_cast<std::size_t>(packed_.tiles()), 0);
        for (const std::vector<TilePlan>& plans : plans_) {
            for (const TilePlan& plan : plans) {
                for (const TileRun& run : plan.tiles) {
                    std::fill(needed.begin() + run.tiles.begin, needed.begin() + run.tiles.end, 1);
                }
            }
        }
        std::vector<std::int64_t> tiles;
        for (std::size_t tile = 0; tile < needed.size(); ++tile) {
            if (needed[tile] != 0) {
                tiles.push_back(static_cast<std::int64_t>(tile));
            }
        }
        return tiles;
    }

    void attend_rows(Range kv_heads, Range rows) {
        if (hooks_.poll) {
            hooks_.poll();  // also where the other threads are so fast that none is left for this one
        }
        plan(kv_heads, rows);
        const std::vector<std::int64_t> tiles = needed_tiles();
        const auto count = static_cast<std::int64_t>(tiles.size());
        const std::int64_t room = std::max<std::int64_t>(1, packed_budget_bytes / packed_.tile_bytes());
        const std::int64_t heads_at_once =
            std::clamp<std::int64_t>(room / std::max<std::int64_t>(count, 1), 1, kv_heads.size());
        if (count > room && sums_.size() == 0) {
            sums_ = AlignedBuffer<float>(out_.heads() * out_.rows());
        }
        for (std::int64_t head = kv_heads.begin; head < kv_heads.end; head += heads_at_once) {
            const Range heads{head, std::min(head + heads_at_once, kv_heads.end)};
            std::int64_t done = 0;
            do {
                const std::int64_t end = std::min(done + room, count);
                cpu::KeyPart part{{done == 0 ? 0 : tiles[static_cast<std::size_t>(done)],
                                   end == count ? packed_.tiles() : tiles[static_cast<std::size_t>(end)]},
                                  done == 0,
                                  end == count,
                                  sums_.data()};
                packed_.choose(heads, {tiles.begin() + done, tiles.begin() + end});
                team_.for_each(packed_.slots(), [&](std::int64_t slot) { packed_.pack(slot); });
                attend_part({heads.begin * group(), heads.end * group()}, part);
                done = end;
            } while (done < count && !cancelled());
        }
    }

    // One tile of rows of one query head.
    struct Task {
        std::int64_t head;
        const TilePlan* plan;
    };

    // Head by head, so that all threads share the keys of one head in cache; inside a head from the last tile of rows,
    // which under causal masks is the longest, to the first, so that no long one is left for the end.
    [[nodiscard]] std::vector<Task> tasks_of(Range heads) const {
        std::vector<Task> tasks;
        for (std::int64_t head = heads.begin; head < heads.end; ++head) {
            const std::vector<TilePlan>& plans = plans_of(head);
            for (auto plan = plans.rbegin(); plan != plans.rend(); ++plan) {
                tasks.push_back({head, &*plan});
            }
        }
        return tasks;
    }

    void attend_part(Range heads, const cpu::KeyPart& part) {
        const std::vector<Task> tasks = tasks_of(heads);
        const auto caller = std::this_thread::get_id();
        std::atomic<std::size_t> next{0};
        team_.for_each(threads_, [&](std::int64_t) {
            const bool is_caller = std::this_thread::get_id() == caller;
            cpu::RowBlockWorker worker(input_, packed_, functions_, spare_, stored_);
            const auto after_tile = [&] {
                if (is_caller && hooks_.poll) {
                    hooks_.poll();
                }
            };
            for (std::size_t task = next++; task < tasks.size() && !cancelled(); task = next++) {
                const TilePlan& plan = *tasks[task].plan;
                worker.attend(plan, tasks[task].head, part, out_, after_tile);
                if (part.last && hooks_.head_pairs_done != nullptr) {
                    *hooks_.head_pairs_done += plan.pairs;
                }
            }
        });
    }

    const AttendInput& input_;
    Partial& out_;
    const AttendHooks& hooks_;
    int threads_;
    ThreadTeam team_;
    cpu::TileFunctions functions_;
    cpu::SpareBuffers& spare_;
    cpu::StoredTiles* stored_;  // where weights are kept; null: nowhere
    cpu::PackedKeys packed_;
    std::vector<std::vector<TilePlan>> plans_;  // of each kind of mask, of those that are computed
    AlignedBuffer<float> sums_;
};

class CpuKernel final : public Kernel {
  public:
    // Of the best variant for each call, or of this one.
    CpuKernel(int threads, const cpu::TileVariant* variant)
        : threads_(threads), variant_(variant), spare_(static_cast<std::size_t>(threads) + 2) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        check_scoring(input, out.rule());
        const cpu::TileFunctions& functions = variant_for(input.keys.dtype).functions;
        std::unique_ptr<cpu::StoredTiles> stored = begin_keeping(input, functions);
        if (stored == nullptr && cpu::is_decode(input)) {
            cpu::attend_decode(input, out, hooks, cpu::default_decode_plan(input), functions, threads_, spare_);
        } else {
            ForwardPass(input, out, hooks, functions, threads_, spare_, stored.get()).run();
        }
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
        if (stored != nullptr) {
            input.keep->keep(std::move(stored));
        }
    }

    void attend_backward(const AttendBackwardInput& input, const AttendGradients& out,
                         const AttendHooks& hooks) const override {
        check_scoring(input, out);
        cpu::attend_backward(input, out, hooks, variant_for(input.forward.keys.dtype).functions, threads_, spare_);
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    [[nodiscard]] std::int64_t stored_bytes(const AttendInput& input) const override {
        if (!cpu::StoredTiles::refusal(input).empty()) {
            return 0;
        }
        ThreadTeam team(threads_);
        return cpu::StoredTiles(input, variant_for(input.keys.dtype).functions, team).bytes();
    }

    [[nodiscard]] std::string description() const override {
        return fmt::format("cpu, {} thread{}, {}", threads_, threads_ == 1 ? "" : "s",
                           variant_for(DType::float32).name);
    }

  private:
    // Null: nothing is to be kept.
    [[nodiscard]] std::unique_ptr<cpu::StoredTiles> begin_keeping(const AttendInput& input,
                                                                  const cpu::TileFunctions& functions) const {
        if (input.keep == nullptr) {
            return nullptr;
        }
        const std::unique_ptr<StoredProbabilities::Content> before =
            input.keep->keep_nothing(cpu::StoredTiles::refusal(input));
        if (!input.keep->why_not().empty()) {
            return nullptr;
        }
        ThreadTeam team(threads_);
        auto stored = std::make_unique<cpu::StoredTiles>(input, functions, team);
        input.keep->require_room(stored->bytes());
        stored->make_room(dynamic_cast<cpu::StoredTiles*>(before.get()));
        return stored;
    }

    [[nodiscard]] const cpu::TileVariant& variant_for(DType inputs) const {
        return variant_ != nullptr ? *variant_ : cpu::choose_tile_variant(inputs);
    }

    int threads_;
    const cpu::TileVariant* variant_;
    mutable cpu::SpareBuffers spare_;  // locks itself
};

}  // namespace

std::unique_ptr<Kernel> make_cpu_kernel(int threads) {
    return std::make_unique<CpuKernel>(threads, nullptr);
}

std::unique_ptr<Kernel> cpu::make_kernel_of(const TileVariant& variant, int threads) {
    return std::make_unique<CpuKernel>(threads, &variant);
}

}  // namespace longscope
