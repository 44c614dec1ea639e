// SPDX-License-Identifier: GPL-3.0-or-later
// The formulas of strategy/pruned_ring.cpp.
#include <utility>

#include "engine/kernel/partial.h"
#include "engine/parallel/live_bytes.h"
#include "engine/parallel/strategy/pruned_rounds.h"

namespace longscope {

namespace {

// Tokens that a rank has room for beside its partial results, in keys and values and in gradients.
struct PrunedRoom {
    std::int64_t block_bytes;     // of a token
    std::int64_t gradient_bytes;  // of a token
    LiveBytes live;

    // As PrunedRingWriter::write_hops(); returns what the end of the step frees.
    std::int64_t take_hops(const PrunedRounds& rounds, std::int64_t step) {
        std::int64_t freed = 0;
        for (const RingWay way : ring_ways) {
            const PrunedBlock* coming = step + 1 < rounds.ranks() ? rounds.at(step + 1, way) : nullptr;
            live.take((coming == nullptr ? 0 : coming->arriving_tokens) * block_bytes);
            if (const PrunedBlock* block = rounds.at(step, way)) {
                const std::int64_t message = block->parts() ? block->leaving_tokens : 0;
                live.take(message * block_bytes);
                freed += (message + (step > 0 ? block->arriving_tokens : 0)) * block_bytes;
            }
        }
        return freed;
    }
    void take_backward(const StrategyInput& input, const PrunedRounds& rounds);
};

void PrunedRoom::take_backward(const StrategyInput& input, const PrunedRounds& rounds) {
    std::int64_t sums_sent = 0;
    std::int64_t home = 0;
    for (std::int64_t step = 0; step < rounds.ranks(); ++step) {
        const std::int64_t freed = take_hops(rounds, step);
        for (const RingWay way : ring_ways) {
            const PrunedBlock* block = rounds.at(step, way);
            if (block == nullptr || step == 0) {
                continue;
            }
            const std::int64_t part = block->arriving_tokens * gradient_bytes;
            if (step == 1) {
                live.take(part);
            } else if (rounds.sees(input, *block)) {
                live.pass(part);
            }
        }
        live.give_back(std::exchange(sums_sent, 0));
        std::int64_t coming_home = 0;
        for (const RingWay way : ring_ways) {
            const PrunedBlock* block = rounds.at(step, way);
            if (block != nullptr && step > 0) {
                const std::int64_t messages = block->parts() ? block->arriving_tokens : 0;
                live.take(messages * gradient_bytes);
                sums_sent += (messages + block->arriving_tokens) * gradient_bytes;
            }
            const PrunedBlock* coming = step > 0 && step + 1 < rounds.ranks() ? rounds.at(step + 1, way) : nullptr;
            live.take((coming == nullptr ? 0 : coming->arriving_tokens) * gradient_bytes);
            if (way == rounds.own_way() && step > 0) {
                coming_home = rounds.own_ending_tokens(step) * gradient_bytes;
                live.take(coming_home);
            }
        }
        live.give_back(std::exchange(home, coming_home));
        live.give_back(freed);
    }
}

}  // namespace

StrategyTotals pruned_ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const PrunedRounds rounds(input);
    const std::int64_t own = tokens.of(input.rank);
    std::int64_t received = 0;
    std::int64_t sent = 0;
    std::int64_t sums_received = 0;
    std::int64_t sums_sent = 0;
    for (std::int64_t step = 0; step < rounds.ranks(); ++step) {
        for (const RingWay way : ring_ways) {
            if (const PrunedBlock* block = rounds.at(step, way)) {
                received += step > 0 ? block->arriving_tokens : 0;
                sent += block->leaving_tokens;
                // The sums of all that arrived leave, onward or home.
                sums_received += step > 1 ? block->arriving_tokens : 0;
                sums_sent += step > 0 ? block->arriving_tokens : 0;
            }
        }
        sums_received += step > 0 ? rounds.own_ending_tokens(step) : 0;
    }
    const std::int64_t bytes = shape.key_value_bytes_per_token();
    const std::int64_t gradient_bytes = shape.key_value_gradient_bytes_per_token();
    const int passes = pass == Pass::forward ? 1 : 2;
    StrategyTotals sums;
    sums.bytes_received = passes * received * bytes;
    sums.bytes_sent = passes * sent * bytes;
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, own, shape.head_dim_v);
    PrunedRoom room{bytes, gradient_bytes, {}};
    room.live.take((rounds.ranks() == 1 ? 1 : 2) * partial);
    for (std::int64_t step = 0; step < rounds.ranks(); ++step) {
        room.live.give_back(room.take_hops(rounds, step));
    }
    room.live.give_back(rounds.ranks() == 1 ? 0 : partial);
    if (pass == Pass::forward_backward) {
        const std::int64_t sent_gradient_bytes = input.wire().gradients(gradient_bytes);
        sums.bytes_received += sums_received * sent_gradient_bytes;
        sums.bytes_sent += sums_sent * sent_gradient_bytes;
        room.live.take(row_gradient_bytes(shape, own) + own * gradient_bytes);
        room.take_backward(input, rounds);
    }
    sums.peak_buffer_bytes = room.live.peak();
    return sums;
}

const StrategyText pruned_ring_text{
    "All ranks know the mask. A hop carries the keys and values that the rank that gets them, or a later one on "
    "the round, sees, and is not made without any; a block goes round the way (to the next rank, or to the one "
    "before) in which it moves fewer tokens, so that a rank may get two blocks in a step, or none. n counts the "
    "tokens of every hop that ends at the rank. Over four ranks a causal mask with zigzag moves 18 of the 24 "
    "chunks that a ring moves, contiguous 6 of 12: what is needed, as MagiAttention counts it. Without a mask it "
    "is a ring.",
    "Keys and values make the same hops again. The sum of a block's gradients begins at the first rank that the "
    "block comes to; what goes on of the block takes its sum along, one step behind, and what ends at a rank goes "
    "straight home from there. The owner adds what comes home to its own part in the order of the steps. m counts "
    "the tokens of the sums that come by, those of every hop but a block's first, and of the own ones that come "
    "home.",
    "b n Hkv (Dqk + Dv)",
    "b n Hkv (Dqk + Dv) + 4 m Hkv (Dqk + Dv)",
    "two partial results, 8 t_r Hq (Dv + 1), with what has just come and what comes next, at most two blocks "
    "each, and what is cut out of a block to be passed on; with a backward pass one partial result, dQ and delta, "
    "the gradients of the own block, and those of what has come, comes next and goes home",
    "never",
    "MagiAttention 2025 (which counts what a ring moves in vain)",
    "contiguous",
};

}  // namespace longscope
