// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench, as it is used from a command line.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/headless/command_line.h"
#include "engine/base/json.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

struct Outcome {
    int code = 0;
    std::string output;
    std::string errors;
};

Outcome run(std::vector<const char*> argv) {
    argv.insert(argv.begin(), "longscope-engine");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.code = run_command_line(static_cast<int>(argv.size()), argv.data());
    std::fflush(stdout);
    std::fflush(stderr);
    outcome.output = testing::internal::GetCapturedStdout();
    outcome.errors = testing::internal::GetCapturedStderr();
    return outcome;
}

TEST(BenchMasks, PrintsMedianAndQuartilesOfEveryMaskAsJson) {
    const TemporaryFolder folder;
    const std::string lengths = folder.path() / "lengths.txt";
    std::ofstream(lengths) << "100\n20000\n3000\n";
    const Outcome outcome =
        run({"bench", "masks", "--quick", "--repetitions", "1", "--json", "--lengths", lengths.c_str()});
    ASSERT_EQ(outcome.code, exit_done) << outcome.errors;
    const Json report = parse_json(outcome.output, "output");
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
    const Outcome outcome = run({"bench", "masks", "--quick", "--repetitions", "1"});
    ASSERT_EQ(outcome.code, exit_done) << outcome.errors;
    for (const char* text : {"medians of 1 repetitions", "Goals\n", "Presets at 65,536 tokens\n",
                             "with one parameter changed\n", "Growth\n", "sparse_transformer_strided"}) {
        EXPECT_NE(outcome.output.find(text), std::string::npos) << text << " in\n" << outcome.output;
    }
}

TEST(BenchMasks, RefusesInOneLine) {
    const Outcome missing = run({"bench", "masks", "--lengths", "/nowhere/lengths.txt"});
    EXPECT_EQ(missing.code, exit_bad_input);
    EXPECT_EQ(std::count(missing.errors.begin(), missing.errors.end(), '\n'), 1) << missing.errors;
    EXPECT_EQ(run({"bench", "masks", "--repetitions", "0"}).code, exit_bad_input);
    EXPECT_EQ(run({"bench"}).code, exit_bad_input);
}

}  // namespace
}  // namespace longscope
