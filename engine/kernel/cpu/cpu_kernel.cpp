// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/packed_keys.h"
#include "engine/kernel/cpu/row_block.h"
#include "engine/kernel/cpu/tile_compute.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/kernel/kernel.h"

namespace longscope {

namespace {

class CpuKernel final : public Kernel {
  public:
    explicit CpuKernel(int threads) : threads_(threads) {}

    void attend(const AttendInput& input, Partial& out, const AttendHooks& hooks) const override {
        ThreadTeam team(threads_);
        attend_with(team, input, out, hooks);
        if (hooks.cancelled != nullptr && *hooks.cancelled) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }

    [[nodiscard]] std::string description() const override {
        return fmt::format("cpu, float32, {} thread{}, {}", threads_, threads_ == 1 ? "" : "s",
                           cpu::simd_target_name());
    }

  private:
    static std::vector<TilePlan> plan_all(ThreadTeam& team, const LocalMask& mask, const cpu::TileGeometry& geometry) {
        const std::int64_t rows = mask.rows();
        std::vector<TilePlan> plans(static_cast<std::size_t>((rows + geometry.q_tile - 1) / geometry.q_tile));
        team.for_each(static_cast<std::int64_t>(plans.size()), [&](std::int64_t i) {
            const std::int64_t begin = i * geometry.q_tile;
            plans[static_cast<std::size_t>(i)] =
                plan_tile_row(mask, {begin, std::min(begin + geometry.q_tile, rows)}, geometry.k_tile);
        });
        return plans;
    }

    static void pack_needed(ThreadTeam& team, cpu::PackedKeys& packed, std::int64_t kv_heads,
                            const std::vector<TilePlan>& plans) {
        std::vector<unsigned char> needed(static_cast<std::size_t>(packed.tiles()), 0);
        for (const TilePlan& plan : plans) {
            for (const TileRun& run : plan.tiles) {
                std::fill(needed.begin() + run.tiles.begin, needed.begin() + run.tiles.end, 1);
            }
        }
        team.for_each(packed.tiles(), [&](std::int64_t tile) {
            for (std::int64_t head = 0; needed[static_cast<std::size_t>(tile)] != 0 && head < kv_heads; ++head) {
                packed.pack(head, tile);
            }
        });
    }

    void attend_with(ThreadTeam& team, const AttendInput& input, Partial& out, const AttendHooks& hooks) const {
        const cpu::TileGeometry geometry = cpu::tile_geometry();
        const std::vector<TilePlan> plans = plan_all(team, *input.mask, geometry);
        cpu::PackedKeys packed(input.keys, input.values, geometry);
        pack_needed(team, packed, input.keys.heads, plans);

        // Head by head, so that all threads share the keys of one head in cache; inside a head from the last tile of
        // rows, which under causal masks is the longest, to the first, so that no long one is left for the end.
        const auto tasks = static_cast<std::int64_t>(plans.size()) * input.queries.heads;
        const auto caller = std::this_thread::get_id();
        std::atomic<std::int64_t> next{0};
        team.for_each(threads_, [&](std::int64_t) {
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
};

}  // namespace

std::unique_ptr<Kernel> make_cpu_kernel(int threads) {
    return std::make_unique<CpuKernel>(threads);
}

}  // namespace longscope
