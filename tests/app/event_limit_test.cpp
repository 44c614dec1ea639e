// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "app/headless/worker/session.h"

namespace longscope {
namespace {

TEST(EventLimit, RanksShareHalfAMillionEventsUnlessTheUserSaysMore) {
    EXPECT_EQ(event_limit(0, 1), 100'000);
    EXPECT_EQ(event_limit(0, 5), 100'000);
    EXPECT_EQ(event_limit(0, 100), 5'000);
    EXPECT_EQ(event_limit(0, 65'536), 100);
    EXPECT_EQ(event_limit(7, 100), 7);
    EXPECT_EQ(event_limit(2'000'000, 1), 2'000'000);
}

}  // namespace
}  // namespace longscope
