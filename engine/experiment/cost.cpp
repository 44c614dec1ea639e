// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/cost.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/kernel.h"
#include "engine/mask/heads.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/memory_ledger.h"
#include "engine/parallel/strategy.h"

namespace longscope {

namespace {

constexpr std::int64_t tile = 128;

void require_going_on(const std::atomic<bool>& cancelled) {
    if (cancelled) {
        throw Error(ErrorKind::cancelled, "cancelled");
    }
}

bool same_sequence(const MaskDomain& a, const MaskDomain& b) {
    return a.query_tokens == b.query_tokens && a.cu_seqlens == b.cu_seqlens;
}

bool same_masks(const Experiment& a, const Experiment& b) {
    return to_json(a.mask) == to_json(b.mask) && a.sequence.query_tokens == b.sequence.query_tokens &&
           (a.shape.query_heads == b.shape.query_heads || !head_dependence(a.mask).head);
}

// Where a run would refuse the mask, that of head 0 stands for all.
HeadMasks masks_of(const Experiment& experiment, const MaskDomain& domain) {
    const MaskExpression mask = mask_of_queries(experiment.mask, experiment.sequence.query_tokens);
    return layer_refusal(experiment.mask).empty() ? compile_head_masks(mask, domain, experiment.shape.query_heads)
                                                  : HeadMasks(compile_mask(mask, domain));
}

// Of all heads, in the mean and rounded.
TileCounts count_tiles_of(const HeadMasks& masks, std::int64_t heads) {
    if (masks.same_for_all()) {
        return count_tiles(masks.kind(0), tile, tile);
    }
    TileCounts sums;
    const std::vector<std::int64_t> heads_of_kinds = masks.heads_of_kinds({0, heads});
    for (std::int64_t kind = 0; kind < masks.kinds(); ++kind) {
        const TileCounts own = count_tiles(masks.kind(kind), tile, tile);
        const std::int64_t times = heads_of_kinds[static_cast<std::size_t>(kind)];
        sums = {own.q_tile, own.k_tile, sums.empty + times * own.empty, sums.full + times * own.full,
                sums.partial + times * own.partial};
    }
    const std::int64_t all = sums.total() / heads;
    sums.empty = (sums.empty + heads / 2) / heads;
    sums.full = (sums.full + heads / 2) / heads;
    sums.partial = all - sums.empty - sums.full;
    return sums;
}

bool same_dispatch(const LayoutField& a, const LayoutField& b) {
    return a.ranks == b.ranks && a.dispatch == b.dispatch;
}

}  // namespace

CompiledDraw compile_draw(const Experiment& experiment, std::int64_t draw, const CompiledDraw* before) {
    CompiledDraw compiled{experiment, draw, domain_of_draw(experiment, draw), nullptr, nullptr, nullptr};
    const bool same_tokens = before != nullptr && same_sequence(compiled.domain, before->domain);
    if (same_tokens && same_masks(experiment, before->experiment)) {
        compiled.masks = before->masks;
    } else {
        compiled.masks = std::make_shared<const HeadMasks>(masks_of(experiment, compiled.domain));
    }
    compiled.mask = compiled.masks->shared_kind(compiled.masks->kind_of(0));
    if (same_tokens && same_dispatch(experiment.layout, before->experiment.layout) &&
        (!find_dispatch(experiment.layout.dispatch).reads_masks() ||
         (compiled.masks == before->masks && experiment.shape.query_heads == before->experiment.shape.query_heads))) {
        compiled.ranks = before->ranks;
    } else {
        compiled.ranks = std::make_shared<const std::vector<TokenSet>>(
            dispatch_tokens(find_dispatch(experiment.layout.dispatch),
                            {{compiled.domain.query_tokens, compiled.domain.cu_seqlens},
                             compiled.masks.get(),
                             experiment.shape.query_heads},
                            experiment.layout.ranks));
    }
    return compiled;
}

std::vector<TokenSet> tokens_of_ranks(const Experiment& experiment, std::int64_t draw) {
    const DispatchEntry& dispatch = find_dispatch(experiment.layout.dispatch);
    if (dispatch.reads_masks()) {
        return *compile_draw(experiment, draw).ranks;
    }
    const MaskDomain domain = domain_of_draw(experiment, draw);
    return dispatch_tokens(dispatch, {{domain.query_tokens, domain.cu_seqlens}}, experiment.layout.ranks);
}

double ExperimentCost::largest_over_mean() const {
    std::int64_t sum = 0;
    std::int64_t largest = 0;
    for (const RankCost& rank : ranks) {
        sum += rank.pairs;
        largest = std::max(largest, rank.pairs);
    }
    return sum == 0 ? 1.0 : static_cast<double>(largest) * static_cast<double>(ranks.size()) / static_cast<double>(sum);
}

ExperimentCost cost_of(const CompiledDraw& draw, const std::atomic<bool>& cancelled, const KnownCost* known) {
    const AttentionShape& shape = draw.experiment.shape;
    const HeadMasks& masks = *draw.masks;
    ExperimentCost cost;
    cost.documents = std::max<std::int64_t>(1, static_cast<std::int64_t>(draw.domain.cu_seqlens.size()) - 1);
    const std::int64_t head_pairs = masks.head_pairs({0, shape.query_heads});
    cost.pairs = (head_pairs + shape.query_heads / 2) / shape.query_heads;
    const std::int64_t query_tokens = draw.experiment.sequence.query_tokens;
    cost.all_pairs = query_tokens > 0 ? query_tokens * masks.key_tokens() : masks.kind(0).box().pairs();
    cost.forward_flops = flops_of_head_pairs(shape, static_cast<double>(head_pairs), Direction::forward);
    const Pass pass = draw.experiment.pass;
    if (pass == Pass::forward_backward) {
        cost.backward_flops = flops_of_head_pairs(shape, static_cast<double>(head_pairs), Direction::backward);
    }
    require_going_on(cancelled);
    const bool same_mask = known != nullptr && known->draw.masks == draw.masks;
    cost.tiles = same_mask ? known->cost.tiles : count_tiles_of(masks, shape.query_heads);

    const StrategyEntry& strategy = find_strategy(draw.experiment.layout.strategy);
    const bool same_work = same_mask && known->draw.ranks == draw.ranks &&
                           find_strategy(known->draw.experiment.layout.strategy).head_pairs == strategy.head_pairs &&
                           known->draw.experiment.shape.query_heads == shape.query_heads &&
                           known->draw.experiment.layout.options == draw.experiment.layout.options &&
                           (strategy.planner == nullptr || known->draw.experiment.shape == shape);
    const auto ranks = static_cast<std::int64_t>(draw.ranks->size());
    const StrategyOptions& options = draw.experiment.layout.options;
    for (const StrategyEntry& any : strategies()) {
        cost.refusals.push_back(any.infeasible({shape, masks, *draw.ranks, 0, options, nullptr, query_tokens}, pass));
        if (any.name == strategy.name) {
            cost.infeasible = cost.refusals.back();
        }
    }
    for (const KernelEntry& backend : kernels()) {
        if (backend.name == draw.experiment.backend.name) {
            cost.unsupported = backend.unsupported(shape);
        }
    }
    if (const std::string refusal = layer_refusal(draw.experiment.mask); !refusal.empty()) {
        cost.unsupported = refusal + "; what is shown is head 0 of layer 0";
    }
    const StrategyInput first{shape, masks, *draw.ranks, 0, options, nullptr, query_tokens};
    const StrategyInput prepared = cost.infeasible.empty() ? strategy.prepared(first) : first;
    const TokenCounts counts(*draw.ranks);
    cost.ranks.resize(draw.ranks->size());
    ThreadTeam().for_each(ranks, [&](std::int64_t rank) {
        require_going_on(cancelled);
        const auto at = static_cast<std::size_t>(rank);
        const TokenSet& tokens = (*draw.ranks)[at];
        RankCost& own = cost.ranks[at];
        own.tokens = tokens.size();
        const auto head_pairs_of = cost.infeasible.empty() ? strategy.head_pairs : head_pairs_of_own_queries;
        StrategyInput input = prepared;
        input.rank = rank;
        own.pairs = same_work ? known->cost.ranks[at].pairs : head_pairs_of(input) / shape.query_heads;
        if (cost.infeasible.empty()) {
            const StrategyTotals sums = strategy.totals(pass, input, counts);
            own.bytes_received = sums.bytes_received;
            own.memory_bytes = memory_ledger(sums.peak_buffer_bytes, shape, input.held(), pass).total_bytes();
        }
    });
    return cost;
}

}  // namespace longscope
