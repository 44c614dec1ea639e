// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy/key_value_ring.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace longscope {

namespace {

std::int64_t wrapped(std::int64_t number, std::int64_t size) {
    return (number % size + size) % size;
}

}  // namespace

RingRoom::RingRoom(std::int64_t ranks, std::int64_t window) {
    const std::int64_t windows = ranks / window;
    inner_blocks = std::min<std::int64_t>(window - 1, 2);
    outer_blocks = std::min<std::int64_t>(windows - 1, 2);
    // The part of a step and two sums; of windows also the one that has returned, and two that travel between them.
    gradients = ranks == 1 ? 0 : windows == 1 ? 3 : 6;
}

std::int64_t RingFormula::tokens_of_column(std::int64_t column) const {
    std::int64_t sum = 0;
    for (std::int64_t place = wrapped(column, window); place < ranks; place += window) {
        sum += tokens(place);
    }
    return sum;
}

// By inner hops every block but those that end an inner round here, by outer hops those that begin one, except in the
// last window.
std::int64_t RingFormula::sent() const {
    return all_tokens - tokens_of_column(index + 1) + tokens_of_column(index) - tokens((index + window) % ranks);
}

std::int64_t RingFormula::sums() const {
    return ranks == 1 ? 0 : all_tokens + (window == ranks ? 0 : tokens_of_column(index));
}

KeyValueRing::KeyValueRing(ScheduleBuilder& builder, RingPlace place, const RingBuffers& buffers)
    : builder_(builder),
      place_(std::move(place)),
      buffers_(buffers),
      windows_(size() / place_.window),
      room_(size(), place_.window),
      previous_(rank_at(place_from(0, -1))),
      next_(rank_at(place_from(0, 1))),
      outer_previous_(rank_at(place_from(-1, 0))),
      outer_next_(rank_at(place_from(1, 0))),
      group_(builder_.add_group(windows_ > 1 ? "inner_ring" : "ring", ranks_of_window())),
      outer_group_(builder_.add_group("outer_ring", ranks_of_place())) {
    for (const std::int64_t set : place_.sets) {
        largest_ = std::max(largest_, builder_.tokens_of(set));
        head_pairs_.push_back(builder_.head_pairs(place_.queries.set, set, place_.queries.heads));
    }
}

std::int64_t KeyValueRing::all_head_pairs() const {
    return std::accumulate(head_pairs_.begin(), head_pairs_.end(), std::int64_t{0});
}

std::int64_t KeyValueRing::place_from(std::int64_t windows, std::int64_t inner) const {
    const std::int64_t window = place_.index / place_.window;
    return wrapped(window + windows, windows_) * place_.window + wrapped(place_.index + inner, place_.window);
}

KeyValueRing::Step KeyValueRing::step_at(std::int64_t number) const {
    Step step;
    step.number = number;
    step.window = number / place_.window;
    step.inner = number % place_.window;
    step.owner = place_from(-step.window, -step.inner);
    return step;
}

KeyValueRing::Ids KeyValueRing::ranks_of_window() const {
    Ids ranks;
    for (std::int64_t inner = 0; inner < place_.window; ++inner) {
        ranks.push_back(rank_at(place_from(0, inner)));
    }
    return ranks;
}

KeyValueRing::Ids KeyValueRing::ranks_of_place() const {
    Ids ranks;
    for (std::int64_t window = 0; window < windows_; ++window) {
        ranks.push_back(rank_at(place_from(window, 0)));
    }
    return ranks;
}

std::int64_t KeyValueRing::send(std::int32_t step, std::int64_t buffer, ScheduleBuilder::Content content,
                                std::int64_t peer, std::int64_t flow_number, const Ids& after, Stream stream) {
    return builder_.in_group(stream == Stream::outer_send ? outer_group_ : group_,
                             builder_.send(step, buffer, content, peer, flow_number, after, stream));
}

std::int64_t KeyValueRing::recv(std::int32_t step, std::int64_t buffer, ScheduleBuilder::Content content,
                                std::int64_t peer, std::int64_t flow_number, const Ids& after, Stream stream) {
    return builder_.in_group(stream == Stream::outer_receive ? outer_group_ : group_,
                             builder_.recv(step, buffer, content, peer, flow_number, after, stream));
}

// `compute(at, step, buffer, arrived)` writes what a step computes and returns the operations that read the buffer.
template <typename Compute>
void KeyValueRing::write_round(std::int32_t first_step, std::int64_t first_flow, const Ids& begin, Compute compute) {
    const std::int64_t rank = rank_at(place_.index);
    std::int64_t current = place_.own_block;
    Ids arrived = begin;  // the recv that filled `current`
    for (std::array<Ids, 2>* writable : {&writable_, &outer_writable_}) {
        for (Ids& ids : *writable) {
            ids.insert(ids.end(), begin.begin(), begin.end());
        }
    }
    std::int64_t inner_hops = 0;
    std::int64_t next_first = -1;  // the buffer of the block that the next inner round begins with
    Ids next_first_arrived;
    Ids last_inner;
    Ids last_outer;
    for (std::int64_t i = 0; i < size(); ++i) {
        const Step at = step_at(i);
        const auto step = static_cast<std::int32_t>(first_step + i);
        Ids readers;  // of `current` in this step
        if (at.inner == 0 && at.window + 1 < windows_) {
            next_first = buffers_.outer_blocks + at.window % 2;
            // The number of the step that ends the inner round, in which there is no inner hop.
            const std::int64_t last = i + place_.window - 1;
            next_first_arrived = {recv(step, next_first, block_of(place_from(-at.window - 1, 0)), outer_previous_,
                                       flow(first_flow, outer_previous_, last),
                                       outer_writable_[static_cast<std::size_t>(at.window % 2)],
                                       Stream::outer_receive)};
            readers = {send(step, current, block_of(at.owner), outer_next_, flow(first_flow, rank, last), arrived,
                            Stream::outer_send)};
            last_outer = {next_first_arrived.front(), readers.front()};
        }
        const bool ends = at.inner + 1 == place_.window;
        std::int64_t filled = next_first;
        Ids arriving = next_first_arrived;
        if (!ends) {
            const std::int64_t turn = inner_hops++ % room_.inner_blocks;
            filled = buffers_.blocks + turn;
            arriving = {recv(step, filled, block_of(step_at(i + 1).owner), previous_, flow(first_flow, previous_, i),
                             writable_[static_cast<std::size_t>(turn)], Stream::receive)};
            readers.push_back(
                send(step, current, block_of(at.owner), next_, flow(first_flow, rank, i), arrived, Stream::send));
            last_inner = {arriving.front(), readers.back()};
        }
        const Ids computing = compute(at, step, current, arrived);
        readers.insert(readers.end(), computing.begin(), computing.end());
        if (at.number > 0) {
            std::array<Ids, 2>& writable = at.inner == 0 ? outer_writable_ : writable_;
            const std::int64_t first = at.inner == 0 ? buffers_.outer_blocks : buffers_.blocks;
            writable[static_cast<std::size_t>(current - first)] = readers;
        }
        current = filled;
        arrived = arriving;
    }
    if (size() > 1) {
        last_transfers_ = last_inner;
        last_transfers_.insert(last_transfers_.end(), last_outer.begin(), last_outer.end());
    }
}

void KeyValueRing::write_forward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin) {
    builder_.alloc_partial(buffers_.running, place_.queries.set, place_.queries.heads);
    if (size() > 1) {
        builder_.alloc_partial(buffers_.of_step, place_.queries.set, place_.queries.heads);
    }
    for (std::int64_t i = 0; i < room_.inner_blocks; ++i) {
        writable_[static_cast<std::size_t>(i)] = {
            builder_.alloc_key_values_in_turn(buffers_.blocks + i, largest_, place_.key_value_heads)};
    }
    for (std::int64_t i = 0; i < room_.outer_blocks; ++i) {
        outer_writable_[static_cast<std::size_t>(i)] = {
            builder_.alloc_key_values_in_turn(buffers_.outer_blocks + i, largest_, place_.key_value_heads)};
    }
    bool begun = false;
    write_round(first_step, first_flow, begin,
                [&](const Step& at, std::int32_t step, std::int64_t buffer, const Ids& arrived) {
                    Ids readers;
                    if (const std::int64_t pairs = head_pairs_[static_cast<std::size_t>(at.owner)]; pairs > 0) {
                        readers = {builder_.attend(step, place_.queries, set_of(at.owner), buffer,
                                                   begun ? buffers_.of_step : buffers_.running, pairs, arrived)};
                        if (begun) {
                            builder_.merge(step, buffers_.of_step, buffers_.running);
                        }
                        begun = true;
                    }
                    return readers;
                });
}

void KeyValueRing::write_backward_alone(std::int32_t first_step, const ScheduleBuilder::BackwardBuffers& shared) {
    const std::int64_t own_set = set_of(place_.index);
    builder_.alloc_key_value_gradients(buffers_.own_sums, own_set, place_.key_value_heads);
    if (const std::int64_t pairs = head_pairs_.front(); pairs > 0) {
        builder_.attend_backward(first_step, place_.queries, own_set, place_.own_block, shared, buffers_.own_sums,
                                 pairs, {});
    }
}

void KeyValueRing::alloc_sums(Sums& sums) {
    const auto alloc = [&](std::int64_t buffer) -> Ids {
        return {builder_.alloc_key_value_gradients_in_turn(buffer, largest_, place_.key_value_heads)};
    };
    (void)alloc(buffers_.gradients_of_step);
    for (std::int64_t i = 0; i < 2; ++i) {
        sums.writable[static_cast<std::size_t>(i)] = alloc(buffers_.sums + i);
    }
    sums.ready = sums.writable[0];
    if (windows_ > 1) {
        for (std::int64_t i = 0; i < 2; ++i) {
            sums.outer_writable[static_cast<std::size_t>(i)] = alloc(buffers_.outer_sums + i);
        }
        sums.window_writable = alloc(buffers_.sum_of_window);
    }
}

KeyValueRing::Ids KeyValueRing::write_gradients(Sums& sums, const Step& at, std::int32_t step, std::int64_t buffer,
                                                const Ids& arrived, const ScheduleBuilder::BackwardBuffers& shared) {
    Ids readers;
    const std::int64_t set = set_of(at.owner);
    const auto turn = static_cast<std::size_t>(at.number % 2);
    const std::int64_t sum = buffers_.sums + at.number % 2;
    const std::int64_t pairs = head_pairs_[static_cast<std::size_t>(at.owner)];
    const bool begins = at.inner == 0;
    // A sum begins with what its first step writes, which are zeros where it sees nothing; in the first window they are
    // there already.
    if (pairs > 0 || (begins && at.window > 0)) {
        Ids after = arrived;
        if (begins && at.window > 0) {
            after.insert(after.end(), sums.writable[turn].begin(), sums.writable[turn].end());
        }
        readers = {builder_.attend_backward(step, place_.queries, set, buffer, shared,
                                            begins ? sum : buffers_.gradients_of_step, pairs, after)};
        sums.ready = {begins ? readers.front()
                             : builder_.reduce(step, buffers_.gradients_of_step, sum, set, sums.ready)};
    }
    sums.writable[turn] = {send(step, sum, gradients_of(at.owner), next_,
                                flow(sums.first_flow, rank_at(place_.index), at.number), sums.ready, Stream::send)};
    // The next one, before the keys and values that the sender has behind it.
    const std::int64_t here = flow(sums.first_flow, previous_, at.number);
    if (at.inner + 1 < place_.window) {
        sums.ready = {recv(step + 1, buffers_.sums + (at.number + 1) % 2, gradients_of(step_at(at.number + 1).owner),
                           previous_, here, sums.writable[1 - turn], Stream::receive)};
    } else if (windows_ > 1) {
        const bool first = at.window == 0;
        sums.returned = {recv(step, first ? buffers_.outer_sums : buffers_.sum_of_window,
                              gradients_of(place_from(-at.window, 0)), previous_, here,
                              first ? sums.outer_writable[0] : sums.window_writable, Stream::receive)};
    }
    return readers;
}

void KeyValueRing::add_up(Sums& sums, std::int64_t window, std::int32_t step) {
    if (window == 0) {
        sums.outer_ready = sums.returned;
        return;
    }
    Ids after = sums.returned;
    after.insert(after.end(), sums.outer_ready.begin(), sums.outer_ready.end());
    sums.outer_ready = {builder_.reduce(step, buffers_.sum_of_window, buffers_.outer_sums + window % 2,
                                        set_of(place_from(-window, 0)), after)};
    sums.window_writable = sums.outer_ready;
}

void KeyValueRing::pass_sums_on(Sums& sums, std::int64_t window, std::int32_t step) {
    const auto turn = static_cast<std::size_t>(window % 2);
    const std::int64_t from = outer_previous_;
    const bool last = window + 1 == windows_;
    Ids room = sums.outer_writable[1 - turn];
    if (last) {
        room = {builder_.alloc_key_value_gradients(buffers_.own_sums, set_of(place_.index), place_.key_value_heads)};
    }
    sums.outer_writable[turn] = {send(step, buffers_.outer_sums + window % 2, gradients_of(place_from(-window, 0)),
                                      outer_next_, flow(sums.first_outer_flow, rank_at(place_.index), window),
                                      sums.outer_ready, Stream::outer_send)};
    sums.outer_ready = {recv(step, last ? buffers_.own_sums : buffers_.outer_sums + (window + 1) % 2,
                             gradients_of(place_from(-window - 1, 0)), from, flow(sums.first_outer_flow, from, window),
                             room, Stream::outer_receive)};
}

void KeyValueRing::write_backward(std::int32_t first_step, std::int64_t first_flow, const Ids& begin,
                                  const ScheduleBuilder::BackwardBuffers& shared) {
    if (size() == 1) {
        write_backward_alone(first_step, shared);
        return;
    }
    Sums sums;
    sums.first_flow = first_flow + forward_flows();
    sums.first_outer_flow = first_flow + 2 * forward_flows();
    alloc_sums(sums);
    write_round(first_step, first_flow, begin,
                [&](const Step& at, std::int32_t step, std::int64_t buffer, const Ids& arrived) {
                    const Ids readers = write_gradients(sums, at, step, buffer, arrived, shared);
                    // The sum of the inner round before has had this step's time to return.
                    if (at.inner == 0 && at.window > 0) {
                        add_up(sums, at.window - 1, step);
                        pass_sums_on(sums, at.window - 1, step);
                    }
                    return readers;
                });
    const auto last_step = static_cast<std::int32_t>(first_step + size() - 1);
    const Ids last_send = sums.writable[static_cast<std::size_t>((size() - 1) % 2)];
    builder_.free(buffers_.gradients_of_step, {});
    free_blocks();
    if (windows_ > 1) {
        add_up(sums, windows_ - 1, last_step);
        builder_.free(buffers_.sum_of_window, {});
        pass_sums_on(sums, windows_ - 1, last_step);
        const Ids last_outer_send = sums.outer_writable[static_cast<std::size_t>((windows_ - 1) % 2)];
        last_transfers_ = {sums.outer_ready.front(), last_send.front(), last_outer_send.front()};
        for (std::int64_t i = 0; i < 2; ++i) {
            builder_.free(buffers_.outer_sums + i, last_outer_send);
        }
    } else {
        const std::int64_t room =
            builder_.alloc_key_value_gradients(buffers_.own_sums, set_of(place_.index), place_.key_value_heads);
        const std::int64_t home = recv(last_step, buffers_.own_sums, gradients_of(place_.index), previous_,
                                       flow(sums.first_flow, previous_, size() - 1), {room}, Stream::receive);
        last_transfers_ = {home, last_send.front()};
    }
    for (std::int64_t i = 0; i < 2; ++i) {
        builder_.free(buffers_.sums + i, last_send);
    }
}

void KeyValueRing::free_step() {
    if (size() > 1) {
        builder_.free(buffers_.of_step, {});
    }
}

void KeyValueRing::free_blocks() {
    for (std::int64_t i = 0; i < room_.inner_blocks; ++i) {
        builder_.free(buffers_.blocks + i, last_transfers_);
    }
    for (std::int64_t i = 0; i < room_.outer_blocks; ++i) {
        builder_.free(buffers_.outer_blocks + i, last_transfers_);
    }
}

}  // namespace longscope
