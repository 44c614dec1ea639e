// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of the window never waits.
#include <gtest/gtest-spi.h>

#include <ctime>

#include "tests/gui/window_session.h"

namespace longscope {
namespace {

using WindowTurns = WindowSession;

TEST_F(WindowTurns, NoneIsLongInASessionOverAMillionTokens) {
    ASSERT_NO_FATAL_FAILURE(compose());
    ASSERT_NO_FATAL_FAILURE(use_results());
    ASSERT_NO_FATAL_FAILURE(use_timeline());
    ASSERT_NO_FATAL_FAILURE(use_charts());
    ASSERT_NO_FATAL_FAILURE(take_pictures());
    ASSERT_NO_FATAL_FAILURE(use_helpers());
    ASSERT_NO_FATAL_FAILURE(run_here());
    turn("close the window", [&] { window_->close(); });
    EXPECT_GT(watch_.turns(), 500);
    expect_no_long_turn();
}

// What this file asserts can fail.
TEST_F(WindowTurns, ABusySlotIsALongTurn) {
    turn("a slot that is busy", [] {
        const auto ran_ns = [] {
            timespec ran{};
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
            return std::int64_t{ran.tv_sec} * 1'000'000'000 + ran.tv_nsec;
        };
        const std::int64_t until_ns = ran_ns() + static_cast<std::int64_t>(longest_turn_ms * 1.2e6);
        while (ran_ns() < until_ns) {
        }
    });
    EXPECT_NONFATAL_FAILURE(expect_no_long_turn(), "a slot that is busy");
}

}  // namespace
}  // namespace longscope
