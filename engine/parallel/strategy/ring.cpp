// SPDX-License-Identifier: GPL-3.0-or-later
// Ring attention (Liu, Zaharia, Abbeel 2023): in step s, rank r computes with the keys and values of rank r - s, and
// meanwhile passes them on to rank r + 1. Two buffers take turns, so that a block is received while the one before it
// is computed with. A step whose pairs are all masked computes nothing, but its block still travels.
//
// Backward (as in ring-flash-attention, zhuzilin 2024): keys and values make the same round again, and the sums of
// their gradients follow one step behind. In step s a rank computes its part for the block of rank r - s while the sum
// of the ranks before it arrives, adds its part and passes the sum on; the Nth hop brings it home. So each sum has the
// order of the ring, beginning at its owner. Sums travel in float32.
#include <algorithm>
#include <array>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

// Buffers: 0 own keys and values, 1 and 2 the ring's, 3 the running partial, 4 that of one step.
constexpr std::int64_t ring_buffers = 1;
constexpr std::int64_t running = 3;
constexpr std::int64_t of_step = 4;
// Of the backward pass: delta, dQ, the part of one step of dK and dV, two sums under way, the sums of the own block.
constexpr std::int64_t delta = 5;
constexpr std::int64_t query_gradients = 6;
constexpr std::int64_t gradients_of_step = 7;
constexpr std::int64_t sums = 8;
constexpr std::int64_t own_sums = 10;

using Ids = std::vector<std::int64_t>;

std::int64_t wrapped(std::int64_t rank, std::int64_t ranks) {
    return (rank % ranks + ranks) % ranks;
}

class RingWriter {
  public:
    RingWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          ranks_(input.ranks()),
          rank_(input.rank),
          previous_(wrapped(rank_ - 1, ranks_)),
          next_(wrapped(rank_ + 1, ranks_)),
          largest_(TokenCounts(input.tokens).largest()),
          ring_buffer_count_(std::min<std::int64_t>(ranks_ - 1, 2)),
          builder_("ring", input, pass) {
        for (std::int64_t owner = 0; owner < ranks_; ++owner) {
            head_pairs_.push_back(builder_.head_pairs_with(owner));
        }
    }

    Schedule forward() {
        write_forward();
        free_ring();
        free_step();
        return builder_.take();
    }

    Schedule forward_backward() {
        write_forward();
        free_step();
        write_backward();
        return builder_.take();
    }

  private:
    [[nodiscard]] std::int64_t owner_of(std::int64_t step) const { return wrapped(rank_ - step, ranks_); }
    [[nodiscard]] std::int64_t head_pairs_of(std::int64_t owner) const {
        return head_pairs_[static_cast<std::size_t>(owner)];
    }

    // Keys and values make a round, its transfers after `begin`. `compute(i, owner, buffer, arrived)` writes what the
    // round's ith step computes and returns the operations that read the buffer. Steps and flows are numbered from the
    // given ones on.
    template <typename Compute>
    void write_round(std::int64_t first_step, std::int64_t first_flow, const Ids& begin, Compute compute) {
        std::int64_t current = own_key_values;
        Ids arrived = begin;  // the recv that filled `current`
        for (Ids& ids : writable_) {
            ids.insert(ids.end(), begin.begin(), begin.end());
        }
        for (std::int64_t i = 0; i < ranks_; ++i) {
            const std::int64_t owner = owner_of(i);
            const auto step = static_cast<std::int32_t>(first_step + i);
            const std::int64_t filled = ring_buffers + i % 2;
            Ids readers;  // of `current` in this step
            Ids arriving;
            if (i + 1 < ranks_) {
                // A flow is named by its sender and its step.
                arriving = {builder_.recv(step, filled, wrapped(owner - 1, ranks_), previous_,
                                          first_flow + previous_ * ranks_ + i,
                                          writable_[static_cast<std::size_t>(i % 2)])};
                readers = {builder_.send(step, current, owner, next_, first_flow + rank_ * ranks_ + i, arrived)};
                last_transfers_ = {arriving.front(), readers.front()};
            }
            const Ids computing = compute(i, owner, current, arrived);
            readers.insert(readers.end(), computing.begin(), computing.end());
            if (current != own_key_values) {
                writable_[static_cast<std::size_t>(current - ring_buffers)] = readers;
            }
            current = filled;
            arrived = arriving;
        }
    }

    void write_forward() {
        builder_.alloc_partial(running);
        if (ranks_ > 1) {
            builder_.alloc_partial(of_step);
        }
        for (std::int64_t i = 0; i < ring_buffer_count_; ++i) {
            writable_[static_cast<std::size_t>(i)] = {builder_.alloc_key_values(ring_buffers + i, largest_)};
        }
        bool begun = false;
        write_round(0, 0, {}, [&](std::int64_t i, std::int64_t owner, std::int64_t buffer, const Ids& arrived) {
            Ids readers;
            const auto step = static_cast<std::int32_t>(i);
            if (const std::int64_t pairs = head_pairs_of(owner); pairs > 0) {
                readers = {builder_.attend(step, owner, buffer, begun ? of_step : running, pairs, arrived)};
                if (begun) {
                    builder_.merge(step, of_step, running);
                }
                begun = true;
            }
            return readers;
        });
        builder_.finalize(static_cast<std::int32_t>(ranks_ - 1), running);
    }

    void write_backward() {
        const auto first_step = static_cast<std::int32_t>(ranks_);
        const Range heads{0, input_.shape.query_heads};
        const Range key_value_heads{0, input_.shape.key_value_heads};
        const std::int64_t barrier = builder_.barrier(first_step, last_transfers_);
        builder_.alloc_delta(delta, rank_, heads);
        builder_.delta(first_step, running, own_output_gradients, delta);
        builder_.alloc_query_gradients(query_gradients, rank_, heads);
        const ScheduleBuilder::BackwardBuffers buffers{own_output_gradients, running, delta, query_gradients};
        if (ranks_ == 1) {
            builder_.alloc_key_value_gradients(own_sums, rank_, key_value_heads);
            if (const std::int64_t pairs = head_pairs_of(rank_); pairs > 0) {
                builder_.attend_backward(first_step, rank_, own_key_values, buffers, own_sums, pairs, {});
            }
            builder_.free(delta, {});
            return;
        }
        builder_.alloc_key_value_gradients(gradients_of_step, largest_);
        std::array<Ids, 2> sum_writable;  // what must have completed before a sum may arrive
        for (std::int64_t i = 0; i < 2; ++i) {
            sum_writable[static_cast<std::size_t>(i)] = {builder_.alloc_key_value_gradients(sums + i, largest_)};
        }
        const std::int64_t key_flows = ranks_ * ranks_;
        const std::int64_t sum_flows = 2 * key_flows;
        Ids ready = sum_writable[0];  // what must have completed before the sum at hand may be added to, or leave
        const auto compute = [&](std::int64_t i, std::int64_t owner, std::int64_t buffer, const Ids& arrived) {
            Ids readers;
            const auto step = static_cast<std::int32_t>(ranks_ + i);
            const auto next_turn = static_cast<std::size_t>((i + 1) % 2);
            const std::int64_t sum = sums + i % 2;
            if (const std::int64_t pairs = head_pairs_of(owner); pairs > 0) {
                readers = {builder_.attend_backward(step, owner, buffer, buffers, i > 0 ? gradients_of_step : sum,
                                                    pairs, arrived)};
                ready = {i > 0 ? builder_.reduce(step, gradients_of_step, sum, owner, ready) : readers.front()};
            }
            sum_writable[static_cast<std::size_t>(i % 2)] = {
                builder_.send_gradients(step, sum, owner, next_, sum_flows + rank_ * ranks_ + i, ready)};
            // The next one, before the keys and values that the sender has behind it.
            if (i + 1 < ranks_) {
                ready = {builder_.recv_gradients(step + 1, sums + (i + 1) % 2, owner_of(i + 1), previous_,
                                                 sum_flows + previous_ * ranks_ + i, sum_writable[next_turn])};
            }
            return readers;
        };
        write_round(ranks_, key_flows, {barrier}, compute);
        builder_.free(delta, {});
        builder_.free(gradients_of_step, {});
        free_ring();
        const std::int64_t room = builder_.alloc_key_value_gradients(own_sums, rank_, key_value_heads);
        builder_.recv_gradients(static_cast<std::int32_t>(2 * ranks_ - 1), own_sums, rank_, previous_,
                                sum_flows + previous_ * ranks_ + ranks_ - 1, {room});
        for (std::int64_t i = 0; i < 2; ++i) {
            builder_.free(sums + i, sum_writable[static_cast<std::size_t>((ranks_ - 1) % 2)]);
        }
    }

    void free_step() {
        if (ranks_ > 1) {
            builder_.free(of_step, {});
        }
    }

    // Streams are in order: the last transfers cover all.
    void free_ring() {
        for (std::int64_t i = 0; i < ring_buffer_count_; ++i) {
            builder_.free(ring_buffers + i, last_transfers_);
        }
    }

    const StrategyInput& input_;
    std::int64_t ranks_;
    std::int64_t rank_;
    std::int64_t previous_;
    std::int64_t next_;
    std::int64_t largest_;
    std::int64_t ring_buffer_count_;
    ScheduleBuilder builder_;
    std::vector<std::int64_t> head_pairs_;  // of the own queries with the keys of each rank
    std::array<Ids, 2> writable_;           // what must have completed before a ring buffer may be written
    Ids last_transfers_;                    // of keys and values
};

}  // namespace

Schedule ring_forward(const StrategyInput& input) {
    return RingWriter(input, Pass::forward).forward();
}

Schedule ring_forward_backward(const StrategyInput& input) {
    return RingWriter(input, Pass::forward_backward).forward_backward();
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

StrategyTotals ring_forward_backward_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t gradients = shape.key_value_gradient_bytes_per_token();
    StrategyTotals both = ring_totals(shape, tokens, rank);
    // The same round of keys and values again, and all the sums, the own one last.
    if (ranks > 1) {
        both.bytes_received = 2 * both.bytes_received + tokens.all() * gradients;
        both.bytes_sent = 2 * both.bytes_sent + tokens.all() * gradients;
    }
    const std::int64_t kept = Partial::size_bytes(shape.query_heads, tokens.of(rank), shape.head_dim_v) +
                              row_gradient_bytes(shape, tokens.of(rank));
    const std::int64_t blocks = std::min<std::int64_t>(ranks - 1, 2) * shape.key_value_bytes_per_token();
    both.peak_buffer_bytes =
        std::max(both.peak_buffer_bytes, kept + tokens.largest() * (blocks + (ranks == 1 ? 1 : 3) * gradients));
    return both;
}

}  // namespace longscope
