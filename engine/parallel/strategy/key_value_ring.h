// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values that make rounds among some ranks, while each computes with what it holds (Liu, Zaharia, Abbeel 2023,
// "Ring attention"). In the ith step of a round a rank computes with the block of the ith rank before it, and meanwhile
// passes it on to the next. Two buffers take turns, so that a block is received while the one before it is computed
// with. A step whose pairs are all masked computes nothing, but its block still travels.
//
// A ring may lie in windows (Gu et al. 2024, "LoongTrain"): rank i of window w is rank w * window + i of the ring. The
// blocks of one window make an inner round in the one where they are, while the block that a rank began it with travels
// to the same place of the next window, on streams of its own: so an outer hop has the time of a whole inner round. Two
// further buffers take turns for it (one with two windows). A ring without windows is a single inner round.
//
// Sums of gradients follow one step behind. In windows each inner round makes a sum of its own, which returns to the
// place in the window where its block began the round; there it is added to that of the windows before, which arrives
// by an outer hop meanwhile, and goes on by one during the next round. So a block's gradients make as many inner hops
// as there are ranks, and as many outer hops as there are windows, the last of them home.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

// The ring that a rank is in.
struct RingPlace {
    std::vector<std::int64_t> ranks;  // in the order in which blocks are passed on
    std::vector<std::int64_t> sets;   // the token set of each one's block
    std::int64_t index = 0;           // of this rank
    std::int64_t window = 0;          // ranks of an inner ring; it divides their number
    ScheduleBuilder::Queries queries;
    Range key_value_heads;
    std::int64_t own_block = own_key_values;
};

// The buffers of a ring. Of each pair the second number is the next one.
struct RingBuffers {
    std::int64_t blocks = -1;  // two
    std::int64_t running = -1;
    std::int64_t of_step = -1;
    // Of the backward pass.
    std::int64_t gradients_of_step = -1;
    std::int64_t sums = -1;  // two
    std::int64_t own_sums = -1;
    // Of a ring in windows.
    std::int64_t outer_blocks = -1;   // two
    std::int64_t outer_sums = -1;     // two
    std::int64_t sum_of_window = -1;  // that has returned
};

// How many blocks a rank of a ring has room for, for formulas: of keys and values, and while it computes gradients.
struct RingRoom {
    // `window` divides `ranks`.
    RingRoom(std::int64_t ranks, std::int64_t window);

    std::int64_t inner_blocks = 0;
    std::int64_t outer_blocks = 0;
    std::int64_t gradients = 0;  // in turn; 0 over one rank, which has its own only

    [[nodiscard]] std::int64_t blocks() const { return inner_blocks + outer_blocks; }
};

// A place in a ring in windows, and the tokens of the blocks there.
struct RingFormula {
    std::int64_t ranks = 1;
    std::int64_t window = 1;  // it divides the ranks
    std::int64_t index = 0;
    std::int64_t all_tokens = 0;
    std::function<std::int64_t(std::int64_t index)> tokens;  // of each place

    // Tokens of the blocks that come in a round, and of those that leave.
    [[nodiscard]] std::int64_t received() const { return all_tokens - tokens(index); }
    [[nodiscard]] std::int64_t sent() const;
    // Of those whose sums of gradients come, and leave.
    [[nodiscard]] std::int64_t sums() const;

  private:
    // Of all blocks that have the same place in their windows.
    [[nodiscard]] std::int64_t tokens_of_column(std::int64_t column) const;
};

class KeyValueRing {
  public:
    using Ids = std::vector<std::int64_t>;

    // The builder outlives the ring.
    KeyValueRing(ScheduleBuilder& builder, RingPlace place, const RingBuffers& buffers);

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(place_.ranks.size()); }
    // Numbers of flows that a pass takes, of all ranks.
    [[nodiscard]] std::int64_t forward_flows() const { return builder_.ranks() * size(); }

    // One round of size() steps. Allocates what it needs; the result is in `running`, not finalized. `own_block` is
    // read after `begin`. Flows are numbered from `first_flow` on: forward_flows() of them.
    void write_forward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin);
    // Of what the forward pass still holds beside `running`; free_blocks() only where no backward pass follows.
    void free_step();
    void free_blocks();
    [[nodiscard]] const Ids& last_transfers() const { return last_transfers_; }

    // The round again, with the sums of gradients one step behind it: size() steps, after which the own sums come into
    // `own_sums` in a last hop. Adds to the query gradients. Flows: 3 x forward_flows() from `first_flow` on. Transfers
    // wait for `begin`.
    void write_backward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin,
                        const ScheduleBuilder::BackwardBuffers& shared);

    // Pairs of all of this rank's heads.
    [[nodiscard]] std::int64_t all_head_pairs() const;

  private:
    // The step'th of a round, and whose block is at hand in it.
    struct Step {
        std::int64_t number = 0;
        std::int64_t window = 0;  // inner rounds before it
        std::int64_t inner = 0;   // steps of its inner round before it
        std::int64_t owner = 0;   // place in the ring
    };
    [[nodiscard]] Step step_at(std::int64_t number) const;
    // The place so many windows and inner ranks further on.
    [[nodiscard]] std::int64_t place_from(std::int64_t windows, std::int64_t inner) const;
    [[nodiscard]] std::int64_t rank_at(std::int64_t place) const {
        return place_.ranks[static_cast<std::size_t>(place)];
    }
    [[nodiscard]] std::int64_t set_of(std::int64_t place) const { return place_.sets[static_cast<std::size_t>(place)]; }
    [[nodiscard]] ScheduleBuilder::Content block_of(std::int64_t place) const {
        return builder_.key_values_of(set_of(place), place_.key_value_heads.size());
    }
    [[nodiscard]] ScheduleBuilder::Content gradients_of(std::int64_t place) const {
        return builder_.key_value_gradients_of(set_of(place), place_.key_value_heads.size());
    }
    // The ranks of this one's window, and those that have its place in theirs.
    [[nodiscard]] Ids ranks_of_window() const;
    [[nodiscard]] Ids ranks_of_place() const;
    std::int64_t send(std::int32_t step, std::int64_t buffer, ScheduleBuilder::Content content, std::int64_t peer,
                      std::int64_t flow_number, const Ids& after, Stream stream);
    std::int64_t recv(std::int32_t step, std::int64_t buffer, ScheduleBuilder::Content content, std::int64_t peer,
                      std::int64_t flow_number, const Ids& after, Stream stream);
    // Flows are named by their sender and their step.
    [[nodiscard]] std::int64_t flow(std::int64_t first, std::int64_t sender, std::int64_t step) const {
        return first + sender * size() + step;
    }
    template <typename Compute>
    void write_round(std::int32_t first_step, std::int64_t first_flow, const Ids& begin, Compute compute);
    void write_backward_alone(std::int32_t first_step, const ScheduleBuilder::BackwardBuffers& shared);

    // What of the sums of gradients is under way.
    struct Sums {
        std::int64_t first_flow = 0;
        std::int64_t first_outer_flow = 0;
        Ids ready;  // what must have completed before the sum at hand may be added to, or leave
        // What must have completed before one may be overwritten.
        std::array<Ids, 2> writable;
        std::array<Ids, 2> outer_writable;
        Ids window_writable;
        Ids returned;     // the sum of the last inner round
        Ids outer_ready;  // that of the rounds before it
    };
    void alloc_sums(Sums& sums);
    Ids write_gradients(Sums& sums, const Step& at, std::int32_t step, std::int64_t buffer, const Ids& arrived,
                        const ScheduleBuilder::BackwardBuffers& shared);
    // Adds the sum of an inner round to those before it.
    void add_up(Sums& sums, std::int64_t window, std::int32_t step);
    // Sends the sum of the rounds up to this one on, while another one comes, or the own.
    void pass_sums_on(Sums& sums, std::int64_t window, std::int32_t step);

    ScheduleBuilder& builder_;
    RingPlace place_;
    RingBuffers buffers_;
    std::int64_t windows_;
    RingRoom room_;
    std::int64_t previous_;  // ranks
    std::int64_t next_;
    std::int64_t outer_previous_;
    std::int64_t outer_next_;
    std::int64_t group_;  // Operation::group: of the hops inside a window
    std::int64_t outer_group_;
    std::int64_t largest_ = 0;              // tokens of a block
    std::vector<std::int64_t> head_pairs_;  // of the queries with each block
    // What must have completed before a block may be overwritten.
    std::array<Ids, 2> writable_;
    std::array<Ids, 2> outer_writable_;
    Ids last_transfers_;  // streams are in order: these cover all
};

}  // namespace longscope
