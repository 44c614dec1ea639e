// SPDX-License-Identifier: GPL-3.0-or-later
// A ring whose hops carry only the keys and values that the rank that gets them, or a later one on the round, needs:
// all ranks know the mask (strategy/pruned_rounds.h). A hop without any is not made. Blocks may go either way round, so
// that a rank may get two in a step, or none.
//
// Backward: keys and values make the same hops again. The sum of the gradients of what a hop brings begins at the first
// rank that a block comes to and goes on one step behind what the next hop takes on; the sums of what ends at a rank go
// straight home from there, where they are added to the owner's part in the order of the steps. So gradients are sent
// of exactly the tokens that were sent, once for each hop.
#include <algorithm>
#include <array>
#include <utility>

#include "engine/parallel/schedule_builder.h"
#include "engine/parallel/strategy/pruned_rounds.h"

namespace longscope {

namespace {

constexpr std::int64_t running = 1;
constexpr std::int64_t of_step = 2;
// Of the backward pass.
constexpr std::int64_t delta = 3;
constexpr std::int64_t query_gradients = 4;
constexpr std::int64_t own_sums = 5;
constexpr std::int64_t next = 6;  // and those after it: what comes and goes

using Ids = std::vector<std::int64_t>;

Ids joined(Ids a, const Ids& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

class PrunedRingWriter {
  public:
    PrunedRingWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          ranks_(input.ranks()),
          rounds_(input),
          builder_("pruned_ring", input, pass),
          query_heads_{0, input.shape.query_heads},
          heads_{0, input.shape.key_value_heads} {
        name_sets(pass);
    }

    void write_forward() {
        builder_.alloc_partial(running, input_.rank, query_heads_);
        if (ranks_ > 1) {
            builder_.alloc_partial(of_step, input_.rank, query_heads_);
        }
        begin_round();
        bool begun = false;
        for (std::int64_t i = 0; i < ranks_; ++i) {
            const auto step = static_cast<std::int32_t>(i);
            write_hops(i, step, 0, {});
            for (const RingWay way : ring_ways) {
                const Held& held = now_[index(way)];
                if (const std::int64_t pairs = pairs_of(held); pairs > 0) {
                    builder_.attend(step, builder_.own_queries(), held.set, held.buffer, begun ? of_step : running,
                                    pairs, held.arrived);
                    if (begun) {
                        builder_.merge(step, of_step, running);
                    }
                    begun = true;
                }
            }
            end_step();
        }
        builder_.finalize(static_cast<std::int32_t>(ranks_ - 1), running);
        if (ranks_ > 1) {
            builder_.free(of_step, {});
        }
    }

    void write_backward() {
        const auto first = static_cast<std::int32_t>(ranks_);
        const std::int64_t barrier = builder_.barrier(first, {});
        builder_.alloc_delta(delta, input_.rank, query_heads_);
        builder_.delta(first, running, own_output_gradients, delta);
        builder_.alloc_query_gradients(query_gradients, input_.rank, query_heads_);
        builder_.alloc_key_value_gradients(own_sums, input_.rank, heads_);
        begin_round();
        std::array<Sum, 2> sums;
        Home home;  // of the step before
        for (std::int64_t i = 0; i < ranks_; ++i) {
            const auto step = static_cast<std::int32_t>(first + i);
            write_hops(i, step, 1, {barrier});
            for (const RingWay way : ring_ways) {
                write_gradients(i, step, way, sums[index(way)]);
            }
            free_all(sums_sent_);
            Home coming;
            for (const RingWay way : ring_ways) {
                send_sums(i, step, way, sums[index(way)], {barrier});
                sums[index(way)] = receive_sums(i, step, way, {barrier});
                if (way == rounds_.own_way()) {
                    coming = receive_home(i, step, {barrier});
                }
            }
            add_home(step, home);
            home = coming;
            end_step();
        }
        add_home(static_cast<std::int32_t>(first + ranks_ - 1), home);
        free_all(sums_sent_);
        builder_.free(delta, {});
    }

    Schedule take() { return builder_.take(); }

  private:
    // A block that is here, its token set, and what brought it.
    struct Held {
        const PrunedBlock* block = nullptr;
        std::int64_t set = -1;
        std::int64_t buffer = -1;
        Ids arrived;
    };
    // Of gradients; no buffer: none.
    struct Sum {
        std::int64_t buffer = -1;
        Ids ready;
    };
    struct Home {
        std::int64_t buffer = -1;
        std::int64_t set = -1;
        Ids arrived;
    };
    struct Sets {
        std::int64_t arriving = -1;
        std::int64_t leaving = -1;
        std::int64_t ending = -1;
    };
    // To be freed, and what must have completed before.
    using Frees = std::vector<std::pair<std::int64_t, Ids>>;

    static std::size_t index(RingWay way) { return static_cast<std::size_t>(way); }
    [[nodiscard]] std::int64_t rank_from(RingWay way, std::int64_t distance) const {
        return (input_.rank + (way == RingWay::onward ? distance : ranks_ - distance)) % ranks_;
    }
    // Flows are named by what travels, which way, the sender and the step.
    [[nodiscard]] std::int64_t flow(std::int64_t what, RingWay way, std::int64_t sender, std::int64_t step) const {
        return ((what * 2 + static_cast<std::int64_t>(way)) * ranks_ + sender) * ranks_ + step;
    }
    static constexpr std::int64_t sums_onward = 2;  // after keys and values of both passes
    static constexpr std::int64_t sums_home = 3;

    [[nodiscard]] std::int64_t name_set(std::int64_t owner, const RangeSet& positions, std::int64_t tokens) {
        if (tokens == 0 || tokens == builder_.tokens_of(owner)) {
            return owner;
        }
        return builder_.add_token_set({{owner}, positions});
    }
    void name_sets(Pass pass) {
        sets_.resize(static_cast<std::size_t>(ranks_));
        for (std::int64_t i = 0; i < ranks_; ++i) {
            for (const RingWay way : ring_ways) {
                const PrunedBlock* block = rounds_.at(i, way);
                if (block == nullptr) {
                    continue;
                }
                Sets& sets = sets_of(i, way);
                sets.arriving = name_set(block->owner, block->arriving, block->arriving_tokens);
                sets.leaving = sets.arriving;
                sets.ending = sets.arriving;
                if (block->parts()) {
                    sets.leaving = name_set(block->owner, block->leaving, block->leaving_tokens);
                    if (pass == Pass::forward_backward && i > 0) {
                        sets.ending = name_set(block->owner, block->ending(), block->ending_tokens());
                    }
                }
            }
        }
    }
    Sets& sets_of(std::int64_t i, RingWay way) { return sets_[static_cast<std::size_t>(i)][index(way)]; }

    [[nodiscard]] std::int64_t pairs_of(const Held& held) const {
        return held.block == nullptr ? 0 : builder_.head_pairs(input_.rank, held.set, query_heads_);
    }
    void free_all(Frees& frees) {
        for (const auto& [buffer, after] : frees) {
            builder_.free(buffer, after);
        }
        frees.clear();
    }

    void begin_round() {
        now_ = {};
        now_[index(rounds_.own_way())] = {rounds_.at(0, rounds_.own_way()), input_.rank, own_key_values, {}};
    }

    // What comes for the next step, and what goes on.
    void write_hops(std::int64_t i, std::int32_t step, std::int64_t what, const Ids& begin) {
        coming_ = {};
        for (const RingWay way : ring_ways) {
            const std::int64_t peer = rank_from(way, ranks_ - 1);
            if (const PrunedBlock* block = i + 1 < ranks_ ? rounds_.at(i + 1, way) : nullptr) {
                const std::int64_t set = sets_of(i + 1, way).arriving;
                const std::int64_t buffer = next_buffer_++;
                const std::int64_t room = builder_.alloc_key_values(buffer, set, heads_);
                coming_[index(way)] = {block,
                                       set,
                                       buffer,
                                       {builder_.recv(step, buffer, builder_.key_values_of(set, heads_.size()), peer,
                                                      flow(what, way, peer, i), joined({room}, begin))}};
            }
            const Held& held = now_[index(way)];
            if (held.block == nullptr) {
                continue;
            }
            Ids readers;
            if (held.block->leaving_tokens > 0) {
                readers = {write_leaving(i, step, what, way, begin)};
            }
            if (held.buffer != own_key_values) {
                done_.emplace_back(held.buffer, readers);
            }
        }
    }

    // Returns the send.
    std::int64_t write_leaving(std::int64_t i, std::int32_t step, std::int64_t what, RingWay way, const Ids& begin) {
        const Held& held = now_[index(way)];
        const std::int64_t set = sets_of(i, way).leaving;
        const ScheduleBuilder::Content content = builder_.key_values_of(set, heads_.size());
        std::int64_t buffer = held.buffer;
        Ids after = held.arrived;
        if (held.block->parts()) {
            buffer = next_buffer_++;
            builder_.alloc_message(buffer, content.bytes);
            after = {builder_.copy(OperationKind::gather, step, BufferRole::key_values, held.buffer, buffer,
                                   {{set}, {}}, held.arrived)};
        }
        const std::int64_t sent = builder_.send(step, buffer, content, rank_from(way, 1),
                                                flow(what, way, input_.rank, i), joined(after, begin));
        if (buffer != held.buffer) {
            done_.emplace_back(buffer, Ids{sent});
        }
        return sent;
    }

    void end_step() {
        free_all(done_);
        now_ = std::exchange(coming_, {});
    }

    // The part of this step for a block, in the sum of the ranks before.
    void write_gradients(std::int64_t i, std::int32_t step, RingWay way, Sum& sum) {
        const ScheduleBuilder::BackwardBuffers shared{own_output_gradients, running, delta, query_gradients};
        const Held& held = now_[index(way)];
        const std::int64_t pairs = pairs_of(held);
        if (held.block == nullptr || (pairs == 0 && i != 1)) {
            return;
        }
        if (i == 0) {
            builder_.attend_backward(step, builder_.own_queries(), held.set, held.buffer, shared, own_sums, pairs, {});
            return;
        }
        const std::int64_t part = next_buffer_++;
        Ids ready{builder_.alloc_key_value_gradients(part, held.set, heads_)};
        if (pairs > 0) {
            ready = {builder_.attend_backward(step, builder_.own_queries(), held.set, held.buffer, shared, part, pairs,
                                              held.arrived)};
        }
        if (i == 1) {
            sum = {part, ready};
            return;
        }
        sum.ready = {builder_.reduce(step, part, sum.buffer, held.set, sum.ready)};
        builder_.free(part, {});
    }

    void send_sums(std::int64_t i, std::int32_t step, RingWay way, const Sum& sum, const Ids& begin) {
        if (sum.buffer < 0) {
            return;
        }
        const PrunedBlock& block = *now_[index(way)].block;
        const Sets& sets = sets_of(i, way);
        Ids readers;
        const auto send = [&](std::int64_t set, std::int64_t peer, std::int64_t number) {
            const ScheduleBuilder::Content content = builder_.key_value_gradients_of(set, heads_.size());
            std::int64_t buffer = sum.buffer;
            Ids after = sum.ready;
            if (block.parts()) {
                buffer = next_buffer_++;
                builder_.alloc_message(buffer, content.bytes);
                after = {builder_.copy(OperationKind::gather, step, BufferRole::key_value_gradients, sum.buffer, buffer,
                                       {{set}, {}}, sum.ready)};
            }
            const std::int64_t sent = builder_.send(step, buffer, content, peer, number, joined(after, begin));
            if (buffer != sum.buffer) {
                sums_sent_.emplace_back(buffer, Ids{sent});
            } else {
                readers.push_back(sent);
            }
        };
        if (block.leaving_tokens > 0) {
            send(sets.leaving, rank_from(way, 1), flow(sums_onward, way, input_.rank, i));
        }
        if (block.ending_tokens() > 0) {
            send(sets.ending, block.owner, flow(sums_home, way, input_.rank, i));
        }
        sums_sent_.emplace_back(sum.buffer, readers);
    }

    // Those of the ranks before, for the next step.
    Sum receive_sums(std::int64_t i, std::int32_t step, RingWay way, const Ids& begin) {
        if (i == 0 || i + 1 == ranks_ || rounds_.at(i + 1, way) == nullptr) {
            return {};
        }
        const std::int64_t set = sets_of(i + 1, way).arriving;
        const std::int64_t buffer = next_buffer_++;
        const std::int64_t peer = rank_from(way, ranks_ - 1);
        const std::int64_t room = builder_.alloc_key_value_gradients(buffer, set, heads_);
        return {buffer,
                {builder_.recv(step, buffer, builder_.key_value_gradients_of(set, heads_.size()), peer,
                               flow(sums_onward, way, peer, i), joined({room}, begin))}};
    }

    Home receive_home(std::int64_t i, std::int32_t step, const Ids& begin) {
        if (i == 0 || rounds_.own_ending_tokens(i) == 0) {
            return {};
        }
        const std::int64_t set = name_set(input_.rank, rounds_.own_ending(i), rounds_.own_ending_tokens(i));
        const std::int64_t buffer = next_buffer_++;
        const std::int64_t peer = rank_from(rounds_.own_way(), i);
        const ScheduleBuilder::Content content = builder_.key_value_gradients_of(set, heads_.size());
        const std::int64_t room = builder_.alloc_message(buffer, content.bytes);
        return {buffer,
                set,
                {builder_.recv(step, buffer, content, peer, flow(sums_home, rounds_.own_way(), peer, i),
                               joined({room}, begin))}};
    }
    void add_home(std::int32_t step, const Home& home) {
        if (home.buffer >= 0) {
            builder_.copy(OperationKind::scatter_add, step, BufferRole::key_value_gradients, home.buffer, own_sums,
                          {{home.set}, {}}, home.arrived);
            builder_.free(home.buffer, {});
        }
    }

    const StrategyInput& input_;
    std::int64_t ranks_;
    PrunedRounds rounds_;
    ScheduleBuilder builder_;
    Range query_heads_;
    Range heads_;
    std::vector<std::array<Sets, 2>> sets_;
    std::array<Held, 2> now_;
    std::array<Held, 2> coming_;
    Frees done_;       // at the end of the step
    Frees sums_sent_;  // a step later
    std::int64_t next_buffer_ = next;
};

}  // namespace

Schedule write_pruned_ring(const StrategyInput& input, Pass pass) {
    PrunedRingWriter writer(input, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

}  // namespace longscope
