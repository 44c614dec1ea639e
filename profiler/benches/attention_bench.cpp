// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/benches/attention_bench.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/random.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"
#include "engine/mask/expression.h"
#include "engine/workload/packing.h"
#include "profiler/probe/peak.h"

namespace longscope {

namespace {

constexpr double peak_seconds = 0.03;
constexpr std::string_view full_mask = R"({"full": {}})";

AlignedBuffer<float> normal_values(std::int64_t count, std::uint64_t stream) {
    AlignedBuffer<float> values(count);
    ThreadTeam().for_each_range((count + 3) / 4, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t block = begin; block < end; ++block) {
            const auto four = normal4(1, stream, static_cast<std::uint64_t>(block));
            std::copy_n(four.begin(), std::min<std::int64_t>(4, count - 4 * block), values.data() + 4 * block);
        }
    });
    return values;
}

MaskDomain domain_of(const AttentionBenchCase& asked, const LengthSource& lengths) {
    MaskDomain domain{asked.tokens, asked.tokens, {}};
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
    const TokenSet tokens({{0, asked.tokens}});
    const LocalMask local(*mask, tokens, tokens);
    const auto queries = normal_values(shape.query_heads * asked.tokens * shape.head_dim_qk, 0);
    const auto keys = normal_values(shape.key_value_heads * asked.tokens * shape.head_dim_qk, 1);
    const auto values = normal_values(shape.key_value_heads * asked.tokens * shape.head_dim_v, 2);
    const AttendInput input{{queries.data(), DType::float32, shape.query_heads, asked.tokens, shape.head_dim_qk},
                            {keys.data(), DType::float32, shape.key_value_heads, asked.tokens, shape.head_dim_qk},
                            {values.data(), DType::float32, shape.key_value_heads, asked.tokens, shape.head_dim_v},
                            &local,
                            1.0 / std::sqrt(static_cast<double>(shape.head_dim_qk))};
    Partial out(shape.query_heads, asked.tokens, shape.head_dim_v);
    const auto kernel = make_kernel("cpu", options.threads);
    const AttendHooks hooks{options.poll, nullptr, options.cancelled};

    AttentionBenchResult result;
    result.asked = asked;
    result.pairs = mask->pairs();
    result.flops = forward_flops(shape, result.pairs);
    kernel->attend(input, out, hooks);  // pages and caches
    std::vector<double> durations;
    std::vector<double> peaks;
    std::vector<double> shares;
    double before = measure_peak(shape.dtype, options.threads, peak_seconds).flops_per_s;
    for (std::int64_t i = 0; i < options.repetitions; ++i) {
        const Nanoseconds begin_ns = now_ns();
        kernel->attend(input, out, hooks);
        const auto duration_ns = static_cast<double>(now_ns() - begin_ns);
        const double after = measure_peak(shape.dtype, options.threads, peak_seconds).flops_per_s;
        durations.push_back(duration_ns);
        peaks.push_back((before + after) / 2);
        shares.push_back(result.flops / (duration_ns * 1e-9) / peaks.back());
        before = after;
    }
    result.duration_ns = summarize(std::move(durations));
    result.peak_flops_per_s = summarize(std::move(peaks));
    result.share = summarize(std::move(shares));
    return result;
}

void judge(std::vector<AttentionBenchResult>& results) {
    for (AttentionBenchResult& result : results) {
        result.asked_share = result.asked.goal;
        if (!result.asked.goal || result.asked.goal_of == GoalOf::peak) {
            continue;
        }
        const AttentionBenchResult* dense = nullptr;
        for (const AttentionBenchResult& other : results) {
            if (other.asked.mask == full_mask && other.asked.shape == result.asked.shape &&
                (dense == nullptr || other.asked.tokens > dense->asked.tokens)) {
                dense = &other;
            }
        }
        result.asked_share = dense == nullptr ? std::nullopt : std::optional(*result.asked.goal * dense->share.median);
    }
}

}  // namespace longscope
