// SPDX-License-Identifier: GPL-3.0-or-later
// Double ring (Gu et al. 2024, "LoongTrain: efficient training of long-sequence LLMs with head-context parallelism"): a
// ring whose neighbours lie in windows, inside of which blocks make rounds over quick links, while the block of the
// next window comes over a slow one behind the whole inner round. Where layout.ulysses is given, groups of so many
// ranks exchange heads first, as in USP. Windows of one rank, or one window, are a single ring.
//
// Backward: keys and values travel likewise again. LoongTrain lets the sum of a block's gradients make the inner hops
// of each window, one of them back to where they began, and then an outer hop: as many inner hops as there are ranks in
// the ring, and as many outer ones as there are windows. Here it makes the same hops; but the outer ones carry the sums
// of the windows before, behind the next inner round, so that no rank waits for a slow link between two windows.
#include <fmt/format.h>

#include "engine/parallel/strategy/ring.h"
#include "engine/parallel/strategy/usp.h"

namespace longscope {

namespace {

// The largest divisor i of the ring with i <= ring / i.
std::int64_t default_window(std::int64_t ring) {
    std::int64_t window = 1;
    for (std::int64_t i = 2; i * i <= ring; ++i) {
        if (ring % i == 0) {
            window = i;
        }
    }
    return window;
}

UspMesh mesh_of(std::int64_t ranks, const StrategyOptions& options) {
    const std::int64_t ulysses = std::max<std::int64_t>(1, options.ulysses);
    const std::int64_t ring = ranks / ulysses;
    const std::int64_t window = options.window > 0 ? options.window : default_window(ring);
    return {ranks, ulysses, window == 1 ? ring : window, options.placement};
}

}  // namespace

std::string double_ring_infeasible(const AttentionShape& shape, std::int64_t ranks, const StrategyOptions& options) {
    const std::int64_t ulysses = std::max<std::int64_t>(1, options.ulysses);
    if (std::string reason = usp_infeasible("Double ring", shape, ranks, ulysses); !reason.empty()) {
        return reason;
    }
    if (options.window > 0 && ranks / ulysses % options.window != 0) {
        return fmt::format(
            "Double ring needs a ring divisible by the {} ranks of a window (layout.window): {} are given",
            options.window, ranks / ulysses);
    }
    return {};
}

Schedule write_double_ring(const StrategyInput& input, Pass pass) {
    const UspMesh mesh = mesh_of(input.ranks(), input.options);
    return mesh.ulysses == 1 ? write_ring("double_ring", input, mesh.window, pass)
                             : write_usp("double_ring", input, mesh, pass);
}

StrategyTotals double_ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const UspMesh mesh = mesh_of(input.ranks(), input.options);
    return mesh.ulysses == 1 ? ring_totals(input, tokens, mesh.window, pass) : usp_totals(input, tokens, mesh, pass);
}

std::int64_t double_ring_head_pairs(const StrategyInput& input) {
    return usp_head_pairs(input, mesh_of(input.ranks(), input.options));
}

// Every degree, with every window that is neither a single ring nor of one rank, and both placements where they differ.
std::vector<StrategyOptions> double_ring_candidates(const AttentionShape& /*shape*/, std::int64_t ranks) {
    std::vector<StrategyOptions> candidates;
    for (std::int64_t ulysses = 1; ulysses <= ranks; ++ulysses) {
        const std::int64_t ring = ranks / ulysses;
        for (std::int64_t window = 2; ranks % ulysses == 0 && window < ring; ++window) {
            if (ring % window != 0) {
                continue;
            }
            StrategyOptions options;
            options.ulysses = ulysses;
            options.window = window;
            candidates.push_back(options);
            if (ulysses > 1) {
                options.placement = Placement::context_first;
                candidates.push_back(options);
            }
        }
    }
    return candidates;
}

const StrategyText double_ring_text{
    "The R ranks of a ring lie in W windows of `layout.window` ranks each (without it, the largest divisor i of R with "
    "i <= R / i). In each window blocks make an inner round, while the block that a rank began it with travels to the "
    "same place of the next window. That outer hop has streams of its own (`outer_send`, `outer_receive`), so it has "
    "the time of a whole inner round: no hop inside a window waits behind it. A single window, or windows of one rank, "
    "are a plain ring. With `layout.ulysses` U > 1, groups of U ranks exchange heads first, as in USP, and "
    "`layout.placement` says which ranks are neighbours; without it there is no exchange, and R is N.",
    "Keys and values travel in windows again. A block's sum of gradients makes the hops of an inner round, the last "
    "one back to where it began the round, and so as many inner hops as there are ranks in the ring, and an outer hop "
    "for every window, the last one home: as many hops as LoongTrain's. There the sum waits for its outer hop between "
    "two windows; here each window's sum is made on its own, and the outer hops carry the sums of the windows before "
    "while the next one is made, so that they have the time of an inner round too. A rank holds six buffers of "
    "gradients instead of three.",
    "(t - t_r) k, of W - 1 blocks by outer hops and of W (R / W - 1) by inner ones; with U > 1 as `usp`",
    "(t - t_r) k + (t + t_c) g, where t_c are the tokens of the W blocks that have the rank's place in their windows "
    "(none with one window), and nothing on one rank; with U > 1 as `usp`, and with more than one window 4 t_c c (Dqk "
    "+ Dv) more, where blocks are those of groups",
    "2 t_r p + B t_max k with B = min(R / W - 1, 2) + min(W - 1, 2), on one rank t_r p; with a backward pass the most "
    "of that and t_r (p + w) + t_max (B k + 6 g), with one window 3 g, on one rank t_r (p + w + g); with U > 1 as "
    "`usp`, with B in place of min(N / U - 1, 2) and 6 in place of 3",
    "U does not divide the ranks, or the heads of the shape cannot be shared out among U ranks as in `ulysses`, or the "
    "ranks of a window do not divide R",
    "Gu et al. 2024 (LoongTrain), arXiv 2406.18485",
    "zigzag",
};

}  // namespace longscope
