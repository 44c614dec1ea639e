// SPDX-License-Identifier: GPL-3.0-or-later
// A limit of the events that a rank keeps.
#include <algorithm>

#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

TEST_P(RunVerb, ALimitOfEventsIsSaidAndTheTimesStayWhole) {
    const EngineEnd end = run_engine_process(arguments(small_experiment(), {"--max-events", "4"}));
    ASSERT_TRUE(end.status.good()) << end.text();
    const StoredRun run = stored();
    EXPECT_EQ(run.record.state, RunState::done);
    EXPECT_EQ(run.record.message.find("timelines are cut: rank 0: 4 of "), 0U) << run.record.message;
    EXPECT_NE(run.record.message.find("; rank 2: 4 of "), std::string::npos) << run.record.message;
    EXPECT_TRUE(std::any_of(end.out.begin(), end.out.end(), [&](const std::string& line) {
        return line.find("note") != std::string::npos && line.find(run.record.message) != std::string::npos;
    })) << end.text();
    std::int64_t most_dropped = 0;
    for (const StoredDraw& draw : run.draws) {
        for (const StoredRepetition& repetition : draw.repetitions) {
            most_dropped = std::max(most_dropped, repetition.record.ranks.at(0).dropped_events);
        }
    }
    EXPECT_NE(run.record.message.find(": rank 0: 4 of " + std::to_string(4 + most_dropped) + " events"),
              std::string::npos)
        << run.record.message << ", " << most_dropped;
    for (const StoredDraw& draw : run.draws) {
        EXPECT_TRUE(draw.checks.at(0).passed);
        for (const StoredRepetition& repetition : draw.repetitions) {
            EXPECT_EQ(repetition.event_count, 3 * 4);
            for (const RankResult& rank : repetition.record.ranks) {
                EXPECT_GT(rank.dropped_events, 0);
                EXPECT_GT(rank.computing_ns, 0);
                EXPECT_GE(rank.other_ns, 0);
                EXPECT_EQ(rank.computing_ns + rank.exposed_communication_ns + rank.waiting_ns + rank.other_ns,
                          repetition.record.duration_ns);
            }
        }
    }
}

}  // namespace
}  // namespace longscope
