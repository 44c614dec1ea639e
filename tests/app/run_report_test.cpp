// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "storage/run_query.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

void drop_events_of_rank_1(StoredDraw& draw, std::int64_t events) {
    for (StoredRepetition& repetition : draw.repetitions) {
        repetition.record.ranks[1].dropped_events = events;
    }
}

StoredRun sample(RunState end = RunState::done) {
    const TemporaryFolder folder;
    Database database(folder.path() / "results.db");
    RunStore store(database);
    StoredRun run = read_run(database, store_sample_run(store, end));
    run.record.uuid = "01234567-89ab-4cde-8f01-23456789abcd";
    run.record.started_utc = "2026-01-31T23:59:59.500Z";
    run.record.ended_utc = "2026-02-01T00:00:01.750Z";
    for (StoredDraw& draw : run.draws) {
        drop_events_of_rank_1(draw, 0);
    }
    return run;
}

bool holds(const std::string& report, const std::string& part) {
    return report.find(part) != std::string::npos;
}

// The lines of the tables are longer than those of the source may be.
constexpr const char* sample_report = R"(Run 1: two, "quoted" documents, done
  result            2 draws, medians 2.00 ms to 3.00 ms, 1.68 TFLOP/s
  exactness         2 of 2 checks passed, largest output error 2.5e-07
  ran on            2 ranks, backend cpu, host here
  started           2026-01-31T23:59:59.500Z, took 2.25 s
  command           longscope-engine run two.json
  run folder        /runs/two
  uuid              01234567-89ab-4cde-8f01-23456789abcd

Time of the measured repetitions (warm-up excluded); rate = FLOP / median
  draw  docs  tokens  pairs  reps      min     25 %   median     75 %      max          rate
     0     2       8     21     3  1.00 ms  1.50 ms  2.00 ms  2.50 ms  3.00 ms  2.10 TFLOP/s
     1     2       8     21     3  2.00 ms  2.50 ms  3.00 ms  3.50 ms  4.00 ms  1.40 TFLOP/s

Error against the reference (output: relative L2, lse: absolute)
  draw  rows  output error  limit  lse error  limit  verdict
     0    64       2.5e-07  1e-06      1e-06  1e-05  passed
     1    64       2.5e-07  1e-06      1e-06  1e-05  passed

Ranks of draw 0: shares of the time (exposed: communication that nothing hides)
the busiest rank computes 1.000 times the mean
  rank  tokens  pairs  computing  exposed  waiting  other  received    memory
     0       4      6     70.0 %   20.0 %    6.0 %  4.0 %  2.00 KiB  1.00 MiB
     1       4     15     70.0 %   20.0 %    6.0 %  4.0 %  2.00 KiB  1.00 MiB

Ranks of draw 1: shares of the time (exposed: communication that nothing hides)
the busiest rank computes 1.000 times the mean
  rank  tokens  pairs  computing  exposed  waiting  other  received    memory
     0       4      6     70.0 %   20.0 %    6.0 %  4.0 %  2.00 KiB  1.00 MiB
     1       4     15     70.0 %   20.0 %    6.0 %  4.0 %  2.00 KiB  1.00 MiB

Experiment
  version           1
  shape             query_heads 8, key_value_heads 2
  lengths           5, 3

Environment
  processor         Example 9000
  memory            1.00 KiB
  mpi               none

Files
  mask              /runs/two/mask.png
)";

TEST(RunReport, TellsAWholeRun) {
    EXPECT_EQ(run_report(sample()), sample_report);
}

TEST(RunReport, TellsThePassesApartAndTheErrorsOfTheGradients) {
    const TemporaryFolder folder;
    Database database(folder.path() / "results.db");
    RunStore store(database);
    StoredRun run = read_run(database, store_backward_run(store));
    const std::string report = run_report(run);
    EXPECT_TRUE(holds(report, "largest output error 2.5e-07, gradient error 4e-07\n")) << report;
    EXPECT_TRUE(holds(report,
                      "\nEach pass for itself: medians of the measured repetitions\n"
                      "  draw  forward  backward  backward / forward\n"
                      "     0   500 us   1.50 ms                3.00\n"))
        << report;
    EXPECT_TRUE(holds(report,
                      "\nGradients against the reference (relative L2)\n"
                      "  draw  dQ error  dK error  dV error  limit\n"
                      "     0     2e-07     3e-07     4e-07  3e-06\n"))
        << report;
    run.draws[0].checks[0].key_gradient_error = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(holds(run_report(run), "gradient error not a number\n")) << run_report(run);
}

TEST(RunReport, ARunThatEndedEarlySaysWhyAndShowsWhatItHas) {
    StoredRun run = sample(RunState::failed);
    run.draws[1].repetitions.clear();
    const std::string partly = run_report(run);
    EXPECT_TRUE(holds(partly, "documents, failed\n  reason            because\n  result            median 2.00 ms"))
        << partly;
    EXPECT_TRUE(holds(partly, "     1     2       8     21     0        -")) << partly;
    EXPECT_FALSE(holds(partly, "Ranks of draw 1"));

    run.draws.clear();
    run.artifacts.clear();
    const std::string empty = run_report(run);
    EXPECT_FALSE(holds(empty, "result")) << empty;
    EXPECT_FALSE(holds(empty, "Time of")) << empty;
    EXPECT_FALSE(holds(empty, "Files")) << empty;
}

TEST(RunReport, EventsThatWereDroppedHaveAColumn) {
    StoredRun run = sample();
    drop_events_of_rank_1(run.draws[1], 12'000);
    const std::string report = run_report(run);
    EXPECT_TRUE(holds(report, R"(
Ranks of draw 1: shares of the time (exposed: communication that nothing hides)
the busiest rank computes 1.000 times the mean
dropped: events that the timeline of a repetition lacks (run --max-events)
  rank  tokens  pairs  computing  exposed  waiting  other  received    memory  dropped
     0       4      6     70.0 %   20.0 %    6.0 %  4.0 %  2.00 KiB  1.00 MiB        0
     1       4     15     70.0 %   20.0 %    6.0 %  4.0 %  2.00 KiB  1.00 MiB   12,000
)")) << report;
    EXPECT_EQ(report.find("dropped"), report.find("dropped", report.find("Ranks of draw 1"))) << "of draw 0 none were";
}

TEST(RunReport, WhatIsNotExactIsSeen) {
    StoredRun run = sample();
    run.draws[1].checks[0].passed = false;
    run.draws[1].checks[0].output_relative_error = std::numeric_limits<double>::quiet_NaN();
    const std::string report = run_report(run);
    EXPECT_TRUE(holds(report, "1 of 2 checks passed, largest output error not a number")) << report;
    EXPECT_TRUE(holds(report, "NOT EXACT"));
    run.draws[0].checks.clear();
    run.draws[1].checks.clear();
    EXPECT_TRUE(holds(run_report(run), "not checked against the reference"));
}

TEST(RunReport, WithManyRanksOnlyTheSlowestDrawIsListed) {
    StoredRun run = sample();
    for (StoredDraw& draw : run.draws) {
        for (StoredRepetition& repetition : draw.repetitions) {
            repetition.record.ranks.resize(40, repetition.record.ranks.front());
            for (std::size_t rank = 0; rank < 40; ++rank) {
                repetition.record.ranks[rank].rank = static_cast<std::int64_t>(rank);
            }
        }
    }
    const std::string report = run_report(run);
    EXPECT_TRUE(holds(report, "Ranks of draw 1, the slowest of 2")) << report;
    EXPECT_FALSE(holds(report, "Ranks of draw 0")) << report;
    EXPECT_TRUE(holds(report, "\n    39  "));
}

TEST(RunReport, TimesThatLieTooFarApartAreNoDuration) {
    StoredRun run = sample();
    run.record.started_utc = "0001-01-31T00:00:00.000Z";
    run.record.ended_utc = "9999-01-31T00:00:00.000Z";
    EXPECT_FALSE(holds(run_report(run), "took"));
}

TEST(RunReport, HostileContentGivesALineAtMost) {
    StoredRun run = sample();
    run.record.experiment_name = "\x1b[2J\nRun 2";
    run.record.experiment = "{\"a\": \"" + std::string(10'000, 'x') + "\", \"b\\n\": [1,2,3,4,5,6,7,8,9,10]}";
    run.record.environment = "[1";
    run.record.started_utc = "yesterday";
    run.draws[0].repetitions[1].record.duration_ns = std::numeric_limits<std::int64_t>::max();
    run.draws[0].repetitions[2].record.ranks[0].computing_ns = std::numeric_limits<std::int64_t>::max();
    run.draws[0].repetitions[3].record.ranks[0].computing_ns = std::numeric_limits<std::int64_t>::max();
    const std::string report = run_report(run);
    EXPECT_EQ(report.substr(0, 20), "Run 1: ?[2J?Run 2, d");
    EXPECT_TRUE(holds(report, "  a                 xxx")) << report;
    EXPECT_FALSE(holds(report, std::string(200, 'x')));
    EXPECT_TRUE(holds(report, "unreadable")) << report;
    EXPECT_EQ(report.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace longscope
