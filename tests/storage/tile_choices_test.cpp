// SPDX-License-Identifier: GPL-3.0-or-later
// Tuned tile shapes in a result database.
#include "storage/tile_choices.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "storage/bench_store.h"
#include "tests/support/sample_bench.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

using opencl::Design;
using opencl::Pass;
using opencl::TileChoice;

class TileChoices : public testing::Test {
  protected:
    void store(const std::string& kind, const std::string& settings) {
        BenchRecord record = sample_bench();
        record.uuid.clear();
        record.kind = kind;
        record.settings = settings;
        store_bench(database_, record);
    }
    void store(const std::vector<TileChoice>& choices) {
        store(std::string(tile_bench_kind), tile_choices_json(choices).dump());
    }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "results.db"};
};

const TileChoice first{"A | GPU | 1.0", {Design::tiled, Pass::forward, 128}, {96, 64}};
const TileChoice second{"A | GPU | 1.0", {Design::wide, Pass::backward, 64}, {192, 384}};

void expect_equal(const TileChoice& got, const TileChoice& expected) {
    EXPECT_EQ(got.device, expected.device);
    EXPECT_EQ(got.of, expected.of);
    EXPECT_EQ(got.shape, expected.shape);
}

TEST_F(TileChoices, AreReadBackTheOldestFirst) {
    EXPECT_TRUE(stored_tile_choices(database_).empty());
    store({first, second});
    TileChoice later = first;
    later.shape = {48, 128};
    store({later});
    const std::vector<TileChoice> all = stored_tile_choices(database_);
    ASSERT_EQ(all.size(), 3U);
    expect_equal(all[0], first);
    expect_equal(all[1], second);
    expect_equal(all[2], later);
}

TEST_F(TileChoices, OfOtherBenchesAndOtherFormsArePassedOver) {
    const Json good = tile_choices_json({first});
    store("attention", good.dump());
    const auto with = [&](const char* name, const Json& value) {
        Json one = good;
        one["tile_choices"][0][name] = value;
        return one.dump();
    };
    const std::string kind(tile_bench_kind);
    for (const std::string& settings :
         {std::string("{}"), std::string("[]"), std::string(R"({"tile_choices": 5})"),
          std::string(R"({"tile_choices": [5]})"), with("design", "other"), with("pass", 3), with("q_tile", 0),
          with("k_tile", "64"), with("largest_dim", -1), with("q_tile", std::int64_t{1} << 40),
          with("device", nullptr)}) {
        store(kind, settings);
    }
    EXPECT_TRUE(stored_tile_choices(database_).empty());
    store({second});
    const std::vector<TileChoice> all = stored_tile_choices(database_);
    ASSERT_EQ(all.size(), 1U);
    expect_equal(all[0], second);
}

}  // namespace
}  // namespace longscope
