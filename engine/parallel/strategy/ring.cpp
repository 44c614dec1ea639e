// SPDX-License-Identifier: GPL-3.0-or-later
// Ring attention (Liu, Zaharia, Abbeel 2023): in step s, rank r computes with the keys and values of rank r - s, and
// meanwhile passes them on to rank r + 1. Two buffers take turns, so that a block is received while the one before it
// is computed with. A step whose pairs are all masked computes nothing, but its block still travels.
#include <algorithm>
#include <array>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

// Buffers: 0 own keys and values, 1 and 2 the ring's, 3 the running partial, 4 that of one step.
constexpr std::int64_t ring_buffers = 1;
constexpr std::int64_t running = 3;
constexpr std::int64_t of_step = 4;

using Ids = std::vector<std::int64_t>;

std::int64_t wrapped(std::int64_t rank, std::int64_t ranks) {
    return (rank % ranks + ranks) % ranks;
}

}  // namespace

Schedule ring_forward(const StrategyInput& input) {
    const std::int64_t ranks = input.ranks();
    const std::int64_t rank = input.rank;
    const std::int64_t previous = wrapped(rank - 1, ranks);
    const std::int64_t next = wrapped(rank + 1, ranks);
    ScheduleBuilder builder("ring", input);

    builder.alloc_partial(running);
    if (ranks > 1) {
        builder.alloc_partial(of_step);
    }
    std::int64_t largest = 0;
    for (std::int64_t other = 0; other < ranks; ++other) {
        largest = std::max(largest, builder.tokens_of(other));
    }
    const std::int64_t used_buffers = std::min<std::int64_t>(ranks - 1, 2);
    // What must have completed before a ring buffer may be written.
    std::array<Ids, 2> writable;
    for (std::int64_t i = 0; i < used_buffers; ++i) {
        writable[i] = {builder.alloc_key_values(ring_buffers + i, largest)};
    }

    bool begun = false;
    std::int64_t current = own_key_values;
    Ids arrived;         // the recv that filled `current`; none for the own block
    Ids last_transfers;  // streams are in order: these two cover all
    for (std::int64_t step = 0; step < ranks; ++step) {
        const std::int64_t owner = wrapped(rank - step, ranks);
        const auto s = static_cast<std::int32_t>(step);
        const std::int64_t filled = ring_buffers + step % 2;
        Ids readers;  // of `current` in this step
        Ids arriving;
        if (step + 1 < ranks) {
            // A flow is named by its sender and its step.
            arriving = {builder.recv(s, filled, wrapped(owner - 1, ranks), previous, previous * ranks + step,
                                     writable[step % 2])};
            readers = {builder.send(s, current, owner, next, rank * ranks + step, arrived)};
            last_transfers = {arriving.front(), readers.front()};
        }
        if (const std::int64_t pairs = builder.head_pairs_with(owner); pairs > 0) {
            readers.push_back(builder.attend(s, owner, current, begun ? of_step : running, pairs, arrived));
            if (begun) {
                builder.merge(s, of_step, running);
            }
            begun = true;
        }
        if (current != own_key_values) {
            writable[current - ring_buffers] = readers;
        }
        current = filled;
        arrived = arriving;
    }
    builder.finalize(static_cast<std::int32_t>(ranks - 1), running);
    for (std::int64_t i = 0; i < used_buffers; ++i) {
        builder.free(ring_buffers + i, last_transfers);
    }
    if (ranks > 1) {
        builder.free(of_step, {});
    }
    return builder.take();
}

StrategyTotals ring_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t block = shape.key_value_bytes_per_token();
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, tokens.of(rank), shape.head_dim_v);
    StrategyTotals sums;
    // Every block but the own arrives once, and every one but that of the next rank, which has it, is passed on.
    sums.bytes_received = (tokens.all() - tokens.of(rank)) * block;
    sums.bytes_sent = (tokens.all() - tokens.of(wrapped(rank + 1, ranks))) * block;
    sums.peak_buffer_bytes =
        ranks == 1 ? partial : 2 * partial + std::min<std::int64_t>(ranks - 1, 2) * tokens.largest() * block;
    return sums;
}

}  // namespace longscope
