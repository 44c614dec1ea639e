// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace longscope {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

void expect_summary(const Summary& summary, std::int64_t count, const std::vector<double>& five) {
    EXPECT_EQ(summary.count, count);
    EXPECT_EQ(
        (std::vector<double>{summary.min, summary.first_quartile, summary.median, summary.third_quartile, summary.max}),
        five);
}

// Expected values: numpy.quantile(values, [0, 0.25, 0.5, 0.75, 1]).
TEST(Statistics, QuantilesAreInterpolatedAsNumpyDoes) {
    expect_summary(summarize({7}), 1, {7, 7, 7, 7, 7});
    expect_summary(summarize({4, 1}), 2, {1, 1.75, 2.5, 3.25, 4});
    expect_summary(summarize({3, 1, 2}), 3, {1, 1.5, 2, 2.5, 3});
    expect_summary(summarize({40, 10, 30, 20}), 4, {10, 17.5, 25, 32.5, 40});
    expect_summary(summarize({5, 1, 4, 2, 3}), 5, {1, 2, 3, 4, 5});
}

TEST(Statistics, NothingGivesCountZeroAndNaN) {
    const Summary summary = summarize({});
    EXPECT_EQ(summary.count, 0);
    EXPECT_TRUE(std::isnan(summary.min) && std::isnan(summary.first_quartile) && std::isnan(summary.median) &&
                std::isnan(summary.third_quartile) && std::isnan(summary.max));
}

TEST(Statistics, NaNIsRefused) {
    try {
        (void)summarize({1, not_a_number});
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()), "statistics: value 1 of 2 is not a number");
    }
}

TEST(Statistics, InfinitiesStayInfinite) {
    expect_summary(summarize({infinity, 1, infinity}), 3, {1, infinity, infinity, infinity, infinity});
    expect_summary(summarize({infinity, infinity}), 2, {infinity, infinity, infinity, infinity, infinity});
    const double largest = std::numeric_limits<double>::max();
    EXPECT_EQ(summarize({-largest, largest}).median, 0.0);
}

RC_GTEST_PROP(Statistics, HalfOfTheValuesLieOnEachSideOfTheMedian, ()) {
    const auto integers = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-1000, 1000)));
    const std::vector<double> values(integers.begin(), integers.end());
    const Summary summary = summarize(values);
    RC_ASSERT(summary.min == *std::min_element(values.begin(), values.end()));
    RC_ASSERT(summary.max == *std::max_element(values.begin(), values.end()));
    RC_ASSERT(summary.min <= summary.first_quartile && summary.first_quartile <= summary.median);
    RC_ASSERT(summary.median <= summary.third_quartile && summary.third_quartile <= summary.max);
    const auto count_if = [&](auto predicate) { return 2 * std::count_if(values.begin(), values.end(), predicate); };
    const auto half = static_cast<std::ptrdiff_t>(values.size());
    RC_ASSERT(count_if([&](double value) { return value <= summary.median; }) >= half);
    RC_ASSERT(count_if([&](double value) { return value >= summary.median; }) >= half);
}

}  // namespace
}  // namespace longscope
