// SPDX-License-Identifier: GPL-3.0-or-later
// `longscope-engine run` over two nodes with a slow link between them. Started on the first of them by
// run_nodes_test.sh, which names them, and the program that reaches them, in the environment.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "engine/parallel/schedule.h"
#include "engine/parallel/strategy.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

class RunOverNodes : public RunFixture {
  protected:
    [[nodiscard]] EngineEnd run(const Json& experiment) {
        return run_engine_process({"run", put(experiment), "--db", database(), "--hosts",
                                   std::getenv("LONGSCOPE_NODES"), "--remote-shell",
                                   std::getenv("LONGSCOPE_REMOTE_SHELL")});
    }
    [[nodiscard]] static Json experiment(const std::string& strategy) {
        Json json = small_experiment();
        json["sequence"] = {{"tokens", 2048}};
        json["layout"] = {{"ranks", 4}, {"strategy", strategy}, {"dispatch", "zigzag"}};
        json["pass"] = "forward_backward";
        json["repetitions"] = {{"warm_up", 0}, {"measured", 1}};
        return json;
    }
    // The hosts that ranks say they are on, in their order.
    [[nodiscard]] static std::vector<std::string> hosts(const StoredRun& run) {
        std::vector<std::string> found;
        for (int rank = 0; rank < 4; ++rank) {
            std::ifstream log(run.record.run_folder + "/rank-" + std::to_string(rank) + ".log");
            std::string line;
            std::getline(log, line);
            const std::size_t begin = line.find(" on ") + 4;
            found.push_back(line.substr(begin, line.find(':', begin) - begin));
        }
        return found;
    }
};

TEST_F(RunOverNodes, IsExactMovesWhatTheScheduleSaysAndTellsWhatNothingHid) {
    std::int64_t runs = 0;
    for (const auto& [strategy, wire] :
         {std::pair{"ring", "bfloat16"}, {"usp", "float32"}, {"group_cast", "float32"}}) {
        SCOPED_TRACE(strategy);
        Json document = experiment(strategy);
        document["layout"]["wire_dtype"] = wire;
        const EngineEnd end = run(document);
        ASSERT_TRUE(end.status.good()) << end.text();
        const StoredRun run = stored(++runs);
        EXPECT_EQ(run.record.state, RunState::done);
        const StoredDraw& draw = run.draws.at(0);
        EXPECT_TRUE(draw.checks.at(0).passed);

        const std::vector<std::string> places = hosts(run);
        EXPECT_EQ(places[0], places[1]);
        EXPECT_EQ(places[2], places[3]);
        EXPECT_NE(places[0], places[2]);

        Database file(database(), OpenMode::read_only);
        const std::vector<StoredPlan> schedules = read_plans(file, draw.id);
        ASSERT_EQ(schedules.size(), 4U);
        for (const StoredRepetition& repetition : draw.repetitions) {
            ASSERT_EQ(repetition.record.ranks.size(), 4U);
            for (const RankResult& rank : repetition.record.ranks) {
                const ScheduleTotals planned = totals(schedule_from_json(
                    parse_json(schedules[static_cast<std::size_t>(rank.rank)].schedule, "schedule")));
                EXPECT_EQ(rank.bytes_sent, planned.bytes_sent);
                EXPECT_EQ(rank.bytes_received, planned.bytes_received);
                EXPECT_GT(rank.bytes_received, 0);
                EXPECT_GT(rank.exposed_communication_ns, 0) << "the link is slow";
            }
        }
        EXPECT_EQ(
            std::count_if(end.out.begin(), end.out.end(),
                          [](const std::string& line) { return line.find("computing  exposed") != std::string::npos; }),
            1)
            << "the table of the ranks";
    }
}

}  // namespace
}  // namespace longscope
