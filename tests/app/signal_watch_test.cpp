// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/signal_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace longscope {
namespace {

TEST(SignalWatch, TellsWhatHasCome) {
    const SignalWatch signals;
    EXPECT_EQ(signals.take(), 0);
    kill(getpid(), SIGTERM);
    EXPECT_EQ(signals.take(), SIGTERM);
    EXPECT_EQ(signals.take(), 0);
}

// A second interrupt may come when the first has ended the run already.
TEST(SignalWatchDeathTest, ASignalThatNobodyTookDoesNotEndTheProcessAfterwards) {
    EXPECT_EXIT(
        {
            {
                const SignalWatch signals;
                kill(getpid(), SIGINT);
                kill(getpid(), SIGTERM);
            }
            _exit(7);
        },
        testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace longscope
