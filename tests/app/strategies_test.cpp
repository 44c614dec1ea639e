// SPDX-License-Identifier: GPL-3.0-or-later
// What the verb strategies prints, and that the manual's page is that.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/headless/command_line.h"
#include "engine/base/bounded_file.h"
#include "engine/parallel/strategy_page.h"
#include "tests/support/paths.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(StrategiesVerb, PrintsTheManualsPage) {
    const EngineRun run = run_engine({"strategies", "--markdown"});
    EXPECT_EQ(run.code, exit_done) << run.error;
    EXPECT_EQ(run.out, read_bounded_file(LONGSCOPE_SOURCE_DIR "/resources/docs/strategies.md", 1 << 20))
        << "longscope-engine strategies --markdown > resources/docs/strategies.md";
}

TEST(StrategiesVerb, ListsAllAndShowsOne) {
    const EngineRun all = run_engine({"strategies"});
    const EngineRun json = run_engine({"strategies", "--json"});
    const Json listed = parse_json(json.out, "strategies").at("strategies");
    ASSERT_EQ(listed.size(), strategies().size());
    for (std::size_t i = 0; i < listed.size(); ++i) {
        const StrategyEntry& strategy = strategies()[i];
        EXPECT_NE(all.out.find(strategy.meaning), std::string::npos) << strategy.name;
        EXPECT_EQ(listed[i].at("name"), strategy.name);
        EXPECT_EQ(listed[i].at("received_forward"), strategy.text.received_forward);
    }
    const EngineRun one = run_engine({"strategies", "ring"});
    EXPECT_EQ(one.code, exit_done);
    EXPECT_NE(one.out.find("received, forward    (t - t_r) k\n"), std::string::npos) << one.out;
    const EngineRun unknown = run_engine({"strategies", "rong"});
    EXPECT_EQ(unknown.code, exit_bad_input);
    EXPECT_NE(unknown.error.find("NAME: rong is not a strategy; accepted: ring"), std::string::npos) << unknown.error;
}

TEST(StrategiesVerb, WritesThePictures) {
    const TemporaryFolder folder;
    const EngineRun run = run_engine({"strategies", "--pictures", (folder.path() / "pictures").string()});
    EXPECT_EQ(run.code, exit_done) << run.error;
    EXPECT_EQ(run.out, "");
    for (const StrategyEntry& strategy : strategies()) {
        EXPECT_TRUE(std::filesystem::exists(folder.path() / "pictures" / strategy_picture_name(strategy)));
    }
}

}  // namespace
}  // namespace longscope
