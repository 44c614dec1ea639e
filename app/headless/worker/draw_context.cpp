// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/worker/draw_context.h"

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/kernel/kernel.h"
#include "engine/mask/heads.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/plan_text.h"
#include "engine/parallel/strategy.h"
#include "engine/tensor/huge_pages.h"
#include "engine/workload/inputs.h"

namespace longscope {

namespace {

HeadMasks masks_of_draw(const Experiment& experiment, const MaskDomain& domain) {
    if (const std::string refusal = layer_refusal(experiment.mask); !refusal.empty()) {
        throw Error(ErrorKind::unsupported, refusal);
    }
    return compile_head_masks(mask_of_queries(experiment.mask, experiment.sequence.query_tokens), domain,
                              experiment.shape.query_heads);
}

std::vector<std::int64_t> positions_of(const TokenSet& tokens) {
    std::vector<std::int64_t> positions;
    positions.reserve(static_cast<std::size_t>(tokens.size()));
    for (const Range range : tokens.ranges()) {
        for (std::int64_t position = range.begin; position < range.end; ++position) {
            positions.push_back(position);
        }
    }
    return positions;
}

}  // namespace

DrawContext::DrawContext(const Experiment& experiment, std::int64_t draw, int rank, int ranks)
    : shape_(experiment.shape),
      documents_(documents_of_draw(experiment, draw)),
      masks_(masks_of_draw(experiment, domain_of_draw(experiment, draw))),
      input_seed_(input_seed_of_draw(experiment, draw)),
      scoring_(scoring_of_draw(experiment, draw)) {
    const MaskDomain domain = domain_of_draw(experiment, draw);
    const PackedSequence sequence{domain.query_tokens, domain.cu_seqlens};
    tokens_ =
        dispatch_tokens(find_dispatch(experiment.layout.dispatch), {sequence, &masks_, shape_.query_heads}, ranks);
    const StrategyEntry& strategy = find_strategy(experiment.layout.strategy);
    const StrategyInput of_rank{
        shape_, masks_, tokens_, rank, experiment.layout.options, nullptr, experiment.sequence.query_tokens};
    require_feasible(strategy, of_rank, experiment.pass);
    require_supported(experiment.backend.name, shape_);
    const StrategyInput input = strategy.prepared(of_rank);
    const Schedule written = strategy.write(experiment.pass, input);
    schedule_ = schedule_from_json(parse_json(to_json(written).dump(), "schedule"));
    head_pairs_ = strategy.head_pairs(input);
    const Range queries{experiment.sequence.first_query(), experiment.sequence.tokens};
    own_queries_ = experiment.sequence.query_tokens > 0 ? TokenSet({queries}) : own_tokens();
    plan_hash_ = fnv1a(plan_text(shape_, to_json(mask_of_queries(experiment.mask, experiment.sequence.query_tokens)),
                                 sequence, to_json(experiment).at("layout"), tokens_, input_seed_, experiment.pass));
}

void DrawContext::make_inputs() {
    const TokenSet& own = own_tokens();
    const std::vector<std::int64_t> positions = positions_of(own);
    const std::vector<std::int64_t> of_queries = positions_of(own_queries_);
    const std::int64_t element_bytes = size_bytes(shape_.dtype);
    const std::int64_t key_bytes = shape_.key_value_heads * own.size() * shape_.head_dim_qk * element_bytes;
    queries_ = AlignedBuffer<std::byte>(shape_.query_heads * own_queries_.size() * shape_.head_dim_qk * element_bytes);
    key_values_ = AlignedBuffer<std::byte>(own.size() * shape_.key_value_bytes_per_token());
    advise_huge_pages(queries_);
    advise_huge_pages(key_values_);
    const auto fill_at = [&](const std::vector<std::int64_t>& where, InputTensor tensor, std::span<std::byte> bytes,
                             std::int64_t heads, std::int64_t dim) {
        fill_inputs(input_seed_, tensor, {bytes, shape_.dtype, heads, std::ssize(where), dim}, where);
    };
    const auto fill = [&](InputTensor tensor, std::span<std::byte> bytes, std::int64_t heads, std::int64_t dim) {
        fill_at(positions, tensor, bytes, heads, dim);
    };
    fill_at(of_queries, InputTensor::query, queries_.span(), shape_.query_heads, shape_.head_dim_qk);
    fill(InputTensor::key, key_values_.span(), shape_.key_value_heads, shape_.head_dim_qk);
    fill(InputTensor::value, key_values_.span().subspan(static_cast<std::size_t>(key_bytes)), shape_.key_value_heads,
         shape_.head_dim_v);
    if (schedule_.pass == Pass::forward_backward) {
        output_gradients_ =
            AlignedBuffer<std::byte>(shape_.query_heads * own.size() * shape_.head_dim_v * element_bytes);
        fill(InputTensor::output_gradient, output_gradients_.span(), shape_.query_heads, shape_.head_dim_v);
    }
}

RankInputs DrawContext::inputs() const {
    return {queries_.span(), key_values_.span(), output_gradients_.span()};
}

}  // namespace longscope
