// SPDX-License-Identifier: GPL-3.0-or-later
// Runs one rank's part of a schedule for real: a kernel for what it computes, a communicator for what it moves. It
// knows the schedule as data only, never the strategy that wrote it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "engine/execute/communicator.h"
#include "engine/execute/rank_buffers.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/layer_scoring.h"
#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"
#include "engine/parallel/schedule.h"
#include "engine/trace/event_buffer.h"
#include "engine/trace/trace.h"

namespace longscope {

struct ExecuteHooks {
    std::function<void()> poll;                            // as AttendHooks::poll; also called while waiting
    std::atomic<std::int64_t>* head_pairs_done = nullptr;  // as AttendHooks
    const std::atomic<bool>* cancelled = nullptr;
};

// What a run is over; all of it outlives the call. Sinks of the scoring enter where a result is finalized. `tokens` are
// those of every rank.
struct ExecuteInput {
    const Schedule& schedule;
    const AttentionShape& shape;
    const HeadMasks& masks;
    const std::vector<TokenSet>& tokens;
    const Kernel& kernel;
    RankInputs inputs;
    std::int64_t max_events = std::numeric_limits<std::int64_t>::max();  // that are kept of the trace
    LayerScoring scoring = {};
    // Made for the schedule; it is to serve all repetitions. Null: one of this call alone.
    std::shared_ptr<BufferMemory> memory = nullptr;
};

// Output and gradients lie in `memory`: the next call that is given it writes over them.
struct ExecuteResult {
    std::shared_ptr<const BufferMemory> memory;
    std::unique_ptr<Partial> output;  // of this rank's queries
    RankGradients gradients;          // of this rank's tokens; empty without a backward pass
    std::vector<TraceEvent> events;   // on this process's clock (engine/base/clock.h), in order of completion
    DroppedEvents dropped;            // beyond max_events
    // The most that the schedule's buffers took at once, as they were allocated.
    std::int64_t peak_buffer_bytes = 0;
    // Between buffers of this rank: what gathers, scatters and casts move, and what it sends to itself.
    std::int64_t copied_bytes = 0;
    Nanoseconds begin_ns = 0;
    // When this rank had done the forward pass; without a backward pass it is the end.
    Nanoseconds forward_end_ns = 0;
    Nanoseconds end_ns = 0;
};

// Throws Error: failed when a transfer fails or the schedule cannot be carried out (it waits for itself, names a buffer
// that does not fit), cancelled, out_of_memory.
[[nodiscard]] ExecuteResult execute(const ExecuteInput& input, Communicator& communicator, const ExecuteHooks& hooks);

}  // namespace longscope
