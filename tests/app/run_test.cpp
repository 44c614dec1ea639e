// SPDX-License-Identifier: GPL-3.0-or-later
// A run from the command line to the database and the pictures.
#include <cmath>
#include <set>

#include "engine/base/bounded_file.h"
#include "engine/parallel/dispatch.h"
#include "engine/parallel/schedule.h"
#include "engine/parallel/strategy.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

void expect_done(const EngineEnd& end) {
    EXPECT_TRUE(end.status.good()) << end.text();
}

TEST_P(RunVerb, EveryDrawRepetitionAndCheckIsStored) {
    const EngineEnd end = run_engine_process(arguments(small_experiment()));
    expect_done(end);
    const StoredRun run = stored();
    EXPECT_EQ(run.record.state, RunState::done);
    EXPECT_EQ(run.record.message, "");
    EXPECT_EQ(run.record.experiment_name, "small");
    EXPECT_EQ(run.record.ranks, 3);
    EXPECT_EQ(run.record.backend, "cpu");
    EXPECT_NE(run.record.ended_utc, "");
    EXPECT_NE(run.record.command_line.find("longscope-engine run "), std::string::npos);
    EXPECT_EQ(parse_experiment(parse_json(run.record.experiment, "stored"), path(""), experiment_names()),
              read_experiment(path("experiment.json"), experiment_names()));
    EXPECT_EQ(run.clocks.size(), 3U);
    ASSERT_EQ(run.draws.size(), 2U);
    for (const StoredDraw& draw : run.draws) {
        EXPECT_EQ(draw.record.lengths, (std::vector<std::int64_t>{250, 1, 200, 149}));
        EXPECT_EQ(draw.record.pairs, 250 * 251 / 2 + 1 + 200 * 201 / 2 + 149 * 150 / 2);
        ASSERT_EQ(draw.repetitions.size(), 4U);
        for (std::size_t i = 0; i < 4; ++i) {
            const StoredRepetition& repetition = draw.repetitions[i];
            EXPECT_EQ(repetition.record.measured, i > 0) << "the warm-up is kept apart";
            EXPECT_EQ(repetition.record.index, i == 0 ? 0 : static_cast<std::int64_t>(i) - 1);
            EXPECT_GT(repetition.record.duration_ns, 0);
            EXPECT_GT(repetition.event_count, 0);
        }
        ASSERT_EQ(draw.checks.size(), 1U);
        EXPECT_EQ(draw.checks[0].rows, 4 * 600);
        EXPECT_TRUE(draw.checks[0].passed);
        EXPECT_GT(draw.checks[0].output_relative_error, 0.0);
        EXPECT_LE(draw.checks[0].output_relative_error, 1e-6);
    }
    expect_sound_database();
}

TEST_P(RunVerb, ChecksAgainstTheScoringThatItComputed) {
    for (const char* scoring :
         {R"({"soft_cap": 2, "alibi": true, "sinks": true})", R"({"alibi": true, "sigmoid": {}})"}) {
        Json document = small_experiment();
        document["scoring"] = parse_json(scoring, "test");
        expect_done(run_engine_process(arguments(document)));
        const StoredRun run = stored();
        EXPECT_EQ(run.record.state, RunState::done) << run.record.message;
        ASSERT_EQ(run.draws.size(), 2U);
        for (const StoredDraw& draw : run.draws) {
            ASSERT_EQ(draw.checks.size(), 1U);
            EXPECT_TRUE(draw.checks[0].passed);
            EXPECT_GT(draw.checks[0].output_relative_error, 0.0);
            EXPECT_LE(draw.checks[0].output_relative_error, 1e-6);
        }
        std::filesystem::remove(database());
    }
}

TEST_P(RunVerb, BytesAndPairsAreThoseOfThePlanAndOfTheFormula) {
    expect_done(run_engine_process(arguments(small_experiment())));
    const Experiment experiment = read_experiment(path("experiment.json"), experiment_names());
    Database file(database(), OpenMode::read_only);
    for (const StoredDraw& draw : read_run(file, 1).draws) {
        const MaskDomain domain = domain_of_draw(experiment, draw.record.index);
        const std::unique_ptr<Mask> mask = compile_mask(experiment.mask, domain);
        const HeadMasks masks(compile_mask(experiment.mask, domain));
        const std::vector<TokenSet> tokens =
            dispatch_tokens(find_dispatch(experiment.layout.dispatch), {{600, domain.cu_seqlens}}, 3);
        const std::vector<StoredPlan> plans = read_plans(file, draw.id);
        ASSERT_EQ(plans.size(), 3U);
        for (const StoredRepetition& repetition : draw.repetitions) {
            std::int64_t pairs = 0;
            ASSERT_EQ(repetition.record.ranks.size(), 3U);
            for (std::size_t rank = 0; rank < 3; ++rank) {
                const RankResult& result = repetition.record.ranks[rank];
                const ScheduleTotals plan = totals(schedule_from_json(parse_json(plans[rank].schedule, "plan")));
                EXPECT_EQ(result.tokens, tokens[rank].size());
                EXPECT_EQ(result.bytes_received, plan.bytes_received);
                EXPECT_EQ(result.bytes_sent, plan.bytes_sent);
                // The keys and values of all the others, two heads of 32 + 16 floats a token.
                EXPECT_EQ(result.bytes_received, (600 - tokens[rank].size()) * 2 * (32 + 16) * 4);
                const auto index = static_cast<std::int64_t>(rank);
                EXPECT_EQ(result.bytes_received,
                          ring_totals({experiment.shape, masks, tokens, index}, TokenCounts(tokens), Pass::forward)
                              .bytes_received);
                EXPECT_EQ(result.pairs, plan.pairs);
                EXPECT_GT(result.peak_memory_bytes, 1 << 20);
                pairs += result.pairs;
            }
            EXPECT_EQ(pairs, mask->pairs());
            EXPECT_EQ(pairs, draw.record.pairs);
        }
    }
}

TEST_P(RunVerb, TheTimesOfARankAddUpAndItsEventsLieWithin) {
    expect_done(run_engine_process(arguments(small_experiment())));
    Database file(database(), OpenMode::read_only);
    for (const StoredDraw& draw : read_run(file, 1).draws) {
        for (const StoredRepetition& repetition : draw.repetitions) {
            for (const RankResult& rank : repetition.record.ranks) {
                EXPECT_GT(rank.computing_ns, 0);
                EXPECT_GE(rank.exposed_communication_ns, 0);
                EXPECT_GE(rank.waiting_ns, 0);
                EXPECT_GE(rank.other_ns, 0);
                EXPECT_EQ(rank.computing_ns + rank.exposed_communication_ns + rank.waiting_ns + rank.other_ns,
                          repetition.record.duration_ns);
            }
            std::int64_t received = 0;
            std::set<std::int32_t> ranks;
            for (const TraceEvent& event : read_events(file, repetition.id)) {
                EXPECT_GE(event.start_ns, 0);
                EXPECT_LE(event.end_ns(), repetition.record.duration_ns);
                received += event.category == Category::receive ? event.bytes : 0;
                ranks.insert(event.rank);
            }
            EXPECT_EQ(received, 2 * 600 * 2 * (32 + 16) * 4) << "every token visits two other ranks";
            EXPECT_EQ(ranks.size(), 3U);
        }
    }
}

TEST_P(RunVerb, PicturesLieInTheRunFolderAndTheSummaryNamesThem) {
    const EngineEnd end = run_engine_process(arguments(small_experiment()));
    expect_done(end);
    std::string text;
    for (const std::string& line : end.out) {
        text += line + "\n";
    }
    const StoredRun run = stored();
    ASSERT_EQ(run.artifacts.size(), 2U);
    for (const ArtifactRecord& picture : run.artifacts) {
        EXPECT_EQ(picture.path, run.record.run_folder + "/" + picture.kind + ".png");
        EXPECT_EQ(read_bounded_file(picture.path, 10 << 20).substr(0, 8), "\x89PNG\r\n\x1a\n");
        EXPECT_NE(text.find(picture.path), std::string::npos);
    }
    EXPECT_NE(text.find("database: " + database()), std::string::npos);
    EXPECT_NE(text.find("2 of 2 checks passed"), std::string::npos);
}

TEST_P(RunVerb, TheEnvironmentIsStored) {
    expect_done(run_engine_process(arguments(small_experiment(), {"--ranks", "2"})));
    const StoredRun run = stored();
    EXPECT_EQ(run.record.ranks, 2);
    const Json environment = parse_json(run.record.environment, "environment");
    for (const char* name : {"processor", "caches", "memory_bytes", "compiler", "revision", "mpi"}) {
        ASSERT_TRUE(environment.contains(name)) << name << " in " << environment;
        EXPECT_FALSE(environment.at(name).is_null()) << name;
        EXPECT_NE(environment.at(name), "") << name;
    }
    EXPECT_EQ(environment.at("mpi").get<std::string>().substr(0, 6), with_mpi() ? "mpirun" : "thread");
}

TEST_P(RunVerb, ProgressForProgramsIsOneJsonObjectALine) {
    const EngineEnd end = run_engine_process(arguments(small_experiment(), follow));
    expect_done(end);
    EXPECT_EQ(end.error, std::vector<std::string>{}) << end.text();
    std::vector<std::string> types;
    double done = 0.0;
    std::map<std::string, int> metrics;
    for (const std::string& line : end.out) {
        const Json json = parse_json(line, "line");
        types.push_back(json.at("type"));
        EXPECT_TRUE((std::set<std::string>{"started", "progress", "metric", "log", "finished"}.count(types.back())))
            << line;
        if (types.back() == "progress") {
            EXPECT_GE(json.at("done").get<double>(), done) << "progress never goes back";
            done = json.at("done");
        } else if (types.back() == "metric") {
            ++metrics[json.at("name")];
            if (json.at("name") == "duration_ns") {
                const auto draw = json.at("draw").get<std::size_t>();
                EXPECT_EQ(json.at("flops"), stored().draws.at(draw).record.flops) << "of its own draw";
            }
        } else if (types.back() == "started") {
            EXPECT_EQ(json.at("run_folder"), stored().record.run_folder);
        }
    }
    ASSERT_FALSE(types.empty());
    EXPECT_EQ(types.front(), "started");
    EXPECT_EQ(types.back(), "finished");
    EXPECT_EQ(done, 1.0);
    EXPECT_EQ(metrics["duration_ns"], 2 * 4);
    EXPECT_EQ(metrics["output_relative_error"], 2);
}

TEST_P(RunVerb, RunsShareADatabase) {
    expect_done(run_engine_process(arguments(small_experiment(), {"--ranks", "1"})));
    expect_done(run_engine_process(arguments(small_experiment(), {"--ranks", "5"})));
    expect_done(run_engine_process(arguments(small_experiment(), {"--ranks", "4", "--backend", "reference"})));
    std::set<std::string> folders;
    for (const auto& [run, ranks] : {std::pair{1, 1}, {2, 5}, {3, 4}}) {
        const StoredRun read = stored(run);
        EXPECT_EQ(read.record.state, RunState::done);
        EXPECT_EQ(read.record.ranks, ranks);
        EXPECT_EQ(read.record.backend, run == 3 ? "reference" : "cpu");
        EXPECT_EQ(repetitions(read), 8);
        folders.insert(read.record.run_folder);
    }
    EXPECT_EQ(folders.size(), 3U);
}

}  // namespace
}  // namespace longscope
