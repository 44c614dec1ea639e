// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/experiment/layout_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "engine/base/error.h"
#include "engine/base/thread_team.h"
#include "engine/kernel/cpu/tile_plan.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/memory_ledger.h"

namespace longscope {

namespace {

constexpr std::int64_t tile = 128;

double largest_over_mean(const std::vector<std::int64_t>& works) {
    const std::int64_t sum = std::accumulate(works.begin(), works.end(), std::int64_t{0});
    const std::int64_t largest = *std::max_element(works.begin(), works.end());
    return sum == 0 ? 1.0 : static_cast<double>(largest) * static_cast<double>(works.size()) / static_cast<double>(sum);
}

class OptionsOfDispatch {
  public:
    OptionsOfDispatch(const CompiledDraw& draw, const DispatchEntry& dispatch, std::int64_t ranks, Pass pass,
                      const std::atomic<bool>& cancelled)
        : draw_(draw),
          dispatch_(dispatch),
          pass_(pass),
          cancelled_(cancelled),
          sequence_{draw.domain.query_tokens, draw.domain.cu_seqlens},
          tokens_(dispatch_tokens(dispatch, {sequence_, draw.masks.get(), draw.experiment.shape.query_heads}, ranks)),
          counts_(tokens_) {}

    [[nodiscard]] DispatchFacts facts() const {
        DispatchFacts facts;
        facts.name = dispatch_.name;
        // Where every rank has all queries it is the keys that are dealt out.
        const bool decoding = draw_.experiment.sequence.query_tokens > 0;
        facts.largest_over_mean =
            largest_over_mean(of_ranks(decoding ? token_ring_head_pairs : head_pairs_of_own_queries, input(0, {})));
        facts.padding_tokens = dispatch_.padding(sequence_, counts_.ranks());
        if (sequence_.tokens <= max_tokens_of_tile_counts) {
            facts.tiles = tiles();
        }
        return facts;
    }

    [[nodiscard]] LayoutOption layout(const StrategyEntry& strategy, const StrategyOptions& options) const {
        LayoutOption layout{std::string(strategy.name), options, std::string(dispatch_.name), {}};
        layout.infeasible = strategy.infeasible(input(0, options), pass_);
        if (!layout.infeasible.empty()) {
            return layout;
        }
        const StrategyInput prepared = strategy.prepared(input(0, options));
        std::vector<std::int64_t> bytes(tokens_.size());
        std::vector<std::int64_t> memory(tokens_.size());
        ThreadTeam().for_each(counts_.ranks(), [&](std::int64_t rank) {
            require_going_on();
            const auto at = static_cast<std::size_t>(rank);
            const StrategyInput own = of_rank(prepared, rank);
            const StrategyTotals sums = strategy.totals(pass_, own, counts_);
            bytes[at] = sums.bytes_received;
            memory[at] = memory_ledger(sums.peak_buffer_bytes, draw_.experiment.shape, own.held(), pass_).total_bytes();
        });
        const auto neediest = std::max_element(memory.begin(), memory.end());
        const std::string refusal = memory_refusal(*neediest, draw_.experiment.backend.memory_per_rank_bytes);
        if (!refusal.empty()) {
            layout.infeasible = fmt::format("rank {} {}", neediest - memory.begin(), refusal);
            return layout;
        }
        layout.bytes_received = *std::max_element(bytes.begin(), bytes.end());
        layout.memory_bytes = *neediest;
        layout.memory_of_all_bytes = std::accumulate(memory.begin(), memory.end(), std::int64_t{0});
        layout.largest_over_mean = largest_over_mean(of_ranks(strategy.head_pairs, prepared));
        return layout;
    }

  private:
    void require_going_on() const {
        if (cancelled_) {
            throw Error(ErrorKind::cancelled, "cancelled");
        }
    }
    [[nodiscard]] StrategyInput input(std::int64_t rank, const StrategyOptions& options) const {
        return {draw_.experiment.shape,
                *draw_.masks,
                tokens_,
                rank,
                options,
                nullptr,
                draw_.experiment.sequence.query_tokens};
    }
    static StrategyInput of_rank(StrategyInput prepared, std::int64_t rank) {
        prepared.rank = rank;
        return prepared;
    }
    [[nodiscard]] std::vector<std::int64_t> of_ranks(std::int64_t (*work)(const StrategyInput&),
                                                     const StrategyInput& prepared) const {
        std::vector<std::int64_t> works(tokens_.size());
        ThreadTeam().for_each(counts_.ranks(), [&](std::int64_t rank) {
            require_going_on();
            works[static_cast<std::size_t>(rank)] = work(of_rank(prepared, rank));
        });
        return works;
    }

    [[nodiscard]] std::int64_t tiles() const {
        const TokenSet all_keys({{0, draw_.masks->key_tokens()}});
        const std::int64_t heads = draw_.experiment.shape.query_heads;
        const std::vector<std::int64_t> heads_of_kinds = draw_.masks->heads_of_kinds({0, heads});
        std::atomic<std::int64_t> sum{0};
        ThreadTeam().for_each(counts_.ranks(), [&](std::int64_t rank) {
            const LocalMask mask(*draw_.masks, tokens_[static_cast<std::size_t>(rank)], all_keys);
            for (std::int64_t kind = 0; kind < draw_.masks->kinds(); ++kind) {
                for (std::int64_t row = 0; row < mask.rows(); row += tile) {
                    require_going_on();
                    const Range rows{row, std::min(row + tile, mask.rows())};
                    for (const TileRun& run : plan_tile_row(mask, rows, tile, kind).tiles) {
                        sum += run.tiles.size() * heads_of_kinds[static_cast<std::size_t>(kind)];
                    }
                }
            }
        });
        return (sum + heads / 2) / heads;
    }

    const CompiledDraw& draw_;
    const DispatchEntry& dispatch_;
    Pass pass_;
    const std::atomic<bool>& cancelled_;
    PackedSequence sequence_;
    std::vector<TokenSet> tokens_;
    TokenCounts counts_;
};

}  // namespace

LayoutOptions layout_options(const CompiledDraw& draw, std::int64_t ranks, Pass pass,
                             const std::atomic<bool>& cancelled) {
    LayoutOptions all;
    all.ranks = ranks;
    all.pass = pass;
    std::vector<std::unique_ptr<OptionsOfDispatch>> by_dispatch;
    for (const DispatchEntry& dispatch : dispatches()) {
        by_dispatch.push_back(std::make_unique<OptionsOfDispatch>(draw, dispatch, ranks, pass, cancelled));
        all.dispatches.push_back(by_dispatch.back()->facts());
    }
    for (const StrategyEntry& strategy : strategies()) {
        for (const StrategyOptions& options : strategy.choices(draw.experiment.shape, ranks)) {
            for (const auto& of_dispatch : by_dispatch) {
                all.layouts.push_back(of_dispatch->layout(strategy, options));
            }
        }
    }
    return all;
}

std::vector<LayoutOption> best_first(std::vector<LayoutOption> layouts) {
    const auto key = [](const LayoutOption& layout) {
        // Shares within a percent count as even.
        const auto percent = static_cast<std::int64_t>(layout.largest_over_mean * 100.0 + 0.5);
        return std::tuple(!layout.infeasible.empty(), percent, layout.bytes_received, layout.memory_bytes);
    };
    std::stable_sort(layouts.begin(), layouts.end(),
                     [&](const LayoutOption& a, const LayoutOption& b) { return key(a) < key(b); });
    return layouts;
}

}  // namespace longscope
