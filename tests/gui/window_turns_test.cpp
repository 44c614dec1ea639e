// SPDX-License-Identifier: GPL-3.0-or-later
// The thread of the window never waits.
#include <gtest/gtest-spi.h>

#include <algorithm>

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
        const double until_ms = thread_ran_ms() + 2 * longest_turn_ms * std::max(1.0, slowness());
        while (thread_ran_ms() < until_ms) {
        }
    });
    EXPECT_NONFATAL_FAILURE(expect_no_long_turn(), "a slot that is busy");
}

}  // namespace
}  // namespace longscope
