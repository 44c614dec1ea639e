// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/opencl/decode_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/kernel/opencl/device_scoring.h"
#include "engine/kernel/opencl/device_tensor.h"
#include "engine/kernel/opencl/kernel_arguments.h"
#include "engine/kernel/opencl/task_queue.h"
#include "engine/kernel/opencl/wide_geometry.h"

namespace longscope::opencl {

namespace {

// As in wide_decode.cl.
constexpr std::int64_t block = 32;
constexpr std::int64_t rows_at_once = 4;
// That are copied at once: 256 MiB.
constexpr std::int64_t most_biases = std::int64_t{64} << 20;

std::int64_t up_to(std::int64_t count, std::int64_t step) {
    return (count + step - 1) / step * step;
}

std::int64_t group_of(const AttendInput& input) {
    return input.queries.heads / input.keys.heads;
}

// What the query rows see, a bit for each key: of each kind of mask of the heads the rows one after the other, and at
// the end a row that sees nothing.
class SeenBits {
  public:
    explicit SeenBits(const LocalMask& mask) : words_((mask.columns() + block - 1) / block), rows_(mask.rows()) {
        bits_.resize(static_cast<std::size_t>((mask.kinds() * rows_ + 1) * words_), 0U);
        pairs_.resize(static_cast<std::size_t>(mask.kinds()), 0);
        std::vector<Range> runs;
        for (std::int64_t kind = 0; kind < mask.kinds(); ++kind) {
            for (std::int64_t row = 0; row < rows_; ++row) {
                mask.row_runs(row, runs, kind);
                for (const Range run : runs) {
                    set(row_of(kind, row), run);
                    pairs_[static_cast<std::size_t>(kind)] += run.size();
                }
            }
        }
    }

    [[nodiscard]] const std::vector<std::uint32_t>& bits() const { return bits_; }
    [[nodiscard]] std::int64_t row_of(std::int64_t kind, std::int64_t row) const { return kind * rows_ + row; }
    [[nodiscard]] std::int64_t empty_row() const { return static_cast<std::int64_t>(pairs_.size()) * rows_; }
    [[nodiscard]] std::int64_t pairs(std::int64_t kind) const { return pairs_[static_cast<std::size_t>(kind)]; }

  private:
    void set(std::int64_t row, Range run) {
        std::uint32_t* words = bits_.data() + row * words_;
        for (std::int64_t word = run.begin / block; word * block < run.end; ++word) {
            const std::int64_t from = std::max(run.begin - word * block, std::int64_t{0});
            const std::int64_t to = std::min(run.end - word * block, block);
            words[word] |=
                static_cast<std::uint32_t>(((std::uint64_t{1} << to) - 1) ^ ((std::uint64_t{1} << from) - 1));
        }
    }

    std::int64_t words_;
    std::int64_t rows_;
    std::vector<std::uint32_t> bits_;
    std::vector<std::int64_t> pairs_;  // of each kind
};

class DecodePass {
  public:
    DecodePass(Session& session, DecodeBuffers& buffers, const AttendInput& input, Partial& out,
               const AttendHooks& hooks)
        : session_(session),
          buffers_(buffers),
          input_(input),
          out_(out),
          hooks_(hooks),
          rows_(group_of(input) * input.queries.tokens),
          padded_rows_(up_to(rows_, rows_at_once)),
          seen_(*input.mask),
          attending_(session.kernel(source(), "attend_decode")) {}

    void run() {
        const std::int64_t all_rows = input_.keys.heads * rows_;
        const std::int64_t parts = parts_of_keys();
        buffers_.output.begin_call();
        buffers_.lse.begin_call();
        DeviceOutput output(session_, out_.output().data, all_rows * out_.dim(), false, buffers_.output);
        DeviceOutput lse(session_, out_.lse(0), all_rows, false, buffers_.lse);
        output.await();
        lse.await();
        buffers_.parts.reserve(session_, parts, all_rows, out_.dim());
        const DeviceScoring how = device_scoring(input_.scoring, input_.scale == 0.0 ? 1.0 : std::abs(input_.scale));
        const PlacedTensor keys(session_, input_.keys, buffers_.key_pages);
        const PlacedTensor values(session_, input_.values, buffers_.value_pages);
        const std::vector<QueuedTask> tasks = tasks_of(parts);
        cl_uint at =
            set_arguments(attending_, 0, upload(session_, query_rows(), buffers_.queries), keys.buffer(),
                          keys.head_stride(), keys.token_stride(), keys.pages(), keys.page_stride(), values.buffer(),
                          values.head_stride(), values.token_stride(), values.pages(), values.page_stride(),
                          static_cast<cl_int>(input_.keys.is_paged() ? input_.keys.pages.page_tokens : 0),
                          static_cast<cl_int>(input_.keys.tokens), static_cast<cl_int>(rows_),
                          static_cast<cl_int>(padded_rows_), upload(session_, seen_rows(), buffers_.seen_rows),
                          upload(session_, seen_.bits(), buffers_.seen), static_cast<cl_int>(parts),
                          static_cast<cl_ulong>(all_rows), upload(session_, on_device(tasks), buffers_.tasks));
        const cl_uint first_task = at;
        at = set_arguments(attending_, at + 3, buffers_.parts.outputs.of_bytes(session_, 0),
                           buffers_.parts.bases.of_bytes(session_, 0), buffers_.parts.sums.of_bytes(session_, 0));
        attending_.setArg(at++, sizeof how, &how);
        set_scoring(at);
        run_tasks(session_, attending_, 0, first_task, tasks, buffers_.counter, hooks_);
        merge_parts(session_, input_.scoring, {parts, all_rows, out_.dim()}, buffers_.parts, output.buffer(),
                    lse.buffer());
        output.fetch();
        lse.fetch();
    }

  private:
    [[nodiscard]] ProgramSource source() const {
        ProgramSource source{{"elements.cl", "lanes.cl", "scoring.cl", "wide_scores.cl", "wide_decode.cl"},
                             {{"INPUT", std::to_string(static_cast<int>(input_.keys.dtype))},
                              {"DIM_QK", std::to_string(input_.queries.dim)},
                              {"DIM_V", std::to_string(input_.values.dim)},
                              {"MOST_ROWS", std::to_string(max_decode_rows)}}};
        add_scoring_defines(input_.scoring, source.defines);
        return source;
    }

    // Each of 256 keys at least, so that merging costs little. The number depends on the device as a whole, not on the
    // part of it that is used, as results do.
    [[nodiscard]] std::int64_t parts_of_keys() const {
        constexpr std::int64_t tasks_of_unit = 8;  // so that no unit waits long for the last one
        constexpr std::int64_t fewest_keys = 256;
        const std::int64_t wanted = (session_.facts().compute_units * tasks_of_unit + input_.keys.heads - 1) /
                                    std::max<std::int64_t>(input_.keys.heads, 1);
        const std::int64_t parts =
            std::clamp<std::int64_t>(wanted, 1, std::max<std::int64_t>(input_.keys.tokens / fewest_keys, 1));
        if (hooks_.explain) {
            hooks_.explain(
                fmt::format("keys where they lie, in {} part{}, merged in order", parts, parts == 1 ? "" : "s"));
        }
        return parts;
    }

    // The rows of each key/value head, filled up. The sign of the scale is in them, so that the largest product is the
    // largest score.
    [[nodiscard]] std::vector<float> query_rows() const {
        const std::int64_t width = up_to(input_.queries.dim, wide_lanes);
        std::vector<float> all(static_cast<std::size_t>(input_.keys.heads * padded_rows_ * width), 0.0F);
        const auto sign = static_cast<float>(input_.scale == 0.0 ? 0.0 : std::copysign(1.0, input_.scale));
        for (std::int64_t head = 0; head < input_.queries.heads; ++head) {
            const std::int64_t kv_head = head / group_of(input_);
            const std::int64_t first = kv_head * padded_rows_ + head % group_of(input_) * input_.queries.tokens;
            for (std::int64_t row = 0; row < input_.queries.tokens; ++row) {
                float* to = all.data() + (first + row) * width;
                load_row(input_.queries, head, row, to);
                std::for_each(to, to + input_.queries.dim, [&](float& x) { x *= sign; });
            }
        }
        return all;
    }

    // `value` of each head and row, in the order in which tasks have them, filled up.
    template <typename T, typename Value>
    [[nodiscard]] std::vector<T> of_rows(T padding, const Value& value) const {
        std::vector<T> all(static_cast<std::size_t>(input_.keys.heads * padded_rows_), padding);
        for (std::int64_t head = 0; head < input_.queries.heads; ++head) {
            const std::int64_t kv_head = head / group_of(input_);
            const std::int64_t first = kv_head * padded_rows_ + head % group_of(input_) * input_.queries.tokens;
            for (std::int64_t row = 0; row < input_.queries.tokens; ++row) {
                all[static_cast<std::size_t>(first + row)] = static_cast<T>(value(head, row));
            }
        }
        return all;
    }

    [[nodiscard]] std::vector<cl_int> seen_rows() const {
        return of_rows(static_cast<cl_int>(seen_.empty_row()), [&](std::int64_t head, std::int64_t row) {
            return seen_.row_of(input_.mask->kind_of(head), row);
        });
    }

    // What positions and biases change, where they do.
    void set_scoring(cl_uint at) {
        const Scoring& scoring = input_.scoring;
        const std::int64_t columns = up_to(input_.keys.tokens, block);
        if (scoring.slopes != nullptr) {
            std::vector<cl_int> down(static_cast<std::size_t>(input_.queries.tokens));
            std::vector<cl_int> right(static_cast<std::size_t>(columns));
            input_.mask->row_positions({0, input_.queries.tokens}, down.data());
            input_.mask->column_positions({0, input_.keys.tokens}, right.data());
            const auto slope = [&](std::int64_t head, std::int64_t /*row*/) { return scoring.slopes[head]; };
            const auto position = [&](std::int64_t /*head*/, std::int64_t row) {
                return down[static_cast<std::size_t>(row)];
            };
            at = set_arguments(attending_, at, upload(session_, of_rows(0.0F, slope), buffers_.slopes),
                               upload(session_, of_rows(cl_int{0}, position), buffers_.row_positions),
                               upload(session_, right, buffers_.column_positions));
        }
        if (scoring.has_bias()) {
            const HeadView& bias = scoring.bias;
            const std::int64_t distinct = bias.head_stride == 0 ? 1 : bias.heads;
            std::vector<float> values(static_cast<std::size_t>(distinct * bias.tokens * columns), 0.0F);
            for (std::int64_t i = 0; i < distinct * bias.tokens; ++i) {
                load_row(bias, i / bias.tokens, i % bias.tokens, values.data() + i * columns);
            }
            const auto first = [&](std::int64_t head, std::int64_t row) {
                return ((distinct == 1 ? 0 : head) * bias.tokens + row) * columns;
            };
            set_arguments(attending_, at, upload(session_, values, buffers_.biases),
                          upload(session_, of_rows(cl_ulong{0}, first), buffers_.bias_rows));
        }
    }

    // Head by head, so that the parts of one lie near each other in memory. Pairs count with the first part.
    [[nodiscard]] std::vector<QueuedTask> tasks_of(std::int64_t parts) const {
        std::vector<QueuedTask> tasks;
        const double flops = 2.0 * static_cast<double>(padded_rows_ * input_.keys.tokens) *
                             static_cast<double>(input_.queries.dim + input_.values.dim) / static_cast<double>(parts);
        const std::int64_t own_bytes =
            input_.keys.tokens * (input_.queries.dim + input_.values.dim) * size_bytes(input_.keys.dtype) / parts;
        for (std::int64_t kv_head = 0; kv_head < input_.keys.heads; ++kv_head) {
            std::int64_t pairs = 0;
            for (std::int64_t member = 0; member < group_of(input_); ++member) {
                pairs += seen_.pairs(input_.mask->kind_of(kv_head * group_of(input_) + member));
            }
            for (std::int64_t part = 0; part < parts; ++part) {
                tasks.push_back(
                    {static_cast<cl_int>(kv_head), static_cast<cl_int>(part), flops, part == 0 ? pairs : 0, own_bytes});
            }
        }
        return tasks;
    }

    Session& session_;
    DecodeBuffers& buffers_;
    const AttendInput& input_;
    Partial& out_;
    const AttendHooks& hooks_;
    std::int64_t rows_;         // of each key/value head
    std::int64_t padded_rows_;  // filled up
    SeenBits seen_;
    cl::Kernel attending_;
};

}  // namespace

bool is_decode(const Session& session, Design design, const AttendInput& input) {
    const bool one_page_size =
        input.keys.is_paged() == input.values.is_paged() &&
        (!input.keys.is_paged() || input.keys.pages.page_tokens == input.values.pages.page_tokens);
    return design == Design::wide && session.computes_in_place() && input.keys.heads > 0 && input.queries.tokens > 0 &&
           input.keys.tokens > 0 && group_of(input) * input.queries.tokens <= max_decode_rows &&
           input.keys.dtype == input.values.dtype && one_page_size &&
           (!input.scoring.has_bias() || input.queries.heads * input.queries.tokens * input.keys.tokens <= most_biases);
}

void attend_decode(Session& session, DecodeBuffers& buffers, const AttendInput& input, Partial& out,
                   const AttendHooks& hooks) {
    DecodePass(session, buffers, input, out, hooks).run();
}

}  // namespace longscope::opencl
