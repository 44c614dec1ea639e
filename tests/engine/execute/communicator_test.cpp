// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/communicator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>

#include "engine/base/error.h"
#include "engine/execute/local_group.h"

namespace longscope {
namespace {

template <typename T>
std::span<const std::byte> bytes(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

void finish(Transfer& transfer) {
    while (!transfer.done()) {
    }
}

TEST(LocalRanks, MessagesArriveInOrderWhicheverSideComesFirst) {
    run_local_ranks(2, [](Communicator& communicator) {
        const int peer = 1 - communicator.rank();
        for (int round = 0; round < 100; ++round) {
            std::vector<int> out(10, 1000 * communicator.rank() + round);
            std::vector<int> in(10);
            const bool sends_first = (round + communicator.rank()) % 2 == 0;
            std::unique_ptr<Transfer> a;
            std::unique_ptr<Transfer> b;
            if (sends_first) {
                a = communicator.send(peer, bytes(out));
            }
            b = communicator.receive(peer, std::as_writable_bytes(std::span(in)));
            if (!sends_first) {
                a = communicator.send(peer, bytes(out));
            }
            finish(*a);
            finish(*b);
            EXPECT_EQ(in, std::vector<int>(10, 1000 * peer + round));
        }
        EXPECT_EQ(communicator.payload_bytes_received(), 100 * 40);
        EXPECT_EQ(communicator.payload_bytes_sent(), 100 * 40);
    });
}

TEST(LocalRanks, WhatIsTakenBackIsNotTouchedAnyMore) {
    run_local_ranks(2, [](Communicator& communicator) {
        const int peer = 1 - communicator.rank();
        std::vector<int> buffer(10, 7);
        if (communicator.rank() == 0) {
            {
                const std::vector<int> gone(10, 5);
                EXPECT_FALSE(communicator.send(peer, bytes(gone))->done());
                EXPECT_FALSE(communicator.receive(peer, std::as_writable_bytes(std::span(buffer)))->done());
            }
            communicator.barrier();
            finish(*communicator.send(peer, bytes(buffer)));
            communicator.barrier();
            EXPECT_EQ(buffer, std::vector<int>(10, 7)) << "what was sent to it came too late";
        } else {
            communicator.barrier();
            finish(*communicator.receive(peer, std::as_writable_bytes(std::span(buffer))));
            EXPECT_EQ(buffer, std::vector<int>(10, 7)) << "of the second message";
            const std::vector<int> late(10, 9);
            EXPECT_FALSE(communicator.send(peer, bytes(late))->done());
            communicator.barrier();
        }
    });
}

TEST(LocalRanks, ControlIsNotCounted) {
    run_local_ranks(5, [](Communicator& communicator) {
        for (int round = 0; round < 50; ++round) {
            communicator.barrier();
            const std::vector<std::int64_t> numbers = communicator.all_gather(round * 10 + communicator.rank());
            for (int rank = 0; rank < 5; ++rank) {
                EXPECT_EQ(numbers[static_cast<std::size_t>(rank)], round * 10 + rank);
            }
            const auto texts = communicator.gather("rank " + std::to_string(communicator.rank()), 2);
            EXPECT_EQ(texts.size(), communicator.rank() == 2 ? 5U : 0U);
            if (!texts.empty()) {
                EXPECT_EQ(texts[4], "rank 4");
            }
        }
        if (communicator.rank() == 0) {
            communicator.send_number(1, 7);
            EXPECT_EQ(communicator.receive_number(1), 8);
        } else if (communicator.rank() == 1) {
            EXPECT_EQ(communicator.receive_number(0), 7);
            communicator.send_number(0, 8);
        }
        EXPECT_EQ(communicator.payload_bytes_received(), 0);
    });
}

TEST(LocalRanks, WhenOneFailsTheOthersWakeUpAndItsErrorIsTheResult) {
    std::atomic<int> woken{0};
    try {
        run_local_ranks(4, [&](Communicator& communicator) {
            if (communicator.rank() == 2) {
                throw failed("this is the reason");
            }
            try {
                if (communicator.rank() == 1) {
                    std::vector<int> in(1);
                    finish(*communicator.receive(2, std::as_writable_bytes(std::span(in))));
                } else {
                    communicator.barrier();
                }
            } catch (const Error&) {
                ++woken;
                throw;
            }
        });
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_STREQ(error.what(), "this is the reason");
    }
    EXPECT_EQ(woken, 3);
}

TEST(LocalRanks, AMessageOfAnotherSizeIsAnError) {
    EXPECT_THROW(run_local_ranks(2,
                                 [](Communicator& communicator) {
                                     std::vector<int> data(communicator.rank() == 0 ? 3 : 4);
                                     if (communicator.rank() == 0) {
                                         finish(*communicator.send(1, bytes(data)));
                                     } else {
                                         finish(*communicator.receive(0, std::as_writable_bytes(std::span(data))));
                                     }
                                 }),
                 Error);
}

TEST(PlanHash, RanksThatDifferAreNamed) {
    try {
        run_local_ranks(
            3, [](Communicator& communicator) { require_same_plan(communicator, communicator.rank() == 2 ? 2 : 1); });
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("rank 2 has another plan (0000000000000002)"), std::string::npos)
            << error.what();
    }
    EXPECT_NO_THROW(run_local_ranks(3, [](Communicator& communicator) { require_same_plan(communicator, 9); }));
}

}  // namespace
}  // namespace longscope
