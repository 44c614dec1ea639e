// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and values that make rounds among some ranks, while each computes with what it holds (Liu, Zaharia, Abbeel 2023,
// "Ring attention"). In the ith step of a round a rank computes with the block of the ith rank before it, and meanwhile
// passes it on to the next. Two buffers take turns, so that a block is received while the one before it is computed
// with. A step whose pairs are all masked computes nothing, but its block still travels.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

// The ring that a rank is in.
struct RingPlace {
    std::vector<std::int64_t> ranks;  // in the order in which blocks are passed on
    std::vector<std::int64_t> sets;   // the token set of each one's block
    std::int64_t index = 0;           // of this rank
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
};

class KeyValueRing {
  public:
    using Ids = std::vector<std::int64_t>;

    // The builder outlives the ring.
    KeyValueRing(ScheduleBuilder& builder, RingPlace place, const RingBuffers& buffers);

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(place_.ranks.size()); }

    // One round of size() steps. Allocates what it needs; the result is in `running`, not finalized. `own_block` is
    // read after `begin`. Flows are numbered from `first_flow` on: ranks x size() of them.
    void write_forward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin);
    // Of what the forward pass still holds beside `running`; free_blocks() only where no backward pass follows.
    void free_step();
    void free_blocks();
    [[nodiscard]] const Ids& last_transfers() const { return last_transfers_; }

    // Another round, of the same blocks; the sums of dK and dV of each travel behind it, in float32, and come home to
    // `own_sums` in a last hop. Adds to the query gradients. Flows: 2 x ranks x size() from `first_flow` on. Transfers
    // wait for `begin`.
    void write_backward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin,
                        const ScheduleBuilder::BackwardBuffers& shared);

    // Pairs of all of this rank's heads.
    [[nodiscard]] std::int64_t all_head_pairs() const;

  private:
    [[nodiscard]] std::int64_t wrapped(std::int64_t index) const { return (index % size() + size()) % size(); }
    [[nodiscard]] std::int64_t set_of(std::int64_t index) const {
        return place_.sets[static_cast<std::size_t>(wrapped(index))];
    }
    // Flows are named by their sender and their step.
    [[nodiscard]] std::int64_t flow(std::int64_t first, std::int64_t sender, std::int64_t step) const {
        return first + sender * size() + step;
    }
    template <typename Compute>
    void write_round(std::int32_t first_step, std::int64_t first_flow, const Ids& begin, Compute compute);

    ScheduleBuilder& builder_;
    RingPlace place_;
    RingBuffers buffers_;
    std::int64_t previous_;  // ranks
    std::int64_t next_;
    std::int64_t largest_ = 0;  // tokens of a block
    std::int64_t block_count_;
    std::vector<std::int64_t> head_pairs_;  // of the queries with each block
    std::array<Ids, 2> writable_;           // what must have completed before a block may be overwritten
    Ids last_transfers_;                    // streams are in order: these cover all
};

}  // namespace longscope
