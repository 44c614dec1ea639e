// SPDX-License-Identifier: GPL-3.0-or-later
// Cases of the bench of attention, computed by other implementations in turns with ours: ours, theirs, ours, theirs.
// Ratios are those of pairs that stand side by side; absolute times of a shared machine drift by more.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "profiler/benches/attention_bench.h"
#include "profiler/benches/bench_outcome.h"
#include "profiler/peers/peer.h"

namespace longscope {

// An entry of the registry, and what is there of it.
struct OpenPeer {
    const PeerEntry* entry = nullptr;
    std::unique_ptr<Peer> peer;  // null: it is not there
    PeerFacts facts;
    BenchOutcome outcome = BenchOutcome::measured;
    std::string message;  // why it is not there
};

[[nodiscard]] std::vector<OpenPeer> open_peers(const std::vector<PeerEntry>& registry, const PeerSettings& settings);

struct PeerComparison {
    std::string peer;
    BenchOutcome outcome = BenchOutcome::measured;
    std::string message;  // why it was not measured, or how it is wrong
    Summary own_ns;
    Summary peer_ns;
    Summary ratio;              // ours / theirs, pair by pair
    Summary share;              // of theirs of the peak that is measured around it
    double relative_error = 0;  // of its results from ours: the largest
};

// What a result of theirs may differ from ours by: four times what is promised of ours, because both are rounded and
// the type of theirs is that of the inputs; of gradients three times as much as of the output.
[[nodiscard]] double peer_error_limit(const AttentionBenchCase& asked);

// One row for each of them that is there and takes part in cases of this direction. Whatever happens to a peer is its
// row's; only Error(cancelled) is thrown, and what is wrong with our own implementation.
[[nodiscard]] std::vector<PeerComparison> compare_with_peers(const AttentionBenchCase& asked,
                                                             const AttentionBenchOptions& options,
                                                             std::vector<OpenPeer>& open);

}  // namespace longscope
