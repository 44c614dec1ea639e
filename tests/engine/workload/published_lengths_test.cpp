// SPDX-License-Identifier: GPL-3.0-or-later
// The published length distributions, where they lie beside the source tree.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "engine/workload/length_file.h"
#include "engine/workload/packing.h"
#include "tests/support/paths.h"

namespace longscope {
namespace {

class PublishedLengths : public testing::Test {
  protected:
    void SetUp() override {
        if (!std::filesystem::exists(folder_)) {
            GTEST_SKIP() << "no length distributions in " << folder_;
        }
    }
    [[nodiscard]] LengthSource read(const std::string& name) const { return read_length_file(folder_ / name); }

  private:
    const std::filesystem::path folder_ = LONGSCOPE_SOURCE_DIR "/../shared/data/lengths";
};

double mean_of_midpoints(const LengthSource& source) {
    double sum = 0.0;
    double weights = 0.0;
    for (const LengthBin& bin : source.bins()) {
        sum += bin.weight * static_cast<double>(bin.begin + bin.end) / 2;
        weights += bin.weight;
    }
    return sum / weights;
}

TEST_F(PublishedLengths, HistogramsHaveTheirPublishedMeans) {
    EXPECT_NEAR(mean_of_midpoints(read("pile.json")), 11218.6, 0.05);
    EXPECT_NEAR(mean_of_midpoints(read("prolong64k.json")), 1017.3, 0.05);
    EXPECT_NEAR(mean_of_midpoints(read("prolong512k.json")), 2381.1, 0.05);
    // Integers in [a,b) have the mean (a + b - 1) / 2; the first bin leaves out 0.
    EXPECT_NEAR(read("prolong64k.json").mean(), 1017.3 - 0.5, 0.1);
}

TEST_F(PublishedLengths, AHistogramPacksIntoDocumentsOfItsMean) {
    const LengthSource source = read("prolong64k.json");
    constexpr std::int64_t tokens = std::int64_t{1} << 26;
    const auto documents = draw_documents(source, tokens, 1, 0);
    EXPECT_EQ(std::accumulate(documents.begin(), documents.end(), std::int64_t{0}), tokens);
    const double mean = static_cast<double>(tokens) / static_cast<double>(documents.size());
    EXPECT_NEAR(mean / source.mean(), 1.0, 0.05);
}

TEST_F(PublishedLengths, ListsAreReadWhole) {
    const LengthSource wikipedia = read("wikipedia-tokens.txt");
    EXPECT_EQ(wikipedia.count(), 100000);
    std::vector<std::int64_t> lengths = wikipedia.lengths();
    std::nth_element(lengths.begin(), lengths.begin() + 50000, lengths.end());
    EXPECT_NEAR(static_cast<double>(lengths[50000]), 347.0, 10.0);  // of the million articles of which this is a tenth
    EXPECT_EQ(read("source-bytes-onednn.txt").count(), 3584);
    EXPECT_GE(draw_documents(wikipedia, 1 << 20, 1, 0).size(), 100U);
}

}  // namespace
}  // namespace longscope
