// SPDX-License-Identifier: GPL-3.0-or-later
// Ranks 0 and 1 in two groups at once, over any communicator: what travels in one must not get into the other.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "engine/base/error.h"
#include "engine/execute/process_groups.h"

namespace longscope {

// Rank 0 sends to rank 1 in both groups; the others are alone in theirs.
inline Schedule two_groups(std::int64_t rank, std::int64_t ranks) {
    Schedule schedule;
    schedule.strategy = "test";
    schedule.ranks = ranks;
    schedule.rank = rank;
    const bool pair = rank < 2;
    for (const char* name : {"first", "second"}) {
        schedule.groups.push_back({name, pair ? std::vector<std::int64_t>{0, 1} : std::vector{rank}});
    }
    for (std::int64_t group = 0; pair && group < 2; ++group) {
        Operation transfer;
        transfer.id = group;
        transfer.kind = rank == 0 ? OperationKind::send : OperationKind::recv;
        transfer.stream = rank == 0 ? Stream::send : Stream::receive;
        transfer.buffer = own_key_values;
        transfer.bytes = 4000;
        transfer.peer = 1 - rank;
        transfer.flow = group;
        transfer.group = group;
        schedule.operations.push_back(transfer);
    }
    return schedule;
}

// Posted in one order here and in the other there, in the channels of the groups.
inline void expect_groups_do_not_mix(Communicator& communicator) {
    open_groups(two_groups(communicator.rank(), communicator.size()), communicator);
    if (communicator.rank() > 1) {
        return;
    }
    const bool sends = communicator.rank() == 0;
    for (const std::size_t size : {std::size_t{1}, std::size_t{100'000}}) {
        std::vector<std::vector<int>> data{std::vector(size, sends ? 10 : -1), std::vector(size, sends ? 20 : -1)};
        std::vector<std::unique_ptr<Transfer>> transfers;
        for (const int channel : sends ? std::vector{0, 1} : std::vector{1, 0}) {
            std::vector<int>& moved = data[static_cast<std::size_t>(channel)];
            transfers.push_back(sends ? communicator.send(channel, 1, std::as_bytes(std::span(moved)))
                                      : communicator.receive(channel, 0, std::as_writable_bytes(std::span(moved))));
        }
        for (bool done = false; !done;) {
            done = transfers[0]->done();
            done = transfers[1]->done() && done;
        }
        EXPECT_EQ(data[0], std::vector(size, 10));
        EXPECT_EQ(data[1], std::vector(size, 20));
    }
}

// What open_groups() says where rank 1 alone has changed its part; on every rank.
template <typename Change>
std::string objection_to(Communicator& communicator, Change change) {
    Schedule schedule = two_groups(communicator.rank(), communicator.size());
    if (communicator.rank() == 1) {
        change(schedule);
    }
    try {
        open_groups(schedule, communicator);
    } catch (const Error& error) {
        return error.what();
    }
    return "none";
}

inline void expect_other_groups_are_refused(Communicator& communicator) {
    constexpr const char* elsewhere = "schedule: other ranks have found that their schedules do not fit together";
    const bool concerned = communicator.rank() < 2;
    for (const auto& change : std::vector<void (*)(Schedule&)>{
             [](Schedule& schedule) { schedule.operations[1].group = 0; },
             [](Schedule& schedule) { schedule.operations[1].group = -1; },
             [](Schedule& schedule) { std::swap(schedule.operations[0].group, schedule.operations[1].group); },
             [](Schedule& schedule) { schedule.operations.pop_back(); },
             [](Schedule& schedule) { schedule.operations[0].bytes = 8; },
         }) {
        EXPECT_EQ(objection_to(communicator, change),
                  concerned ? "schedule: ranks " + std::to_string(communicator.rank()) + " and " +
                                  std::to_string(1 - communicator.rank()) +
                                  " do not name the same transfers between them, in the same groups and order"
                            : elsewhere);
    }
    EXPECT_EQ(objection_to(communicator, [](Schedule& schedule) { schedule.groups[1].name = "third"; }),
              "schedule: rank 1 has other groups than rank 0");
    EXPECT_EQ(objection_to(communicator, [](Schedule& schedule) { schedule.groups[1].ranks = {1}; }),
              communicator.rank() == 0 ? "schedule: rank 0 has the group second of ranks 0, 1, and rank 1 another one"
                                       : elsewhere);
    EXPECT_EQ(objection_to(communicator, [](Schedule& /*schedule*/) {}), "none") << "and none waits for another";
}

}  // namespace longscope
