// SPDX-License-Identifier: GPL-3.0-or-later
// Ring self-attention (Li et al. 2021, "Sequence Parallelism: Long Sequence Training from System Perspective", section
// 3.2): two rings. First keys travel, in step s those of rank r - s are with rank r, which computes its scores with
// them; after N steps it has whole rows, and takes their softmax at once. Then values travel the same way, and each
// rank adds them up by the weights of its rows. Nothing is merged and nothing rescaled, for which the rows, of all keys
// for each of its queries and heads in float32, stay until the end: N times as many tokens take N times as much of them
// on each rank.
//
// Backward (as in the release of the paper, ColossalAI's RingAV and RingQK): values travel again, for the gradients of
// the scores, which take the place of the scores; then keys, for those of the queries. What a rank adds to the
// gradients of all values, and then of all keys, goes to their owners. The release takes an all-reduce for that and
// keeps the owner's part of it; the half of it that this needs, a direct reduce-scatter in the order of the ranks, is
// what is done here. It also holds the gradients beside the scores; the sum of P dP over a row is that of dO O (delta),
// so they need no room of their own here.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>

#include "engine/base/units.h"
#include "engine/parallel/live_bytes.h"
#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

using Ids = std::vector<std::int64_t>;

constexpr std::int64_t score_rows = 1;
constexpr std::int64_t result = 2;
constexpr std::int64_t keys_in_turn = 3;    // two
constexpr std::int64_t values_in_turn = 5;  // two
// Of the backward pass.
constexpr std::int64_t delta = 7;
constexpr std::int64_t query_gradients = 8;
constexpr std::int64_t values_in_turn_again = 9;  // two
constexpr std::int64_t keys_in_turn_again = 11;   // two
constexpr std::int64_t all_value_gradients = 13;
constexpr std::int64_t all_key_gradients = 14;
constexpr std::int64_t value_gradients_arriving = 15;
constexpr std::int64_t key_gradients_arriving = 16;
constexpr std::int64_t own_gradients = 17;

constexpr std::int64_t float_bytes = sizeof(float);

// Keys without their values, or values without their keys.
struct Half {
    BufferRole role = BufferRole::keys;
    BufferRole gradient_role = BufferRole::key_gradients;
    std::int64_t bytes = 0;           // of a token
    std::int64_t gradient_bytes = 0;  // likewise
};
Half keys_of(const AttentionShape& shape) {
    const std::int64_t elements = shape.key_value_heads * shape.head_dim_qk;
    return {BufferRole::keys, BufferRole::key_gradients, elements * size_bytes(shape.dtype), elements * float_bytes};
}
Half values_of(const AttentionShape& shape) {
    const std::int64_t elements = shape.key_value_heads * shape.head_dim_v;
    return {BufferRole::values, BufferRole::value_gradients, elements * size_bytes(shape.dtype),
            elements * float_bytes};
}

// Buffers that take turns: one with two ranks, none with one.
std::int64_t turns(std::int64_t ranks) {
    return std::min<std::int64_t>(2, ranks - 1);
}

class RsaWriter {
  public:
    RsaWriter(const StrategyInput& input, Pass pass)
        : shape_(input.shape),
          ranks_(input.ranks()),
          rank_(input.rank),
          query_heads_{0, input.shape.query_heads},
          key_value_heads_{0, input.shape.key_value_heads},
          keys_(keys_of(input.shape)),
          values_(values_of(input.shape)),
          builder_("rsa", input, pass) {
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            largest_ = std::max(largest_, builder_.tokens_of(rank));
            head_pairs_.push_back(builder_.head_pairs(rank_, rank, query_heads_));
        }
    }

    Schedule write(Pass pass) {
        write_forward();
        if (pass == Pass::forward_backward) {
            write_backward();
        }
        builder_.free(score_rows, {});
        return builder_.take();
    }

  private:
    // In the ith step of a ring: what is computed with the half of `owner` in `buffer`; nothing where no pair is seen.
    using Compute = std::function<Operation(std::int64_t owner, std::int64_t buffer)>;
    struct Ring {
        Half half;
        std::int64_t first_buffer = -1;
        std::int64_t number = 0;  // of rings before it
        Ids begin;                // what its first transfers wait for
    };

    [[nodiscard]] std::int32_t first_step(std::int64_t ring) const { return static_cast<std::int32_t>(ring * ranks_); }
    // Flows are named by their ring, their sender and their step.
    [[nodiscard]] std::int64_t flow(std::int64_t ring, std::int64_t sender, std::int64_t i) const {
        return (ring * ranks_ + sender) * ranks_ + i;
    }

    std::int64_t alloc(std::int64_t buffer, BufferRole role, Range heads, std::int64_t tokens, std::int64_t bytes) {
        Operation operation;
        operation.kind = OperationKind::alloc;
        operation.role = role;
        operation.buffer = buffer;
        operation.heads = {heads};
        operation.tokens = tokens;
        operation.bytes = bytes;
        return builder_.add(std::move(operation));
    }

    // The last transfers, after which the buffers in turn may go.
    Ids write_ring(const Ring& ring, const Compute& compute) {
        std::array<Ids, 2> writable;
        for (std::int64_t i = 0; i < turns(ranks_); ++i) {
            writable.at(static_cast<std::size_t>(i)) = {
                alloc(ring.first_buffer + i, ring.half.role, key_value_heads_, -1, largest_ * ring.half.bytes)};
        }
        const std::int64_t next = (rank_ + 1) % ranks_;
        const std::int64_t previous = (rank_ + ranks_ - 1) % ranks_;
        Ids arrived = ring.begin;
        Ids last;
        for (std::int64_t i = 0; i < ranks_; ++i) {
            const std::int64_t owner = (rank_ + ranks_ - i) % ranks_;
            const std::int64_t buffer = i == 0 ? own_key_values : ring.first_buffer + (i - 1) % 2;
            const auto step = static_cast<std::int32_t>(first_step(ring.number) + i);
            const Ids here = i == 0 ? Ids{} : arrived;
            Ids readers;
            if (i + 1 < ranks_) {
                const std::int64_t coming = (owner + ranks_ - 1) % ranks_;
                Ids room = writable.at(static_cast<std::size_t>(i % 2));
                if (i == 0) {
                    room.insert(room.end(), ring.begin.begin(), ring.begin.end());
                }
                readers = {send(step, ring, buffer, owner, next, flow(ring.number, rank_, i), arrived)};
                arrived = {builder_.recv(step, ring.first_buffer + i % 2, content(ring.half, coming), previous,
                                         flow(ring.number, previous, i), std::move(room))};
                last = {arrived.front(), readers.front()};
            }
            if (const std::int64_t pairs = head_pairs_[static_cast<std::size_t>(owner)]; pairs > 0) {
                Operation operation = compute(owner, buffer);
                operation.step = step;
                operation.after = here;
                operation.queries = rank_;
                operation.keys = owner;
                operation.buffer = buffer;
                operation.scores = score_rows;
                readers.push_back(builder_.add(std::move(operation)));
            }
            if (i > 0) {
                writable.at(static_cast<std::size_t>((i - 1) % 2)) = readers;
            }
        }
        return last;
    }

    [[nodiscard]] ScheduleBuilder::Content content(const Half& half, std::int64_t owner) const {
        return {owner, builder_.tokens_of(owner) * half.bytes};
    }
    std::int64_t send(std::int32_t step, const Ring& ring, std::int64_t buffer, std::int64_t owner, std::int64_t next,
                      std::int64_t flow_number, Ids after) {
        const ScheduleBuilder::Content sent = content(ring.half, owner);
        Operation operation;
        operation.kind = OperationKind::send;
        operation.stream = Stream::send;
        operation.step = step;
        operation.after = std::move(after);
        operation.role = ring.half.role;
        operation.buffer = buffer;
        operation.keys = sent.keys;
        operation.bytes = sent.bytes;
        operation.peer = next;
        operation.flow = flow_number;
        return builder_.add(std::move(operation));
    }
    void free_turns(std::int64_t first_buffer, const Ids& last) {
        for (std::int64_t i = 0; i < turns(ranks_); ++i) {
            builder_.free(first_buffer + i, last);
        }
    }

    // The share of an attend, or of its backward pass, that is products over so many elements; the second operation
    // over the same pairs does not count them again.
    [[nodiscard]] Operation computation(OperationKind kind, std::int64_t owner, std::int64_t elements,
                                        bool counts) const {
        const std::int64_t pairs = head_pairs_[static_cast<std::size_t>(owner)];
        Operation operation;
        operation.kind = kind;
        operation.pairs = counts ? ScheduleBuilder::a_head(pairs, query_heads_.size()) : 0;
        operation.flops = 2.0 * static_cast<double>(pairs) * static_cast<double>(elements);
        return operation;
    }

    void write_forward() {
        const std::int64_t own = builder_.tokens_of(rank_);
        alloc(score_rows, BufferRole::scores, query_heads_, rank_,
              query_heads_.size() * own * builder_.tokens_of(ranks_) * float_bytes);
        Ids last = write_ring({keys_, keys_in_turn, 0, {}}, [&](std::int64_t owner, std::int64_t /*buffer*/) {
            return computation(OperationKind::scores, owner, shape_.head_dim_qk, true);
        });
        builder_.alloc_partial(result, rank_, query_heads_);
        Operation softmax;
        softmax.kind = OperationKind::softmax;
        softmax.step = first_step(1) - 1;
        softmax.queries = rank_;
        softmax.scores = score_rows;
        softmax.partial = result;
        builder_.add(std::move(softmax));
        free_turns(keys_in_turn, last);
        last = write_ring({values_, values_in_turn, 1, {}}, [&](std::int64_t owner, std::int64_t /*buffer*/) {
            Operation weigh = computation(OperationKind::weigh_values, owner, shape_.head_dim_v, false);
            weigh.partial = result;
            return weigh;
        });
        builder_.finalize(first_step(2) - 1, result);
        free_turns(values_in_turn, last);
    }

    void write_backward() {
        const std::int64_t barrier = builder_.barrier(first_step(2), {});
        builder_.alloc_delta(delta, rank_, query_heads_);
        builder_.delta(first_step(2), result, own_output_gradients, delta);

        alloc_all_gradients(all_value_gradients, values_);
        Ids last =
            write_ring({values_, values_in_turn_again, 2, {barrier}}, [&](std::int64_t owner, std::int64_t /*buffer*/) {
                // dO V^T and P^T dO.
                Operation back = computation(OperationKind::weigh_values_backward, owner, 2 * shape_.head_dim_v, true);
                back.partial = result;
                back.delta = delta;
                back.output_gradients = own_output_gradients;
                back.into = all_value_gradients;
                return back;
            });
        free_turns(values_in_turn_again, last);
        builder_.free(delta, {});
        last.push_back(barrier);
        const std::int64_t values_home =
            send_home(values_, first_step(3) - 1, all_value_gradients, value_gradients_arriving, last);

        builder_.alloc_query_gradients(query_gradients, rank_, query_heads_);
        alloc_all_gradients(all_key_gradients, keys_);
        // Messages between two ranks have one order on both sides: none of this ring leaves before those home.
        last =
            write_ring({keys_, keys_in_turn_again, 3, {values_home}}, [&](std::int64_t owner, std::int64_t /*buffer*/) {
                // dS K and dS^T Q, and Q K^T, which others compute again: FLOP are counted alike for all.
                Operation back = computation(OperationKind::scores_backward, owner, 3 * shape_.head_dim_qk, false);
                back.query_gradients = query_gradients;
                back.into = all_key_gradients;
                return back;
            });
        free_turns(keys_in_turn_again, last);
        builder_.free(all_value_gradients, {values_home});
        const std::int64_t keys_home =
            send_home(keys_, first_step(4) - 1, all_key_gradients, key_gradients_arriving, last);
        builder_.alloc_key_value_gradients(own_gradients, rank_, key_value_heads_);
        add_up(values_, value_gradients_arriving, values_home);
        add_up(keys_, key_gradients_arriving, keys_home);
        builder_.free(all_key_gradients, {});
    }

    void alloc_all_gradients(std::int64_t buffer, const Half& half) {
        alloc(buffer, half.gradient_role, key_value_heads_, ranks_, builder_.tokens_of(ranks_) * half.gradient_bytes);
    }

    // A reduce-scatter: every rank gets what all ranks have of the gradients of its own tokens, to add it up.
    std::int64_t send_home(const Half& half, std::int32_t step, std::int64_t leaving, std::int64_t arriving,
                           Ids after) {
        Ids sent;
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            sent.push_back(builder_.tokens_of(rank) * half.gradient_bytes);
        }
        const std::int64_t own = builder_.tokens_of(rank_) * half.gradient_bytes;
        Ids received(sent.size(), own);
        after.push_back(builder_.alloc_message(arriving, ranks_ * own));
        return builder_.exchange(OperationKind::all_to_all, step, leaving, arriving,
                                 flow(4, 0, half.role == BufferRole::values ? 0 : 1), std::move(sent),
                                 std::move(received), std::move(after));
    }
    void add_up(const Half& half, std::int64_t arriving, std::int64_t here) {
        builder_.copy(OperationKind::scatter_add, first_step(4) - 1, half.gradient_role, arriving, own_gradients,
                      {{}, std::vector(static_cast<std::size_t>(ranks_), key_value_heads_)}, {here});
        builder_.free(arriving, {});
    }

    const AttentionShape& shape_;
    std::int64_t ranks_;
    std::int64_t rank_;
    Range query_heads_;
    Range key_value_heads_;
    Half keys_;
    Half values_;
    ScheduleBuilder builder_;
    std::int64_t largest_ = 0;  // tokens of a rank
    Ids head_pairs_;            // of the own queries with the keys of each rank
};

}  // namespace

Schedule write_rsa(const StrategyInput& input, Pass pass) {
    return RsaWriter(input, pass).write(pass);
}

StrategyTotals rsa_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(input.rank);
    const Half keys = keys_of(shape);
    const Half values = values_of(shape);
    const std::int64_t in_turn = turns(ranks) * tokens.largest();
    const std::int64_t rows = shape.query_heads * own * float_bytes;  // of one float each
    const std::int64_t score_bytes = rows * tokens.all();
    // A ring brings the halves of all others, and takes away all but those of the next rank.
    const std::int64_t half_bytes = keys.bytes + values.bytes;
    StrategyTotals sums;
    sums.bytes_received = (tokens.all() - own) * half_bytes;
    sums.bytes_sent = (tokens.all() - tokens.of((input.rank + 1) % ranks)) * half_bytes;

    LiveBytes live;
    live.take(score_bytes);
    live.take(in_turn * keys.bytes);
    live.take(Partial::size_bytes(shape.query_heads, own, shape.head_dim_v));
    live.give_back(in_turn * keys.bytes);
    live.pass(in_turn * values.bytes);
    if (pass == Pass::forward_backward) {
        const std::int64_t gradient_bytes = keys.gradient_bytes + values.gradient_bytes;
        const std::int64_t sent_gradients = input.wire().gradients(gradient_bytes);
        sums.bytes_received = 2 * sums.bytes_received + (ranks - 1) * own * sent_gradients;
        sums.bytes_sent = 2 * sums.bytes_sent + (tokens.all() - own) * sent_gradients;
        live.take(rows);  // delta
        live.take(tokens.all() * values.gradient_bytes);
        live.pass(in_turn * values.bytes);
        live.give_back(rows);
        live.take(ranks * own * values.gradient_bytes);
        live.take(rows * shape.head_dim_qk);
        live.take(tokens.all() * keys.gradient_bytes);
        live.pass(in_turn * keys.bytes);
        live.give_back(tokens.all() * values.gradient_bytes);
        live.take(ranks * own * keys.gradient_bytes);
        live.take(own * gradient_bytes);
    }
    sums.peak_buffer_bytes = live.peak();
    return sums;
}

std::string rsa_layout_infeasible(const StrategyInput& input) {
    // Beyond what sums of bytes are kept below (schedule_json.cpp), with room for all else.
    constexpr double most = 1.0e18;
    for (std::int64_t rank = 0; rank < input.ranks(); ++rank) {
        const double bytes = static_cast<double>(input.shape.query_heads * float_bytes) *
                             static_cast<double>(input.tokens[static_cast<std::size_t>(rank)].size()) *
                             static_cast<double>(input.masks.key_tokens());
        if (bytes > most) {
            return fmt::format("RSA keeps the scores of all keys: {} on rank {}",
                               format_bytes(static_cast<std::int64_t>(std::min(bytes, 9.0e18))), rank);
        }
    }
    return {};
}

const StrategyText rsa_text{
    "Keys travel round a ring first, without their values, and every rank computes its scores with those that are at "
    "hand; when its rows are whole it takes their softmax, once and as it stands in textbooks. Then values travel, and "
    "are added up by the weights. As many bytes move as in `ring`, in twice as many hops; nothing is merged. What it "
    "costs is S = 4 Hq t_r t bytes of score rows on each rank, which grow with the square of the tokens: the memory "
    "ledger has them, and a run that they do not fit is refused before it begins. It is "
    "computed by loops of its own on the processor, with backend.name cpu and reference alike; opencl is refused.",
    "The score rows are still there. Values travel again: each rank computes what it adds to the gradients of all "
    "values, and the gradients of its scores, which take their place; then keys travel, for the gradients of queries "
    "and keys. What belongs to other ranks goes to them in a direct reduce-scatter after each of the rings, where the "
    "release of the paper takes an all-reduce, which moves twice as much. FLOP are counted as everywhere, with scores "
    "computed again, which RSA need not do.",
    "(t - t_r) k",
    "(t - t_r) k + (N - 1) t_r g",
    "S + t_r p + 2 t_max b Hkv max(Dqk, Dv), one such block with two ranks, none with one; with a backward pass also, "
    "with v = 4 Hkv Dv and u = 4 Hkv Dqk: S + t_r p + 4 Hq t_r + t v + 2 t_max b Hkv Dv, S + t_r (p + 4 Hq Dqk + N v) "
    "+ t (u + v) + 2 t_max b Hkv Dqk, and S + t_r (p + 4 Hq Dqk + N v + N u + g) + t u, whichever is most",
    "where the score rows of a rank are more than 10^18 bytes; a run, where they are more than its memory",
    "Li, Xue, Baranwal, Li, You 2021 (Sequence Parallelism, section 3.2), arXiv 2105.13120; backward as in its "
    "release, ColossalAI",
    "contiguous",
};

}  // namespace longscope
