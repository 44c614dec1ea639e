// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/forward_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/kind_plans.h"
#include "engine/kernel/opencl/device_scoring.h"
#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/kernel_arguments.h"
#include "engine/kernel/opencl/read_ahead.h"
#include "engine/kernel/opencl/task_queue.h"
#include "engine/kernel/opencl/wide_geometry.h"
#include "engine/kernel/opencl/wide_packing.h"
#include "engine/kernel/opencl/wide_plan.h"

namespace longscope::opencl {

namespace {

// Rows that are planned at once, and what their encoded plans, and the biases of their rows, may take.
constexpr std::int64_t planned_rows = 32'768;
constexpr std::int64_t most_plan_bytes = std::int64_t{64} << 20;
constexpr std::int64_t most_bias_bytes = std::int64_t{256} << 20;

class ForwardPass {
  public:
    ForwardPass(Session& session, const DesignChoice& design, ForwardBuffers& buffers, const AttendInput& input,
                Partial& out, const AttendHooks& hooks)
        : session_(session),
          buffers_(buffers),
          input_(input),
          out_(out),
          hooks_(hooks),
          sub_groups_(design.sub_groups),
          design_(forward_design(design.design, design.shape(Pass::forward, input.queries.dim, input.values.dim))),
          geometry_(design_.geometry),
          dim_qk_padded_(padded_to_steps(input.queries.dim)),
          dim_v_padded_(padded_to_panels(input.values.dim)),
          key_tiles_(key_tiles_of(input.keys.tokens)),
          attending_(session.kernel(source(), design_.kernel)),
          computing_(hooks) {}

    void run() {
        const std::int64_t rows = input_.mask->rows();
        if (rows == 0 || out_.heads() == 0) {
            return;
        }
        const std::int64_t step = heads_of_piece(input_.queries, input_.keys);
        const auto piece = [&](std::int64_t head) { return Range{head, std::min(head + step, input_.keys.heads)}; };
        const bool told_ahead = was_told_ahead(hooks_, buffers_.ahead);
        buffers_.keys.begin_call(told_ahead);
        buffers_.values.begin_call(told_ahead);
        buffers_.queries.begin_call(false);
        buffers_.output.begin_call();
        buffers_.lse.begin_call();
        for (std::int64_t head = 0; head < input_.keys.heads && !cancelled(); head += step) {
            const bool is_last = head + step >= input_.keys.heads;
            if (is_last) {
                computing_ = asking_for_next(session_, hooks_, buffers_.ahead,
                                             [this](const ReadAhead& next) { copy_first_piece(next); });
            }
            attend_heads(piece(head), is_last ? Range{} : piece(head + step));
        }
    }

  private:
    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }
    [[nodiscard]] std::int64_t group() const { return input_.queries.heads / input_.keys.heads; }

    [[nodiscard]] ProgramSource source() const {
        ProgramSource source{design_.files,
                             {{"INPUT", std::to_string(static_cast<int>(input_.queries.dtype))},
                              {"DIM_QK", std::to_string(input_.queries.dim)},
                              {"DIM_QK_PADDED", std::to_string(dim_qk_padded_)},
                              {"DIM_V", std::to_string(input_.values.dim)},
                              {"DIM_V_PADDED", std::to_string(dim_v_padded_)},
                              {"Q_TILE", std::to_string(geometry_.q_tile)},
                              {"K_TILE", std::to_string(geometry_.k_tile)},
                              {"SUB_GROUPS", sub_groups_ ? "1" : "0"}},
                             sub_groups_ ? ProgramSource::of_3_0 : ProgramSource::of_1_2};
        add_scoring_defines(input_.scoring, source.defines);
        return source;
    }

    // Of this call, or another one of the same dimensions.
    [[nodiscard]] std::int64_t heads_of_piece(const HeadView& queries, const HeadView& keys) const {
        const std::int64_t elements =
            keys.tokens * (keys.dim + input_.values.dim) + group() * queries.tokens * queries.dim;
        const std::int64_t key_tiles = std::max<std::int64_t>(key_tiles_of(keys.tokens), 1);
        return opencl::heads_of_piece(
            session_,
            {elements * size_bytes(keys.dtype),
             key_tiles * geometry_.k_tile * (dim_qk_padded_ + dim_v_padded_) * std::int64_t{sizeof(float)}},
            keys.heads);
    }
    [[nodiscard]] std::int64_t key_tiles_of(std::int64_t tokens) const {
        return (tokens + geometry_.k_tile - 1) / geometry_.k_tile;
    }

    void copy_first_piece(const ReadAhead& next) {
        const Range heads{0, std::min(heads_of_piece(next.queries, next.keys), next.keys.heads)};
        buffers_.keys.copy_ahead(session_, next.keys, heads);
        buffers_.values.copy_ahead(session_, next.values, heads);
    }

    [[nodiscard]] Range query_heads(Range kv_heads) const { return {kv_heads.begin * group(), kv_heads.end * group()}; }

    // `next`: the heads that come after; empty after the last.
    void attend_heads(Range kv_heads, Range next) {
        const Range heads = query_heads(kv_heads);
        // All at once: values come while keys are packed.
        buffers_.keys.copy(session_, input_.keys, kv_heads);
        buffers_.values.copy(session_, input_.values, kv_heads);
        buffers_.queries.copy(session_, input_.queries, heads);
        const PackedPart keys{kv_heads, {0, input_.keys.tokens}, geometry_.k_tile};
        pack_panels(session_, input_.keys, keys, buffers_.keys, buffers_.packed_keys);
        pack_rows(session_, input_.values, keys, buffers_.values, buffers_.packed_values, buffers_.not_finite);
        const std::int64_t rows = input_.mask->rows();
        const DeviceInput queries(session_, input_.queries, heads, buffers_.queries);
        buffers_.keys.copy_ahead(session_, input_.keys, next);
        buffers_.values.copy_ahead(session_, input_.values, next);
        buffers_.queries.copy_ahead(session_, input_.queries, query_heads(next));
        DeviceOutput output(session_, out_.output().row(heads.begin, 0), heads.size() * rows * out_.dim(), false,
                            buffers_.output);
        DeviceOutput lse(session_, out_.lse(heads.begin), heads.size() * rows, false, buffers_.lse);
        output.await();
        lse.await();
        parts_ = parts_of_keys();
        const std::int64_t result_rows = heads.size() * rows;
        if (parts_ > 1) {
            buffers_.parts.reserve(session_, parts_, result_rows, out_.dim());
        }
        const double sign = input_.scale == 0.0 ? 0.0 : std::copysign(1.0, input_.scale);
        // The sign is in the queries, so that the largest product is the largest score.
        const DeviceScoring how = device_scoring(input_.scoring, input_.scale == 0.0 ? 1.0 : std::abs(input_.scale));
        cl_uint at = set_arguments(attending_, 0, queries.buffer(), queries.head_stride(), queries.token_stride(),
                                   static_cast<cl_float>(sign), buffers_.packed_keys.of_bytes(session_, 0),
                                   buffers_.packed_values.of_bytes(session_, 0),
                                   buffers_.not_finite.of_bytes(session_, 0), static_cast<cl_int>(key_tiles_),
                                   static_cast<cl_int>(group()), static_cast<cl_int>(heads.size()));
        first_plan_arg_ = at;
        at += 7;  // plan, tasks, queue
        attending_.setArg(at++, static_cast<cl_int>(rows));
        attending_.setArg(at++, parts_ == 1 ? output.buffer() : buffers_.parts.outputs.of_bytes(session_, 0));
        attending_.setArg(at++, parts_ == 1 ? lse.buffer() : buffers_.parts.bases.of_bytes(session_, 0));
        attending_.setArg(at++, buffers_.parts.sums.of_bytes(session_, 0));
        attending_.setArg(at++, static_cast<cl_int>(parts_));
        attending_.setArg(at++, sizeof how, &how);
        if (input_.scoring.slopes != nullptr) {
            at = set_slopes(heads, at);
        }
        first_bias_arg_ = at;

        const std::set<std::int64_t> kinds = input_.mask->kinds_of(heads);
        for (std::int64_t begin = 0; begin < rows && !cancelled(); begin += planned_rows) {
            plan_rows(kinds, {begin, std::min(begin + planned_rows, rows)});
            for (const std::int64_t kind : kinds) {
                attend_kind(heads, kind, plans_.of(kind));
            }
        }
        if (parts_ > 1) {
            merge_parts(session_, input_.scoring, {parts_, result_rows, out_.dim()}, buffers_.parts, output.buffer(),
                        lse.buffer());
        }
        output.fetch();
        lse.fetch();
    }

    // Once where pieces of the heads have the same masks: the device waits while the host plans.
    void plan_rows(const std::set<std::int64_t>& kinds, Range rows) {
        if (kinds == planned_kinds_ && rows == planned_) {
            return;
        }
        ThreadTeam team(static_cast<int>(session_.compute_units()));
        plans_.plan(*input_.mask, kinds, rows, geometry_, team);
        planned_kinds_ = kinds;
        planned_ = rows;
    }

    // Where there are too few tiles of rows for the units of the device, the keys of each are shared out among several
    // (split-KV; FlashDecoding). The number depends on the device and the call as a whole, not on the part of either
    // that is computed at once, as results do.
    [[nodiscard]] std::int64_t parts_of_keys() const {
        constexpr std::int64_t tasks_of_unit = 4;  // so that no unit waits long for the last one
        constexpr std::int64_t fewest_tiles = 2;   // of a part
        const std::int64_t tasks =
            input_.queries.heads * ((input_.mask->rows() + geometry_.q_tile - 1) / geometry_.q_tile);
        const std::int64_t wanted = session_.facts().compute_units * tasks_of_unit;
        const std::int64_t parts = std::clamp<std::int64_t>((wanted + tasks - 1) / tasks, 1,
                                                            std::max<std::int64_t>(key_tiles_ / fewest_tiles, 1));
        if (parts > 1 && hooks_.explain) {
            hooks_.explain(fmt::format("keys in {} parts, merged in order", parts));
        }
        return parts;
    }

    cl_uint set_slopes(Range heads, cl_uint at) {
        const float* first = input_.scoring.slopes;
        std::vector<cl_int> rows(static_cast<std::size_t>(input_.mask->rows()));
        std::vector<cl_int> columns(static_cast<std::size_t>(key_tiles_ * geometry_.k_tile));
        input_.mask->row_positions({0, input_.mask->rows()}, rows.data());
        input_.mask->column_positions({0, input_.mask->columns()}, columns.data());
        attending_.setArg(
            at++, upload(session_, std::vector<float>(first + heads.begin, first + heads.end), buffers_.slopes));
        attending_.setArg(at++, upload(session_, rows, buffers_.row_positions));
        attending_.setArg(at++, upload(session_, columns, buffers_.column_positions));
        return at;
    }

    // The heads of `heads` whose mask is of this kind.
    void attend_kind(Range heads, std::int64_t kind, std::span<const TilePlan> plans) {
        std::vector<std::int64_t> own;
        for (std::int64_t head = heads.begin; head < heads.end; ++head) {
            if (input_.mask->kind_of(head) == kind) {
                own.push_back(head - heads.begin);
            }
        }
        while (!plans.empty() && !cancelled()) {
            plan_.clear();
            const std::size_t fitting = bias_fits(plans, heads.size());
            const std::size_t taken = append(plans.first(fitting), geometry_, most_plan_bytes, plan_);
            if (parts_ > 1) {
                plan_.split(parts_);
            }
            attending_.setArg(first_plan_arg_, upload(session_, plan_.row_tiles, buffers_.row_tiles));
            attending_.setArg(first_plan_arg_ + 1, upload(session_, plan_.runs, buffers_.runs));
            attending_.setArg(first_plan_arg_ + 2, upload(session_, plan_.seen, buffers_.seen));
            if (input_.scoring.has_bias()) {
                set_biases(heads, {plans.front().rows.begin, plans[taken - 1].rows.end});
            }
            run_planned(own, heads.size());
            plans = plans.subspan(taken);
        }
    }

    [[nodiscard]] std::int64_t bias_stride() const { return key_tiles_ * geometry_.k_tile; }

    // Of these plans so many that the biases of their rows may be uploaded at once; at least one.
    [[nodiscard]] std::size_t bias_fits(std::span<const TilePlan> plans, std::int64_t heads) const {
        if (!input_.scoring.has_bias()) {
            return plans.size();
        }
        const std::int64_t row_bytes = heads * bias_stride() * std::int64_t{sizeof(float)};
        std::size_t fitting = 1;
        while (fitting < plans.size() &&
               (plans[fitting].rows.end - plans.front().rows.begin) * row_bytes <= most_bias_bytes) {
            ++fitting;
        }
        return fitting;
    }

    // Rows are filled up to whole tiles of keys.
    void set_biases(Range heads, Range rows) {
        const HeadView& bias = input_.scoring.bias;
        const std::int64_t distinct = bias.head_stride == 0 ? 1 : heads.size();
        std::vector<float> values(static_cast<std::size_t>(distinct * rows.size() * bias_stride()), 0.0F);
        for (std::int64_t head = 0; head < distinct; ++head) {
            for (std::int64_t row = rows.begin; row < rows.end; ++row) {
                std::copy_n(static_cast<const float*>(bias.row(heads.begin + head, row)), bias.dim,
                            values.data() + (head * rows.size() + row - rows.begin) * bias_stride());
            }
        }
        cl_uint at = first_bias_arg_;
        attending_.setArg(at++, upload(session_, values, buffers_.biases));
        attending_.setArg(at++, static_cast<cl_ulong>(distinct == 1 ? 0 : rows.size() * bias_stride()));
        attending_.setArg(at++, static_cast<cl_ulong>(bias_stride()));
        attending_.setArg(at++, static_cast<cl_int>(rows.begin));
    }

    // Head by head, so that all compute units share the keys of one head in cache; inside a head the longest tasks
    // first, so that no long one is left for the end.
    void run_planned(const std::vector<std::int64_t>& heads, std::int64_t all_heads) {
        std::vector<std::size_t> order(plan_.row_tiles.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return plan_.tiles[a] > plan_.tiles[b]; });
        std::vector<QueuedTask> tasks;
        const double tile_flops =
            2.0 * static_cast<double>(geometry_.q_tile * geometry_.k_tile * (input_.queries.dim + input_.values.dim));
        const std::int64_t row_bytes = input_.queries.dim * size_bytes(input_.queries.dtype) +
                                       (input_.values.dim + 1) * std::int64_t{sizeof(float)};
        const std::int64_t key_bytes = (dim_qk_padded_ + dim_v_padded_) * std::int64_t{sizeof(float)};
        for (const std::int64_t head : heads) {
            for (const std::size_t tile : order) {
                const std::int64_t part = static_cast<std::int64_t>(tile) % parts_;
                tasks.push_back({static_cast<cl_int>(head + part * all_heads), static_cast<cl_int>(tile),
                                 tile_flops * static_cast<double>(plan_.tiles[tile]), plan_.pairs[tile],
                                 geometry_.q_tile * row_bytes, plan_.tiles[tile] * geometry_.k_tile * key_bytes,
                                 head / group()});
            }
        }
        attending_.setArg(first_plan_arg_ + 3, upload(session_, on_device(tasks), buffers_.tasks));
        run_tasks(session_, attending_, design_.group_items, first_plan_arg_ + 4, tasks, buffers_.counter, computing_);
    }

    Session& session_;
    ForwardBuffers& buffers_;
    const AttendInput& input_;
    Partial& out_;
    const AttendHooks& hooks_;
    bool sub_groups_;
    ForwardDesign design_;
    cpu::TileGeometry geometry_;
    std::int64_t dim_qk_padded_;
    std::int64_t dim_v_padded_;
    std::int64_t key_tiles_;
    cl::Kernel attending_;
    AttendHooks computing_;  // of the piece of now
    cl_uint first_plan_arg_ = 0;
    cl_uint first_bias_arg_ = 0;
    std::int64_t parts_ = 1;  // of the keys
    cpu::KindPlans plans_;
    std::set<std::int64_t> planned_kinds_;
    Range planned_;  // rows
    WidePlan plan_;
};

}  // namespace

void attend_forward(Session& session, const DesignChoice& design, ForwardBuffers& buffers, const AttendInput& input,
                    Partial& out, const AttendHooks& hooks) {
    ForwardPass(session, design, buffers, input, out, hooks).run();
}

}  // namespace longscope::opencl
