// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/units.h"

#include <gtest/gtest.h>

namespace longscope {
namespace {

TEST(Units, DurationsKeepThreeDigits) {
    EXPECT_EQ(format_duration(0), "0 ns");
    EXPECT_EQ(format_duration(999), "999 ns");
    EXPECT_EQ(format_duration(1'234), "1.23 us");
    EXPECT_EQ(format_duration(12'345'678), "12.3 ms");
    EXPECT_EQ(format_duration(999'600'000), "1.00 s");
    EXPECT_EQ(format_duration(125'000'000'000), "2 min 05 s");
    EXPECT_EQ(format_duration(7'260'000'000'000), "2 h 01 min");
}

TEST(Units, BytesUseBinaryPrefixes) {
    EXPECT_EQ(format_bytes(0), "0 B");
    EXPECT_EQ(format_bytes(1023), "1023 B");
    EXPECT_EQ(format_bytes(1024), "1.00 KiB");
    EXPECT_EQ(format_bytes(12 * 1024 * 1024 + 1), "12.0 MiB");
}

TEST(Units, CountsAreGrouped) {
    EXPECT_EQ(format_count(0), "0");
    EXPECT_EQ(format_count(65536), "65,536");
    EXPECT_EQ(format_count(-1234567), "-1,234,567");
    EXPECT_EQ(format_count(INT64_MIN), "-9,223,372,036,854,775,808");
    EXPECT_EQ(format_short_count(1.234e9), "1.23 G");
    EXPECT_EQ(format_short_count(12), "12");
}

TEST(Units, TokensAreShortOnlyWhenExact) {
    EXPECT_EQ(format_tokens(65536), "64K");
    EXPECT_EQ(format_tokens(1 << 20), "1M");
    EXPECT_EQ(format_tokens(65535), "65,535");
}

TEST(Units, Percentages) {
    EXPECT_EQ(format_percent(0.25), "25.0 %");
    EXPECT_EQ(format_percent(0.0), "0.0 %");
    EXPECT_EQ(format_percent(0.00042), "0.042 %");
    EXPECT_EQ(format_percent(0.005), "0.50 %") << "two digits that say something, at least";
    EXPECT_EQ(format_percent(0.00996), "1.0 %");
}

}  // namespace
}  // namespace longscope
