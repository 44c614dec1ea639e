// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/workload/length_source.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/support/message_of.h"

namespace longscope {
namespace {

TEST(LengthSource, SaysWhatItHolds) {
    const LengthSource list = LengthSource::list({3, 4, 2000}, "f");
    EXPECT_EQ(list.count(), 3);
    EXPECT_DOUBLE_EQ(list.mean(), 669.0);
    EXPECT_EQ(list.longest(), 2000);
    EXPECT_EQ(list.summary(), "list of 3 lengths, mean 669, longest 2,000");

    // Lengths 1 to 9 with probability 1/4, 20 to 29 with 3/4; the last bin is never drawn.
    const LengthSource histogram = LengthSource::histogram({{20, 30, 3.0}, {0, 10, 1.0}, {90, 99, 0.0}}, "f");
    EXPECT_EQ(histogram.count(), 3);
    EXPECT_DOUBLE_EQ(histogram.mean(), 0.25 * 5.0 + 0.75 * 24.5);
    EXPECT_EQ(histogram.longest(), 29);
    EXPECT_EQ(histogram.summary(), "histogram of 3 bins, mean 20, longest 29");

    EXPECT_EQ(LengthSource::fixed({8, 8}).summary(), "2 fixed documents, mean 8, longest 8");
}

TEST(LengthSource, RefusesLengthsThatAreNone) {
    EXPECT_EQ(message_of([] {
                  (void)LengthSource::fixed({4, 0});
              }),
              "fixed[1]: 0 is not a length; accepted: an integer from 1 to 4611686018427387904");
    EXPECT_EQ(message_of([] { (void)LengthSource::list({}, "f"); }),
              "f: an empty list holds no lengths; accepted: at least one length");
}

TEST(LengthSource, DrawsEveryLengthOfABinAndNoneOfABinWithoutWeight) {
    const LengthSource source = LengthSource::histogram({{0, 3, 0.0}, {3, 6, 1.0}, {8, 9, 0.2}, {10, 99, 0.0}}, "f");
    RandomStream random(1, 1);
    std::set<std::int64_t> seen;
    for (int i = 0; i < 2000; ++i) {
        seen.insert(source.draw(random));
    }
    EXPECT_EQ(seen, (std::set<std::int64_t>{3, 4, 5, 8}));
}

TEST(LengthSource, OfABinFromZeroDrawsFromOne) {
    const LengthSource source = LengthSource::histogram({{0, 3, 1.0}}, "f");
    RandomStream random(1, 1);
    std::set<std::int64_t> seen;
    for (int i = 0; i < 200; ++i) {
        seen.insert(source.draw(random));
    }
    EXPECT_EQ(seen, (std::set<std::int64_t>{1, 2}));
}

TEST(LengthSource, DrawsBinsByTheirWeightsAndEvenlyInside) {
    const std::vector<LengthBin> bins{
        {1, 32, 3.0}, {32, 64, 20.0}, {64, 128, 40.0}, {128, 1024, 30.0}, {1024, 4096, 7.0}};
    const LengthSource source = LengthSource::histogram(bins, "f");
    constexpr int draws = 200000;
    std::vector<int> lower(bins.size());  // draws from the lower and from the upper half of each bin
    std::vector<int> upper(bins.size());
    RandomStream random(11, 0);
    for (int i = 0; i < draws; ++i) {
        const std::int64_t length = source.draw(random);
        for (std::size_t b = 0; b < bins.size(); ++b) {
            if (bins[b].begin <= length && length < bins[b].end) {
                ++(2 * (length - bins[b].begin) < bins[b].end - bins[b].begin ? lower : upper)[b];
            }
        }
    }
    double chi_square = 0.0;
    for (std::size_t b = 0; b < bins.size(); ++b) {
        const double size = static_cast<double>(bins[b].end - bins[b].begin);
        const double lower_share = std::ceil(size / 2) / size;
        const double expected = draws * bins[b].weight / 100.0;
        chi_square += std::pow(lower[b] - expected * lower_share, 2) / (expected * lower_share);
        chi_square += std::pow(upper[b] - expected * (1 - lower_share), 2) / (expected * (1 - lower_share));
    }
    // Nine degrees of freedom: above 27.9 once in a thousand seeds.
    EXPECT_LT(chi_square, 27.9);
}

TEST(LengthSource, DrawsEveryEntryOfAListAlike) {
    const LengthSource source = LengthSource::list({5, 7, 7, 9}, "f");
    RandomStream random(3, 0);
    int sevens = 0;
    for (int i = 0; i < 40000; ++i) {
        sevens += source.draw(random) == 7 ? 1 : 0;
    }
    EXPECT_NEAR(sevens, 20000, 400);  // four standard deviations
}

}  // namespace
}  // namespace longscope
