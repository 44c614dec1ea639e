// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/backward_pass.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>
#include <set>

#include "engine/base/thread_team.h"
#include "engine/kernel/opencl/backward_plan.h"
#include "engine/kernel/opencl/device_scoring.h"
#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/kernel_arguments.h"
#include "engine/kernel/opencl/read_ahead.h"
#include "engine/kernel/opencl/task_queue.h"
#include "engine/kernel/opencl/wide_geometry.h"
#include "engine/kernel/opencl/wide_packing.h"

namespace longscope::opencl {

namespace {

// What plans, and biases, of the rows that are computed at once may take.
constexpr std::int64_t most_plan_bytes = std::int64_t{256} << 20;
constexpr std::int64_t most_bias_bytes = std::int64_t{256} << 20;
constexpr std::int64_t most_rows_at_once = 32'768;

class BackwardPass {
  public:
    BackwardPass(Session& session, const DesignChoice& design, BackwardBuffers& buffers,
                 const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks)
        : session_(session),
          buffers_(buffers),
          input_(input),
          forward_(input.forward),
          out_(out),
          hooks_(hooks),
          design_(
              backward_design(design.design, design.shape(Pass::backward, forward_.queries.dim, forward_.values.dim))),
          tile_(design_.tile),
          key_tiles_(tiles_of(forward_.keys.tokens)),
          how_(device_scoring(forward_.scoring, forward_.scale)),
          of_queries_(session.kernel(source(false), design_.kernel)),
          of_keys_(session.kernel(source(true), design_.kernel)),
          computing_(hooks) {}

    void run() {
        if (forward_.mask->rows() == 0 || key_tiles_ == 0 || forward_.queries.heads == 0) {
            return;
        }
        const bool told_ahead = was_told_ahead(hooks_, buffers_.ahead);
        buffers_.keys.raw.begin_call(told_ahead);
        buffers_.values.raw.begin_call(told_ahead);
        buffers_.queries.raw.begin_call(false);
        buffers_.output_gradients.raw.begin_call(false);
        for (OutputStage* stage : {&buffers_.of_queries, &buffers_.of_keys, &buffers_.of_values, &buffers_.of_bias}) {
            stage->begin_call();
        }
        const std::int64_t step = heads_of_piece(forward_.queries, forward_.keys);
        const auto piece = [&](std::int64_t head) { return Range{head, std::min(head + step, forward_.keys.heads)}; };
        std::optional<Gradients> gradients(gradients_of(piece(0)));
        for (std::int64_t head = 0; head < forward_.keys.heads && !cancelled(); head += step) {
            const bool is_last = head + step >= forward_.keys.heads;
            if (is_last) {
                computing_ = asking_for_next(session_, hooks_, buffers_.ahead,
                                             [this](const ReadAhead& next) { copy_first_piece(next); });
            }
            const Range next = is_last ? Range{} : piece(head + step);
            copy_inputs(piece(head), next);
            std::optional<Gradients> of_next;
            if (!is_last) {
                of_next.emplace(gradients_of(next));
            }
            attend_heads(piece(head), *gradients);
            gradients = std::move(of_next);
        }
    }

  private:
    [[nodiscard]] bool cancelled() const { return hooks_.cancelled != nullptr && *hooks_.cancelled; }
    [[nodiscard]] std::int64_t group() const { return forward_.queries.heads / forward_.keys.heads; }
    [[nodiscard]] std::int64_t tiles_of(std::int64_t tokens) const { return (tokens + tile_ - 1) / tile_; }
    [[nodiscard]] bool wants_bias_gradients() const { return out_.bias.data != nullptr; }

    [[nodiscard]] ProgramSource source(bool of_keys) const {
        const std::int64_t qk = forward_.queries.dim;
        const std::int64_t v = forward_.values.dim;
        ProgramSource source{design_.files,
                             {{"INPUT", "0"},
                              {"OF_KEYS", of_keys ? "1" : "0"},
                              {"DIM_QK", std::to_string(qk)},
                              {"DIM_QK_STEPS", std::to_string(padded_to_steps(qk))},
                              {"DIM_QK_PADDED", std::to_string(padded_to_panels(qk))},
                              {"DIM_V", std::to_string(v)},
                              {"DIM_V_STEPS", std::to_string(padded_to_steps(v))},
                              {"DIM_V_PADDED", std::to_string(padded_to_panels(v))},
                              {"TILE", std::to_string(tile_)},
                              {"PART_ROWS", std::to_string(design_.part_rows)},
                              {"BIAS_GRADIENTS", wants_bias_gradients() && !of_keys ? "1" : "0"}}};
        add_scoring_defines(forward_.scoring, source.defines);
        return source;
    }

    void pack(const HeadView& tensor, Range heads, Range tokens, PackedBothWays& packed) {
        const PackedPart part{heads, tokens, tile_};
        pack_panels(session_, tensor, part, packed.raw, packed.panels);
        pack_rows(session_, tensor, part, packed.raw, packed.rows, packed.not_finite);
    }

    // Of this call, or another one of the same dimensions.
    [[nodiscard]] std::int64_t heads_of_piece(const HeadView& queries, const HeadView& keys) const {
        const std::int64_t dims = keys.dim + forward_.values.dim;
        const std::int64_t padded_dims = padded_to_panels(keys.dim) + padded_to_panels(forward_.values.dim);
        return opencl::heads_of_piece(session_,
                                      {(keys.tokens + group() * queries.tokens) * dims * size_bytes(keys.dtype),
                                       tiles_of(keys.tokens) * tile_ * std::int64_t{sizeof(float)} * 2 * padded_dims},
                                      keys.heads);
    }

    void copy_first_piece(const ReadAhead& next) {
        const Range heads{0, std::min(heads_of_piece(next.queries, next.keys), next.keys.heads)};
        buffers_.keys.raw.copy_ahead(session_, next.keys, heads);
        buffers_.values.raw.copy_ahead(session_, next.values, heads);
    }

    [[nodiscard]] Range query_heads(Range kv_heads) const { return {kv_heads.begin * group(), kv_heads.end * group()}; }

    // Those of a piece, and of the one after it, which comes while this one is computed.
    void copy_inputs(Range kv_heads, Range next) {
        buffers_.keys.raw.copy(session_, forward_.keys, kv_heads);
        buffers_.values.raw.copy(session_, forward_.values, kv_heads);
        buffers_.queries.raw.copy(session_, forward_.queries, query_heads(kv_heads));
        buffers_.output_gradients.raw.copy(session_, input_.output_gradients, query_heads(kv_heads));
        buffers_.keys.raw.copy_ahead(session_, forward_.keys, next);
        buffers_.values.raw.copy_ahead(session_, forward_.values, next);
        buffers_.queries.raw.copy_ahead(session_, forward_.queries, query_heads(next));
        buffers_.output_gradients.raw.copy_ahead(session_, input_.output_gradients, query_heads(next));
    }

    // Of a piece, but for the bias, to which pieces may add one after the other.
    struct Gradients {
        DeviceOutput queries, keys, values;
    };

    [[nodiscard]] Gradients gradients_of(Range kv_heads) {
        const Range heads = query_heads(kv_heads);
        const std::int64_t columns = forward_.keys.tokens;
        return {{session_, out_.queries.head(heads.begin), heads.size() * forward_.mask->rows() * out_.queries.dim,
                 true, buffers_.of_queries},
                {session_, out_.keys.head(kv_heads.begin), kv_heads.size() * columns * out_.keys.dim, true,
                 buffers_.of_keys},
                {session_, out_.values.head(kv_heads.begin), kv_heads.size() * columns * out_.values.dim, true,
                 buffers_.of_values}};
    }

    void attend_heads(Range kv_heads, Gradients& gradients) {
        const Range heads = query_heads(kv_heads);
        const std::int64_t rows = forward_.mask->rows();
        const std::int64_t columns = forward_.keys.tokens;
        pack(forward_.keys, kv_heads, {0, columns}, buffers_.keys);
        pack(forward_.values, kv_heads, {0, columns}, buffers_.values);
        const bool one_bias = out_.bias.heads == 1;
        DeviceOutput of_bias(session_, wants_bias_gradients() ? out_.bias.head(one_bias ? 0 : heads.begin) : nullptr,
                             wants_bias_gradients() ? (one_bias ? 1 : heads.size()) * rows * columns : 0, true,
                             buffers_.of_bias);
        const std::array<DeviceOutput*, 4> outputs{&gradients.queries, &gradients.keys, &gradients.values, &of_bias};
        for (const DeviceOutput* output : outputs) {
            output->await();
        }
        const std::int64_t step = rows_at_once();
        for (std::int64_t begin = 0; begin < rows && !cancelled(); begin += step) {
            attend_rows(
                heads, {begin, std::min(begin + step, rows)},
                {gradients.queries.buffer(), gradients.keys.buffer(), gradients.values.buffer(), of_bias.buffer()});
        }
        for (DeviceOutput* output : outputs) {
            output->fetch();
        }
    }

    // Of all heads together, as gradients of keys depend on it, and not on the size of a piece.
    [[nodiscard]] std::int64_t rows_at_once() const {
        const Range heads{0, forward_.queries.heads};
        const auto kinds = static_cast<std::int64_t>(forward_.mask->kinds_of(heads).size());
        std::int64_t row_tiles =
            std::min(most_rows_at_once / tile_, most_plan_bytes / (kinds * key_tiles_ * most_bytes_of_pair(tile_)));
        if (forward_.scoring.has_bias()) {
            row_tiles = std::min(
                row_tiles, most_bias_bytes / (heads.size() * tile_ * key_tiles_ * tile_ * std::int64_t{sizeof(float)}));
        }
        return std::max<std::int64_t>(row_tiles, 1) * tile_;
    }

    struct Outputs {
        cl::Buffer of_queries, of_keys, of_values, of_bias;
    };

    void attend_rows(Range heads, Range rows, const Outputs& outputs) {
        const std::int64_t row_tiles = tiles_of(rows.size());
        pack(forward_.queries, heads, rows, buffers_.queries);
        pack(input_.output_gradients, heads, rows, buffers_.output_gradients);
        // A row of padding has weights of 2^-inf.
        const cl::Buffer& lse =
            upload(session_, rows_of(input_.lse, heads, rows, std::numeric_limits<float>::infinity()), buffers_.lse);
        const cl::Buffer& delta = upload(session_, rows_of(input_.delta, heads, rows, 0.0F), buffers_.delta);

        std::vector<std::vector<TilePlan>> plans(static_cast<std::size_t>(forward_.mask->kinds()));
        ThreadTeam team(static_cast<int>(session_.compute_units()));
        for (const std::int64_t kind : forward_.mask->kinds_of(heads)) {
            std::vector<TilePlan>& own = plans[static_cast<std::size_t>(kind)];
            own.resize(static_cast<std::size_t>(row_tiles));
            team.for_each(row_tiles, [&](std::int64_t i) {
                const std::int64_t first = rows.begin + i * tile_;
                own[static_cast<std::size_t>(i)] =
                    plan_tile_row(*forward_.mask, {first, std::min(first + tile_, rows.end)}, tile_, kind);
            });
        }
        const BackwardPlan plan = backward_plan(plans, tile_, row_tiles, key_tiles_);
        std::vector<cl_int> kinds;
        for (std::int64_t head = heads.begin; head < heads.end; ++head) {
            kinds.push_back(static_cast<cl_int>(forward_.mask->kind_of(head)));
        }
        const cl::Buffer& kinds_on_device = upload(session_, kinds, buffers_.kinds);

        upload_side(plan.of_queries);
        cl_uint at =
            set_arguments(of_queries_, 0, rows_buffer(buffers_.queries), rows_buffer(buffers_.output_gradients),
                          static_cast<cl_int>(row_tiles), panels_buffer(buffers_.keys), panels_buffer(buffers_.values),
                          rows_buffer(buffers_.keys), rows_buffer(buffers_.values), flags_buffer(buffers_.keys),
                          flags_buffer(buffers_.values), static_cast<cl_int>(key_tiles_), static_cast<cl_int>(group()),
                          lse, delta, kinds_on_device);
        at = set_side(of_queries_, at);
        const cl_uint tasks_of_queries = at;
        at = set_arguments(of_queries_, at + 4, static_cast<cl_int>(rows.begin), static_cast<cl_int>(rows.size()),
                           static_cast<cl_int>(forward_.mask->rows()), static_cast<cl_float>(forward_.scale),
                           outputs.of_queries, outputs.of_values);
        of_queries_.setArg(at++, sizeof how_, &how_);
        at = set_scoring(of_queries_, at, heads, rows, false);
        if (wants_bias_gradients()) {
            const std::int64_t head_stride = out_.bias.heads == 1 ? 0 : out_.bias.tokens * out_.bias.dim;
            set_arguments(of_queries_, at, outputs.of_bias, static_cast<cl_ulong>(head_stride),
                          static_cast<cl_int>(forward_.keys.tokens));
        }
        run_of_queries(heads, rows, plan, tasks_of_queries);

        upload_side(plan.of_keys);
        at = set_arguments(of_keys_, 0, rows_buffer(buffers_.keys), rows_buffer(buffers_.values),
                           static_cast<cl_int>(key_tiles_), panels_buffer(buffers_.queries),
                           panels_buffer(buffers_.output_gradients), rows_buffer(buffers_.queries),
                           rows_buffer(buffers_.output_gradients), flags_buffer(buffers_.queries),
                           flags_buffer(buffers_.output_gradients), static_cast<cl_int>(row_tiles),
                           static_cast<cl_int>(group()), lse, delta, kinds_on_device);
        at = set_side(of_keys_, at);
        const cl_uint tasks_of_keys = at;
        at = set_arguments(of_keys_, at + 4, cl_int{0}, static_cast<cl_int>(forward_.keys.tokens),
                           static_cast<cl_int>(forward_.keys.tokens), static_cast<cl_float>(forward_.scale),
                           outputs.of_keys, outputs.of_values);
        of_keys_.setArg(at++, sizeof how_, &how_);
        static_cast<void>(set_scoring(of_keys_, at, heads, rows, true));
        run_of_keys(heads, plan, tasks_of_keys);
    }

    [[nodiscard]] const cl::Buffer& rows_buffer(PackedBothWays& packed) const {
        return packed.rows.of_bytes(session_, 0);
    }
    [[nodiscard]] const cl::Buffer& panels_buffer(PackedBothWays& packed) const {
        return packed.panels.of_bytes(session_, 0);
    }
    [[nodiscard]] const cl::Buffer& flags_buffer(PackedBothWays& packed) const {
        return packed.not_finite.of_bytes(session_, 0);
    }

    // Of query heads x all rows, those of these heads and rows, filled up to whole tiles.
    [[nodiscard]] std::vector<float> rows_of(const float* values, Range heads, Range rows, float padding) const {
        const std::int64_t padded = tiles_of(rows.size()) * tile_;
        std::vector<float> out(static_cast<std::size_t>(heads.size() * padded), padding);
        for (std::int64_t head = heads.begin; values != nullptr && head < heads.end; ++head) {
            std::copy_n(values + head * forward_.mask->rows() + rows.begin, rows.size(),
                        out.data() + (head - heads.begin) * padded);
        }
        return out;
    }

    void upload_side(const BackwardSide& side) {
        static_cast<void>(upload(session_, side.ranges, buffers_.ranges));
        static_cast<void>(upload(session_, side.runs, buffers_.runs));
        static_cast<void>(upload(session_, side.seen, buffers_.seen));
    }
    cl_uint set_side(cl::Kernel& kernel, cl_uint at) {
        return set_arguments(kernel, at, buffers_.ranges.of_bytes(session_, 0), buffers_.runs.of_bytes(session_, 0),
                             buffers_.seen.of_bytes(session_, 0));
    }

    cl_uint set_scoring(cl::Kernel& kernel, cl_uint at, Range heads, Range rows, bool of_keys) {
        const Scoring& scoring = forward_.scoring;
        const std::int64_t padded_rows = tiles_of(rows.size()) * tile_;
        const std::int64_t padded_columns = key_tiles_ * tile_;
        if (scoring.slopes != nullptr) {
            std::vector<cl_int> of_rows(static_cast<std::size_t>(padded_rows));
            std::vector<cl_int> of_columns(static_cast<std::size_t>(padded_columns));
            forward_.mask->row_positions(rows, of_rows.data());
            forward_.mask->column_positions({0, forward_.keys.tokens}, of_columns.data());
            const cl::Buffer& down = upload(session_, of_rows, buffers_.row_positions);
            const cl::Buffer& right = upload(session_, of_columns, buffers_.column_positions);
            at = set_arguments(
                kernel, at,
                upload(session_, std::vector<float>(scoring.slopes + heads.begin, scoring.slopes + heads.end),
                       buffers_.slopes),
                of_keys ? right : down, of_keys ? down : right);
        }
        if (scoring.has_bias()) {
            const HeadView& bias = scoring.bias;
            const std::int64_t distinct = bias.head_stride == 0 ? 1 : heads.size();
            std::vector<float> values(static_cast<std::size_t>(distinct * padded_rows * padded_columns), 0.0F);
            for (std::int64_t head = 0; head < distinct; ++head) {
                for (std::int64_t row = 0; row < rows.size(); ++row) {
                    std::copy_n(static_cast<const float*>(bias.row(heads.begin + head, rows.begin + row)), bias.dim,
                                values.data() + (head * padded_rows + row) * padded_columns);
                }
            }
            at = set_arguments(kernel, at, upload(session_, values, buffers_.biases),
                               static_cast<cl_ulong>(distinct == 1 ? 0 : padded_rows * padded_columns),
                               static_cast<cl_ulong>(padded_columns));
        }
        return at;
    }

    [[nodiscard]] double pair_flops(std::int64_t of_qk, std::int64_t of_v) const {
        return 2.0 * static_cast<double>(tile_ * tile_ * (of_qk * forward_.queries.dim + of_v * forward_.values.dim));
    }

    // The parts of a tile with so many rows on its own side. All pairs count with the first one.
    void append_parts(const QueuedTask& tile, std::int64_t rows, std::vector<QueuedTask>& tasks) const {
        const std::int64_t parts = tile_ / design_.part_rows;
        for (std::int64_t part = 0; part * design_.part_rows < std::min(rows, tile_); ++part) {
            tasks.push_back({tile.head, static_cast<cl_int>(tile.tile * parts + part),
                             tile.flops / static_cast<double>(parts), part == 0 ? tile.pairs : 0,
                             tile.own_bytes / parts, tile.shared_bytes, tile.shared});
        }
    }

    // Of a tile of both factors in one order, and of the tile of a task with what it adds to `outputs` of them.
    [[nodiscard]] std::int64_t tile_bytes() const {
        return tile_ * (forward_.queries.dim + forward_.values.dim) * std::int64_t{sizeof(float)};
    }
    [[nodiscard]] std::int64_t own_bytes(std::int64_t outputs) const {
        const std::int64_t written = outputs == 1 ? forward_.queries.dim : forward_.queries.dim + forward_.values.dim;
        return tile_bytes() + 2 * tile_ * written * std::int64_t{sizeof(float)};
    }

    void run_of_queries(Range heads, Range rows, const BackwardPlan& plan, cl_uint tasks_at) {
        std::vector<QueuedTask> tasks;
        const std::int64_t row_tiles = tiles_of(rows.size());
        for (std::int64_t head = heads.begin; head < heads.end; ++head) {
            for (std::int64_t i = row_tiles - 1; i >= 0; --i) {
                const auto at = static_cast<std::size_t>(forward_.mask->kind_of(head) * row_tiles + i);
                if (plan.of_queries.met[at] > 0) {
                    append_parts({static_cast<cl_int>(head - heads.begin), static_cast<cl_int>(i),
                                  pair_flops(2, 1) * static_cast<double>(plan.of_queries.met[at]), plan.pairs[at],
                                  own_bytes(1), plan.of_queries.met[at] * tile_bytes(), (head - heads.begin) / group()},
                                 rows.size() - i * tile_, tasks);
                }
            }
            if (wants_bias_gradients() && out_.bias.heads == 1) {
                run_all(of_queries_, tasks, tasks_at);  // the next head adds to the same numbers
                tasks.clear();
            }
        }
        run_all(of_queries_, tasks, tasks_at);
    }

    void run_of_keys(Range heads, const BackwardPlan& plan, cl_uint tasks_at) {
        std::vector<QueuedTask> tasks;
        for (std::int64_t kv_head = 0; kv_head < heads.size() / group(); ++kv_head) {
            for (std::int64_t i = 0; i < key_tiles_; ++i) {
                std::int64_t met = 0;
                for (std::int64_t head = kv_head * group(); head < (kv_head + 1) * group(); ++head) {
                    met +=
                        plan.of_keys
                            .met[static_cast<std::size_t>(forward_.mask->kind_of(heads.begin + head) * key_tiles_ + i)];
                }
                if (met > 0) {
                    append_parts(
                        {static_cast<cl_int>(kv_head), static_cast<cl_int>(i),
                         pair_flops(2, 2) * static_cast<double>(met), 0, own_bytes(2), met * tile_bytes(), kv_head},
                        forward_.keys.tokens - i * tile_, tasks);
                }
            }
        }
        run_all(of_keys_, tasks, tasks_at);
    }

    void run_all(cl::Kernel& kernel, const std::vector<QueuedTask>& tasks, cl_uint tasks_at) {
        if (tasks.empty()) {
            return;
        }
        kernel.setArg(tasks_at, upload(session_, on_device(tasks), buffers_.tasks));
        run_tasks(session_, kernel, design_.group_items, tasks_at + 1, tasks, buffers_.counter, computing_);
    }

    Session& session_;
    BackwardBuffers& buffers_;
    const AttendBackwardInput& input_;
    const AttendInput& forward_;
    const AttendGradients& out_;
    const AttendHooks& hooks_;
    BackwardDesign design_;
    std::int64_t tile_;
    std::int64_t key_tiles_;
    DeviceScoring how_;
    cl::Kernel of_queries_;
    cl::Kernel of_keys_;
    AttendHooks computing_;  // of the piece of now
};

}  // namespace

void attend_backward(Session& session, const DesignChoice& design, BackwardBuffers& buffers,
                     const AttendBackwardInput& input, const AttendGradients& out, const AttendHooks& hooks) {
    BackwardPass(session, design, buffers, input, out, hooks).run();
}

}  // namespace longscope::opencl
