// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "profiler/clock_alignment.h"
#include "tests/mpi/mpi_world.h"
#include "tests/support/two_groups.h"

namespace longscope {
namespace {

TEST(MpiCommunicator, MovesAndCountsPayload) {
    Communicator& world = mpi_world();
    const int next = (world.rank() + 1) % world.size();
    const int previous = (world.rank() + world.size() - 1) % world.size();
    const std::int64_t before = world.payload_bytes_received();
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
        std::vector<int> out(size, world.rank());
        std::vector<int> in(size, -1);
        const auto receive = world.receive(previous, std::as_writable_bytes(std::span(in)));
        const auto send = world.send(next, std::as_bytes(std::span(out)));
        bool received = false;
        bool sent = false;
        while (!received || !sent) {
            received = receive->done();
            sent = send->done();
        }
        EXPECT_EQ(in, std::vector<int>(size, previous));
    }
    EXPECT_EQ(world.payload_bytes_received() - before, 4 * 100'001);
}

TEST(MpiCommunicator, GathersTextsAndNumbers) {
    Communicator& world = mpi_world();
    const std::string text(static_cast<std::size_t>(world.rank()) * 1000, 'x');
    const std::vector<std::string> texts = world.gather(text, 0);
    ASSERT_EQ(texts.size(), world.rank() == 0 ? static_cast<std::size_t>(world.size()) : 0U);
    for (std::size_t rank = 0; rank < texts.size(); ++rank) {
        EXPECT_EQ(texts[rank].size(), rank * 1000);
    }
    const std::vector<std::int64_t> numbers = world.all_gather(10 + world.rank());
    for (int rank = 0; rank < world.size(); ++rank) {
        EXPECT_EQ(numbers[static_cast<std::size_t>(rank)], 10 + rank);
    }
}

TEST(MpiCommunicator, ProcessesOfOneMachineShareTheirClock) {
    const ClockOffset offset = measure_offset(mpi_world());
    EXPECT_LE(std::abs(offset.offset_ns), offset.error_ns);
    EXPECT_EQ(align_clock(mpi_world()), ClockOffset{});
}

TEST(MpiCommunicator, RanksWithAnotherPlanAreNamedOnEveryRank) {
    Communicator& world = mpi_world();
    EXPECT_THROW(require_same_plan(world, world.rank() == world.size() - 1 ? 5 : 4), Error);
    EXPECT_NO_THROW(require_same_plan(world, 4));
}

TEST(MpiCommunicator, GroupsHaveChannelsThatDoNotMix) {
    for (int time = 0; time < 2; ++time) {  // opened anew
        expect_groups_do_not_mix(mpi_world());
    }
}

TEST(MpiCommunicator, GroupsThatDifferBetweenRanksAreRefusedOnEveryRank) {
    expect_other_groups_are_refused(mpi_world());
}

}  // namespace
}  // namespace longscope
