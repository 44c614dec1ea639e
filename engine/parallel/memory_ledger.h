// SPDX-License-Identifier: GPL-3.0-or-later
// What one rank needs in memory for a schedule, told before anything is allocated.
#pragma once

#include <cstdint>
#include <string>

#include "engine/parallel/schedule.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

struct MemoryLedger {
    // The rank's own queries, keys and values, and in the backward pass the gradients of its output.
    std::int64_t input_bytes = 0;
    std::int64_t buffer_bytes = 0;  // the most that the schedule holds at once; its results are among it
    // What the one piece of memory that they lie in takes beyond that (lay_out in buffer_layout.h): what alignment
    // adds, and, in few schedules, places that are free but too small.
    std::int64_t gap_bytes = 0;
    [[nodiscard]] std::int64_t total_bytes() const { return input_bytes + buffer_bytes; }
    // Of the piece; what a rank takes before the first repetition, and keeps.
    [[nodiscard]] std::int64_t piece_bytes() const { return buffer_bytes + gap_bytes; }
    [[nodiscard]] std::int64_t taken_bytes() const { return input_bytes + piece_bytes(); }
};

// How many tokens a rank has the queries of, and how many the keys and values.
struct HeldTokens {
    // NOLINTNEXTLINE(google-explicit-constructor): mostly they are the same tokens.
    HeldTokens(std::int64_t both) : queries(both), keys(both) {}
    HeldTokens(std::int64_t of_queries, std::int64_t of_keys) : queries(of_queries), keys(of_keys) {}

    std::int64_t queries;
    std::int64_t keys;
};

// `tokens` are those of the schedule's rank. Mask, trace and the kernel's own few tiles are not in it.
[[nodiscard]] MemoryLedger memory_ledger(const Schedule& schedule, const AttentionShape& shape, HeldTokens tokens);
// The same from the most that a schedule of this pass holds at once; its gaps are not known.
[[nodiscard]] MemoryLedger memory_ledger(std::int64_t peak_buffer_bytes, const AttentionShape& shape, HeldTokens tokens,
                                         Pass pass = Pass::forward);

// Why a rank that needs so many bytes cannot be served where `limit_bytes` are allowed to it; empty when it can. 0:
// there is no limit.
[[nodiscard]] std::string memory_refusal(std::int64_t needed_bytes, std::int64_t limit_bytes);

}  // namespace longscope
