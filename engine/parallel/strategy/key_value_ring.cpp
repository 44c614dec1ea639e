// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy/key_value_ring.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace longscope {

KeyValueRing::KeyValueRing(ScheduleBuilder& builder, RingPlace place, const RingBuffers& buffers)
    : builder_(builder),
      place_(std::move(place)),
      buffers_(buffers),
      previous_(place_.ranks[static_cast<std::size_t>(wrapped(place_.index - 1))]),
      next_(place_.ranks[static_cast<std::size_t>(wrapped(place_.index + 1))]),
      block_count_(std::min<std::int64_t>(size() - 1, 2)) {
    for (const std::int64_t set : place_.sets) {
        largest_ = std::max(largest_, builder_.tokens_of(set));
        head_pairs_.push_back(builder_.head_pairs(place_.queries.set, set, place_.queries.heads));
    }
}

std::int64_t KeyValueRing::all_head_pairs() const {
    return std::accumulate(head_pairs_.begin(), head_pairs_.end(), std::int64_t{0});
}

// `compute(i, owner, buffer, arrived)` writes what the ith step computes and returns the operations that read the
// buffer; owners are positions in the ring.
template <typename Compute>
void KeyValueRing::write_round(std::int32_t first_step, std::int64_t first_flow, const Ids& begin, Compute compute) {
    const std::int64_t rank = place_.ranks[static_cast<std::size_t>(place_.index)];
    const std::int64_t heads = place_.key_value_heads.size();
    std::int64_t current = place_.own_block;
    Ids arrived = begin;  // the recv that filled `current`
    for (Ids& ids : writable_) {
        ids.insert(ids.end(), begin.begin(), begin.end());
    }
    for (std::int64_t i = 0; i < size(); ++i) {
        const std::int64_t owner = wrapped(place_.index - i);
        const auto step = static_cast<std::int32_t>(first_step + i);
        const std::int64_t filled = buffers_.blocks + i % 2;
        Ids readers;  // of `current` in this step
        Ids arriving;
        if (i + 1 < size()) {
            arriving = {builder_.recv(step, filled, builder_.key_values_of(set_of(owner - 1), heads), previous_,
                                      flow(first_flow, previous_, i), writable_[static_cast<std::size_t>(i % 2)])};
            readers = {builder_.send(step, current, builder_.key_values_of(set_of(owner), heads), next_,
                                     flow(first_flow, rank, i), arrived)};
            last_transfers_ = {arriving.front(), readers.front()};
        }
        const Ids computing = compute(i, owner, current, arrived);
        readers.insert(readers.end(), computing.begin(), computing.end());
        if (current != place_.own_block) {
            writable_[static_cast<std::size_t>(current - buffers_.blocks)] = readers;
        }
        current = filled;
        arrived = arriving;
    }
}

void KeyValueRing::write_forward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin) {
    builder_.alloc_partial(buffers_.running, place_.queries.set, place_.queries.heads);
    if (size() > 1) {
        builder_.alloc_partial(buffers_.of_step, place_.queries.set, place_.queries.heads);
    }
    for (std::int64_t i = 0; i < block_count_; ++i) {
        writable_[static_cast<std::size_t>(i)] = {
            builder_.alloc_key_values_in_turn(buffers_.blocks + i, largest_, place_.key_value_heads)};
    }
    bool begun = false;
    write_round(first_step, first_flow, begin,
                [&](std::int64_t i, std::int64_t owner, std::int64_t buffer, const Ids& arrived) {
                    Ids readers;
                    const auto step = static_cast<std::int32_t>(first_step + i);
                    if (const std::int64_t pairs = head_pairs_[static_cast<std::size_t>(owner)]; pairs > 0) {
                        readers = {builder_.attend(step, place_.queries, set_of(owner), buffer,
                                                   begun ? buffers_.of_step : buffers_.running, pairs, arrived)};
                        if (begun) {
                            builder_.merge(step, buffers_.of_step, buffers_.running);
                        }
                        begun = true;
                    }
                    return readers;
                });
}

void KeyValueRing::write_backward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin,
                                  const ScheduleBuilder::BackwardBuffers& shared) {
    const std::int64_t own_set = set_of(place_.index);
    if (size() == 1) {
        builder_.alloc_key_value_gradients(buffers_.own_sums, own_set, place_.key_value_heads);
        if (const std::int64_t pairs = head_pairs_.front(); pairs > 0) {
            builder_.attend_backward(first_step, place_.queries, own_set, place_.own_block, shared, buffers_.own_sums,
                                     pairs, {});
        }
        return;
    }
    const std::int64_t rank = place_.ranks[static_cast<std::size_t>(place_.index)];
    const std::int64_t heads = place_.key_value_heads.size();
    builder_.alloc_key_value_gradients_in_turn(buffers_.gradients_of_step, largest_, place_.key_value_heads);
    std::array<Ids, 2> sum_writable;  // what must have completed before a sum may arrive
    for (std::int64_t i = 0; i < 2; ++i) {
        sum_writable[static_cast<std::size_t>(i)] = {
            builder_.alloc_key_value_gradients_in_turn(buffers_.sums + i, largest_, place_.key_value_heads)};
    }
    const std::int64_t sum_flows = flow(first_flow, builder_.ranks(), 0);
    Ids ready = sum_writable[0];  // what must have completed before the sum at hand may be added to, or leave
    write_round(
        first_step, first_flow, begin,
        [&](std::int64_t i, std::int64_t owner, std::int64_t buffer, const Ids& arrived) {
            Ids readers;
            const auto step = static_cast<std::int32_t>(first_step + i);
            const std::int64_t set = set_of(owner);
            const std::int64_t sum = buffers_.sums + i % 2;
            if (const std::int64_t pairs = head_pairs_[static_cast<std::size_t>(owner)]; pairs > 0) {
                readers = {builder_.attend_backward(step, place_.queries, set, buffer, shared,
                                                    i > 0 ? buffers_.gradients_of_step : sum, pairs, arrived)};
                ready = {i > 0 ? builder_.reduce(step, buffers_.gradients_of_step, sum, set, ready) : readers.front()};
            }
            sum_writable[static_cast<std::size_t>(i % 2)] = {builder_.send(
                step, sum, builder_.key_value_gradients_of(set, heads), next_, flow(sum_flows, rank, i), ready)};
            // The next one, before the keys and values that the sender has behind it.
            if (i + 1 < size()) {
                ready = {builder_.recv(
                    step + 1, buffers_.sums + (i + 1) % 2, builder_.key_value_gradients_of(set_of(owner - 1), heads),
                    previous_, flow(sum_flows, previous_, i), sum_writable[static_cast<std::size_t>((i + 1) % 2)])};
            }
            return readers;
        });
    builder_.free(buffers_.gradients_of_step, {});
    free_blocks();
    const std::int64_t room = builder_.alloc_key_value_gradients(buffers_.own_sums, own_set, place_.key_value_heads);
    const std::int64_t home = builder_.recv(static_cast<std::int32_t>(first_step + size() - 1), buffers_.own_sums,
                                            builder_.key_value_gradients_of(own_set, heads), previous_,
                                            flow(sum_flows, previous_, size() - 1), {room});
    last_transfers_ = {home, sum_writable[static_cast<std::size_t>((size() - 1) % 2)].front()};
    for (std::int64_t i = 0; i < 2; ++i) {
        builder_.free(buffers_.sums + i, sum_writable[static_cast<std::size_t>((size() - 1) % 2)]);
    }
}

void KeyValueRing::free_step() {
    if (size() > 1) {
        builder_.free(buffers_.of_step, {});
    }
}

void KeyValueRing::free_blocks() {
    for (std::int64_t i = 0; i < block_count_; ++i) {
        builder_.free(buffers_.blocks + i, last_transfers_);
    }
}

}  // namespace longscope
