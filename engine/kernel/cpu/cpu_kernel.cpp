// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <thread>

#include "engine/base/error.h"
#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/row_block.h"
#include "engine/kernel/cpu/tile_compute.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/kernel.h"

namespace longscope {

namespace {

class CpuKernel final : public Kernel {
  public:
    explicit CpuKernel(int threads)
        : threads_(threads),
          // More threads than cores are allowed when asked for: several ranks, or a test of determinism.
          allowed_(
              tbb::global_control::max_allowed_parallelism,
              std::max<std::size_t>(static_cast<std::size_t>(threads),
                                    tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism))) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        tbb::task_arena arena(threads_);
        arena.execute([&] { attend_in_arena(input, out, hooks); });
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    [[nodiscard]] std::string description() const override {
        return fmt::format("cpu, float32, {} thread{}, {}", threads_, threads_ == 1 ? "" : "s",
                           cpu::simd_target_name());
    }

  private:
    static std::vector<TilePlan> plan_all(const LocalMask& mask, const cpu::TileGeometry& geometry) {
        const std::int64_t rows = mask.rows();
        std::vector<TilePlan> plans(static_cast<std::size_t>((rows + geometry.q_tile - 1) / geometry.q_tile));
        tbb::parallel_for(std::size_t{0}, plans.size(), [&](std::size_t i) {
            const std::int64_t begin = static_cast<std::int64_t>(i) * geometry.q_tile;
            plans[i] = plan_tile_row(mask, {begin, std::min(begin + geometry.q_tile, rows)}, geometry.k_tile);
        });
        return plans;
    }

    static void pack_needed(cpu::PackedKeys& packed, std::int64_t kv_heads, const std::vector<TilePlan>& plans) {
        std::vector<unsigned char> needed(static_cast<std::size_t>(packed.tiles()), 0);
        for (const TilePlan& plan : plans) {
            for (const TileRun& run : plan.tiles) {
                std::fill(needed.begin() + run.tiles.begin, needed.begin() + run.tiles.end, 1);
            }
        }
        tbb::parallel_for(std::int64_t{0}, packed.tiles(), [&](std::int64_t tile) {
            for (std::int64_t head = 0; needed[static_cast<std::size_t>(tile)] != 0 && head < kv_heads; ++head) {
                packed.pack(head, tile);
            }
        });
    }

    void attend_in_arena(const AttendInput& input, Partial& out, const AttendHooks& hooks) const {
        const cpu::TileGeometry geometry = cpu::tile_geometry();
        const std::vector<TilePlan> plans = plan_all(*input.mask, geometry);
        cpu::PackedKeys packed(input.keys, input.values, geometry);
        pack_needed(packed, input.keys.heads, plans);

        // Head by head, so that all threads share the keys of one head in cache; inside a head from the last tile of
        // rows, which under causal masks is the longest, to the first, so that no long one is left for the end.
        const auto tasks = static_cast<std::int64_t>(plans.size()) * input.queries.heads;
        const auto caller = std::this_thread::get_id();
        std::atomic<std::int64_t> next{0};
        tbb::parallel_for(0, threads_, [&](int) {
            const bool is_caller = std::this_thread::get_id() == caller;
            cpu::RowBlockWorker worker(input, packed, geometry);
            const auto after_tile = [&] {
                if (is_caller && hooks.poll) {
                    hooks.poll();
                }
            };
            for (std::int64_t task = next++; task < tasks; task = next++) {
                if (hooks.cancelled != nullptr && *hooks.cancelled) {
                    return;
                }
                const auto count = static_cast<std::int64_t>(plans.size());
                const TilePlan& plan = plans[static_cast<std::size_t>(count - 1 - task % count)];
                worker.attend(plan, task / count, out, after_tile);
                if (hooks.head_pairs_done != nullptr) {
                    *hooks.head_pairs_done += plan.pairs;
                }
            }
        });
    }

    int threads_;
    tbb::global_control allowed_;
};

}  // namespace

std::unique_ptr<Kernel> make_cpu_kernel(int threads) {
    return std::make_unique<CpuKernel>(threads);
}

}  // namespace longscope
