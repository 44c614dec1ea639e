// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench, as it is used from a command line.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(BenchMasks, PrintsMedianAndQuartilesOfEveryMaskAsJson) {
    const TemporaryFolder folder;
    const std::string lengths = folder.path() / "lengths.txt";
    std::ofstream(lengths) << "100\n20000\n3000\n";
    const EngineRun outcome =
        run_engine({"bench", "masks", "--quick", "--repetitions", "1", "--json", "--lengths", lengths});
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    const Json report = parse_json(outcome.out, "output");
    EXPECT_NE(report["lengths"].get<std::string>().find("list of 3 lengths"), std::string::npos);
    ASSERT_GT(report["results"].size(), 60U);
    for (const Json& result : report["results"]) {
        ASSERT_FALSE(result.contains("refused")) << result.dump();
        EXPECT_GT(result["pairs"], 0) << result.dump();
        EXPECT_GT(result["all_ns"]["median"], 0) << result.dump();
        EXPECT_EQ(result.contains("limit_ns"), result.contains("within_limits")) << result.dump();
    }
}

TEST(BenchMasks, PrintsATableForEachPart) {
    const EngineRun outcome = run_engine({"bench", "masks", "--quick", "--repetitions", "1"});
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    for (const char* text : {"medians of 1 repetitions", "Goals\n", "Presets at 65,536 tokens\n",
                             "with one parameter changed\n", "Growth\n", "sparse_transformer_strided"}) {
        EXPECT_NE(outcome.out.find(text), std::string::npos) << text << " in\n" << outcome.out;
    }
}

TEST(BenchMasks, RefusesInOneLine) {
    const EngineRun missing = run_engine({"bench", "masks", "--lengths", "/nowhere/lengths.txt"});
    EXPECT_EQ(missing.code, exit_bad_input);
    EXPECT_EQ(std::count(missing.error.begin(), missing.error.end(), '\n'), 1) << missing.error;
    EXPECT_EQ(run_engine({"bench", "masks", "--repetitions", "0"}).code, exit_bad_input);
    EXPECT_EQ(run_engine({"bench"}).code, exit_bad_input);
}

}  // namespace
}  // namespace longscope
