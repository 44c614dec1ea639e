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

bool same_dispatch(const LayoutField& a, const LayoutField& b) {
    return a.ranks == b.ranks && a.dispatch == b.dispatch;
}

}  // namespace

CompiledDraw compile_draw(const Experiment& experiment, std::int64_t draw, const CompiledDraw* before) {
    CompiledDraw compiled{experiment, draw, domain_of_draw(experiment, draw), nullptr, nullptr};
    const bool same_tokens = before != nullptr && same_sequence(compiled.domain, before->domain);
    if (same_tokens && to_json(experiment.mask) == to_json(before->experiment.mask)) {
        compiled.mask = before->mask;
    } else {
        compiled.mask = compile_mask(experiment.mask, compiled.domain);
    }
    if (same_tokens && same_dispatch(experiment.layout, before->experiment.layout)) {
        compiled.ranks = before->ranks;
    } else {
        compiled.ranks = std::make_shared<const std::vector<TokenSet>>(
            dispatch_tokens(find_dispatch(experiment.layout.dispatch),
                            {compiled.domain.query_tokens, compiled.domain.cu_seqlens}, experiment.layout.ranks));
    }
    return compiled;
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
    const Mask& mask = *draw.mask;
    ExperimentCost cost;
    cost.documents = std::max<std::int64_t>(1, static_cast<std::int64_t>(draw.domain.cu_seqlens.size()) - 1);
    cost.pairs = mask.pairs();
    cost.all_pairs = mask.box().pairs();
    cost.forward_flops = forward_flops(shape, cost.pairs);
    require_going_on(cancelled);
    const bool same_mask = known != nullptr && known->draw.mask == draw.mask;
    const bool same_work = same_mask && known->draw.ranks == draw.ranks;
    cost.tiles = same_mask ? known->cost.tiles : count_tiles(mask, tile, tile);

    const StrategyEntry& strategy = find_strategy(draw.experiment.layout.strategy);
    const auto ranks = static_cast<std::int64_t>(draw.ranks->size());
    cost.infeasible = strategy.infeasible(shape, ranks);
    for (const KernelEntry& backend : kernels()) {
        if (backend.name == draw.experiment.backend.name) {
            cost.unsupported = backend.unsupported(shape);
        }
    }
    if (const std::string refusal = one_mask_refusal(draw.experiment.mask, shape.query_heads); !refusal.empty()) {
        cost.unsupported = refusal + "; what is shown is head 0 of layer 0";
    }
    const TokenSet all_keys({{0, mask.key_tokens()}});
    const TokenCounts counts(*draw.ranks);
    cost.ranks.resize(draw.ranks->size());
    ThreadTeam().for_each(ranks, [&](std::int64_t rank) {
        require_going_on(cancelled);
        const auto at = static_cast<std::size_t>(rank);
        const TokenSet& tokens = (*draw.ranks)[at];
        RankCost& own = cost.ranks[at];
        own.tokens = tokens.size();
        own.pairs = same_work ? known->cost.ranks[at].pairs : LocalMask(mask, tokens, all_keys).pairs();
        if (cost.infeasible.empty()) {
            const StrategyTotals sums = strategy.forward_totals(shape, counts, rank);
            own.bytes_received = sums.bytes_received;
            own.memory_bytes = memory_ledger(sums.peak_buffer_bytes, shape, tokens.size()).total_bytes();
        }
    });
    return cost;
}

}  // namespace longscope
