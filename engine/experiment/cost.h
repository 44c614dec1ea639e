// SPDX-License-Identifier: GPL-3.0-or-later
// What one repetition of an experiment costs, told without running it: exact work from the mask, payload bytes from the
// strategy's closed formula, memory from its ledger.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/experiment/experiment.h"
#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"

namespace longscope {

// One draw of an experiment, compiled. Immutable; shared between threads.
struct CompiledDraw {
    Experiment experiment;
    std::int64_t draw = 0;
    MaskDomain domain;
    std::shared_ptr<const Mask> mask;                    // of head 0
    std::shared_ptr<const HeadMasks> masks;              // of all heads
    std::shared_ptr<const std::vector<TokenSet>> ranks;  // what each holds
};

// 0 <= draw < sequence.draws. What is the same as `before` has it is shared with it, and takes no time. Throws
// Error(bad_input).
[[nodiscard]] CompiledDraw compile_draw(const Experiment& experiment, std::int64_t draw,
                                        const CompiledDraw* before = nullptr);

// What each rank holds in a draw; the mask is compiled only where the dispatch looks at it. Throws Error(bad_input).
[[nodiscard]] std::vector<TokenSet> tokens_of_ranks(const Experiment& experiment, std::int64_t draw);

struct RankCost {
    std::int64_t tokens = 0;
    std::int64_t pairs = 0;  // that a pass computes, of all heads in the mean: over all ranks, those of the mask
    std::int64_t bytes_received = 0;
    std::int64_t memory_bytes = 0;

    [[nodiscard]] bool operator==(const RankCost&) const = default;
};

struct ExperimentCost {
    std::int64_t documents = 0;
    std::int64_t pairs = 0;  // of one head; where masks differ between heads, in the mean
    std::int64_t all_pairs = 0;
    TileCounts tiles;             // of 128 x 128; likewise
    double forward_flops = 0;     // of all heads
    double backward_flops = 0;    // likewise; nothing where the experiment has no backward pass
    std::vector<RankCost> ranks;  // bytes and memory are 0 where `infeasible` says why
    std::string infeasible;
    std::string unsupported;
    std::vector<std::string> refusals;  // of each strategy: why it could not serve this layout, or nothing

    [[nodiscard]] double density() const { return static_cast<double>(pairs) / static_cast<double>(all_pairs); }
    // How much more than the mean the busiest rank has to do; 1 where there is nothing to do.
    [[nodiscard]] double largest_over_mean() const;
};

// A draw and what it costs.
struct KnownCost {
    const CompiledDraw& draw;
    const ExperimentCost& cost;
};

// Ends early with Error(cancelled) once `cancelled` is true. Of what `draw` shares with a known one, nothing is counted
// again.
[[nodiscard]] ExperimentCost cost_of(const CompiledDraw& draw, const std::atomic<bool>& cancelled,
                                     const KnownCost* known = nullptr);

}  // namespace longscope
