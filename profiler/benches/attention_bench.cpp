// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/attention_bench.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"
#include "engine/mask/expression.h"
#include "engine/tensor/aligned_buffer.h"
#include "engine/tensor/element_type.h"
#include "engine/workload/packing.h"
#include "profiler/probe/peak.h"
#include "profiler/probe/read_bandwidth.h"

namespace longscope {

namespace {

constexpr double peak_seconds = 0.03;
constexpr std::string_view full_mask = R"({"full": {}})";

// Standard-normal values of one tensor, in the type of the shape.
class Tensor {
  public:
    Tensor(DType dtype, std::int64_t heads, std::int64_t tokens, std::int64_t dim, std::uint64_t stream)
        : heads_(heads), tokens_(tokens), dim_(dim), dtype_(dtype), bytes_(heads * tokens * dim * size_bytes(dtype)) {
        const std::int64_t count = heads * tokens * dim;
        const std::int64_t size = size_bytes(dtype);
        ThreadTeam().for_each_range((count + 3) / 4, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t block = begin; block < end; ++block) {
                const auto four = normal4(1, stream, static_cast<std::uint64_t>(block));
                const auto present = static_cast<std::size_t>(std::min<std::int64_t>(4, count - 4 * block));
                from_float(std::span(four).first(present), element_type(dtype),
                           bytes_.span().subspan(static_cast<std::size_t>(4 * block * size),
                                                 present * static_cast<std::size_t>(size)));
            }
        });
    }
    [[nodiscard]] std::int64_t bytes() const { return bytes_.size_bytes(); }
    [[nodiscard]] HeadView view() const { return {bytes_.data(), dtype_, heads_, tokens_, dim_}; }

  private:
    std::int64_t heads_;
    std::int64_t tokens_;
    std::int64_t dim_;
    DType dtype_;
    AlignedBuffer<std::byte> bytes_;
};

// What a backward call reads and writes beside the inputs of the forward call.
struct Gradients {
    Gradients(const AttentionBenchCase& asked, const Partial& output)
        : of_output(asked.shape.dtype, asked.shape.query_heads, asked.tokens, asked.shape.head_dim_v, 3),
          delta(asked.shape.query_heads * asked.tokens),
          of_queries(asked.shape.query_heads * asked.tokens * asked.shape.head_dim_qk),
          of_keys(asked.shape.key_value_heads * asked.tokens * asked.shape.head_dim_qk),
          of_values(asked.shape.key_value_heads * asked.tokens * asked.shape.head_dim_v),
          asked_(asked) {
        compute_delta(of_output.view(), output.output(), delta.data());
        of_queries.fill(0.0F);
        of_keys.fill(0.0F);
        of_values.fill(0.0F);
    }
    [[nodiscard]] AttendGradients views() {
        const AttentionShape& shape = asked_.shape;
        return {{of_queries.data(), shape.query_heads, asked_.tokens, shape.head_dim_qk},
                {of_keys.data(), shape.key_value_heads, asked_.tokens, shape.head_dim_qk},
                {of_values.data(), shape.key_value_heads, asked_.tokens, shape.head_dim_v}};
    }

    Tensor of_output;
    AlignedBuffer<float> delta;
    AlignedBuffer<float> of_queries;
    AlignedBuffer<float> of_keys;
    AlignedBuffer<float> of_values;

  private:
    const AttentionBenchCase& asked_;
};

// Is the goal of `asked` a share of what `other` reaches?
bool is_measure_of(const AttentionBenchCase& other, const AttentionBenchCase& asked) {
    if (other.direction != asked.direction) {
        return false;
    }
    AttentionShape shape = asked.shape;
    if (asked.goal_of == GoalOf::float32) {
        shape.dtype = DType::float32;
        return other.shape == shape && other.mask == asked.mask && other.tokens == asked.tokens;
    }
    return other.shape == shape && other.mask == full_mask;
}

std::int64_t query_count(const AttentionBenchCase& asked) {
    return asked.queries == 0 ? asked.tokens : asked.queries;
}

MaskDomain domain_of(const AttentionBenchCase& asked, const LengthSource& lengths) {
    MaskDomain domain{query_count(asked), asked.tokens, {}};
    if (asked.document_seed) {
        domain.cu_seqlens = cu_seqlens(draw_documents(lengths, asked.tokens, *asked.document_seed, 0));
    }
    return domain;
}

}  // namespace

AttentionBenchResult measure(const AttentionBenchCase& asked, const AttentionBenchOptions& options) {
    const AttentionShape& shape = asked.shape;
    const auto mask =
        compile_mask(parse_mask(parse_json(asked.mask, "mask"), "mask"), domain_of(asked, options.lengths));
    const TokenSet rows({{0, query_count(asked)}});
    const TokenSet tokens({{0, asked.tokens}});
    const LocalMask local(*mask, rows, tokens);
    const Tensor queries(shape.dtype, shape.query_heads, query_count(asked), shape.head_dim_qk, 0);
    const Tensor keys(shape.dtype, shape.key_value_heads, asked.tokens, shape.head_dim_qk, 1);
    const Tensor values(shape.dtype, shape.key_value_heads, asked.tokens, shape.head_dim_v, 2);
    const AttendInput input{queries.view(), keys.view(), values.view(), &local,
                            1.0 / std::sqrt(static_cast<double>(shape.head_dim_qk))};
    Partial out(shape.query_heads, query_count(asked), shape.head_dim_v);
    const auto kernel = make_kernel("cpu", options.threads);
    const AttendHooks hooks{options.poll, nullptr, options.cancelled};

    AttentionBenchResult result;
    result.asked = asked;
    result.pairs = mask->pairs();
    result.flops = attention_flops(shape, result.pairs, asked.direction);
    // Pages and caches; and what the backward pass reads of the forward pass.
    kernel->attend(input, out, hooks);
    std::function<void()> call = [&] { kernel->attend(input, out, hooks); };
    std::unique_ptr<Gradients> gradients;
    if (asked.direction == Direction::backward) {
        gradients = std::make_unique<Gradients>(asked, out);
        call = [&] {
            kernel->attend_backward({input, gradients->of_output.view(), out.lse(0), gradients->delta.data()},
                                    gradients->views(), hooks);
        };
        call();
    }
    // In turns with the limit that the case is measured against.
    std::unique_ptr<ReadBandwidth> memory;
    if (asked.goal_of == GoalOf::reading) {
        result.read_bytes = keys.bytes() + values.bytes();
        memory = std::make_unique<ReadBandwidth>(result.read_bytes);
    }
    const auto limit = [&] {
        return memory != nullptr ? memory->measure(options.threads)
                                 : measure_peak(shape.dtype, options.threads, peak_seconds).flops_per_s;
    };
    std::vector<double> durations;
    std::vector<double> limits;
    std::vector<double> shares;
    const double done = memory != nullptr ? static_cast<double>(result.read_bytes) : result.flops;
    double before = limit();
    for (std::int64_t i = 0; i < options.repetitions; ++i) {
        const Nanoseconds begin_ns = now_ns();
        call();
        const auto duration_ns = static_cast<double>(now_ns() - begin_ns);
        const double after = limit();
        durations.push_back(duration_ns);
        limits.push_back((before + after) / 2);
        shares.push_back(done / (duration_ns * 1e-9) / limits.back());
        before = after;
    }
    result.duration_ns = summarize(std::move(durations));
    if (memory != nullptr) {
        result.reading_share = summarize(std::move(shares));
        result.read_bytes_per_s = summarize(std::move(limits));
        return result;
    }
    result.peak_flops_per_s = summarize(std::move(limits));
    result.share = summarize(std::move(shares));
    const double flops_s = result.flops / result.peak_flops_per_s.median;
    const double exponentials = static_cast<double>(result.pairs) * static_cast<double>(shape.query_heads);
    result.roofline_share =
        flops_s / (flops_s + exponentials / (measure_exponential_rate(peak_seconds) * options.threads));
    return result;
}

void judge(std::vector<AttentionBenchResult>& results) {
    for (AttentionBenchResult& result : results) {
        result.asked_share = result.asked.goal;
        if (!result.asked.goal || result.asked.goal_of == GoalOf::peak || result.asked.goal_of == GoalOf::reading) {
            continue;
        }
        const AttentionBenchResult* measure = nullptr;
        for (const AttentionBenchResult& other : results) {
            if (is_measure_of(other.asked, result.asked) &&
                (measure == nullptr || other.asked.tokens > measure->asked.tokens)) {
                measure = &other;
            }
        }
        result.asked_share =
            measure == nullptr ? std::nullopt : std::optional(*result.asked.goal * measure->share.median);
    }
}

}  // namespace longscope
