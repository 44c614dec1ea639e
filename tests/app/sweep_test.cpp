// SPDX-License-Identifier: GPL-3.0-or-later
// Sweeps from the command line to the database: all combinations, each once, whatever stops the command.
#include <algorithm>
#include <csignal>
#include <set>

#include "app/headless/command_line.h"
#include "engine/base/bounded_file.h"
#include "storage/run_list.h"
#include "tests/app/run_fixture.h"

namespace longscope {
namespace {

class SweepVerb : public RunFixture {
  protected:
    SweepVerb() {
        Json json = small_experiment();
        json["sequence"]["draws"] = 1;
        json["repetitions"] = {{"warm_up", 0}, {"measured", 2}};
        put(json);
    }
    [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& more) const {
        std::vector<std::string> all{"sweep",  path("experiment.json").string(), "--db", database(), "--launcher",
                                     "threads"};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] EngineEnd sweep(const std::vector<std::string>& more) const {
        return run_engine_process(arguments(more));
    }
    [[nodiscard]] Json results(std::vector<std::string> more) const {
        more.emplace_back("--json");
        const EngineEnd end = sweep(more);
        std::string text;
        for (const std::string& line : end.out) {
            text += line + "\n";
        }
        return parse_json(text, "output").at("points");
    }
    [[nodiscard]] std::int64_t runs() const {
        Database file(database(), OpenMode::read_only);
        return static_cast<std::int64_t>(list_runs(file).size());
    }
    static bool has_line(const std::vector<std::string>& lines, const std::string& part) {
        return std::any_of(lines.begin(), lines.end(),
                           [&](const std::string& line) { return line.find(part) != std::string::npos; });
    }
};

TEST_F(SweepVerb, EveryCombinationIsRunStoredAndListed) {
    const EngineEnd end = sweep({"--ranks", "1,3", "--vary", "layout.dispatch=contiguous,zigzag"});
    EXPECT_EQ(end.status.code, exit_done) << end.text();
    EXPECT_TRUE(has_line(end.error, "1 of 4: layout.ranks=1 layout.dispatch=contiguous")) << end.text();
    EXPECT_TRUE(has_line(end.error, "4 of 4: layout.ranks=3 layout.dispatch=zigzag")) << end.text();
    ASSERT_EQ(end.out.size(), 1U + 4U + 2U);
    EXPECT_EQ(end.out[0].rfind("layout.ranks  layout.dispatch", 0), 0U) << end.out[0];
    ASSERT_EQ(runs(), 4);
    std::set<std::string> sweeps;
    for (const auto& [run, ranks, dispatch] :
         {std::tuple{1, 1, "contiguous"}, {2, 1, "zigzag"}, {3, 3, "contiguous"}, {4, 3, "zigzag"}}) {
        const StoredRun read = stored(run);
        EXPECT_EQ(read.record.state, RunState::done);
        EXPECT_EQ(read.record.ranks, ranks);
        const Json document = parse_json(read.record.experiment, "stored");
        EXPECT_EQ(document.at("layout").at("dispatch"), dispatch);
        for (const ArtifactRecord& artifact : read.artifacts) {
            if (artifact.kind == "sweep") {
                sweeps.insert(artifact.path);
            }
        }
        EXPECT_EQ(read.artifacts.size(), 3U) << "mask, timeline, sweep";
    }
    ASSERT_EQ(sweeps.size(), 1U) << "the runs of a sweep are found together";
    const Json file = parse_json(read_bounded_file(*sweeps.begin(), 1 << 20), "sweep");
    ASSERT_EQ(file.at("points").size(), 4U);
    EXPECT_EQ(
        file.at("points")[2],
        (Json{{"fields", {{"layout.ranks", 3}, {"layout.dispatch", "contiguous"}}}, {"run", 3}, {"state", "done"}}));
    expect_sound_database();
}

TEST_F(SweepVerb, WhatIsDoneIsNotDoneAgainUnlessAsked) {
    EXPECT_EQ(sweep({"--ranks", "1,2"}).status.code, exit_done);
    const Json second = results({"--ranks", "1..3"});
    ASSERT_EQ(second.size(), 3U);
    EXPECT_EQ(second[0].at("run"), 1);
    EXPECT_EQ(second[1].at("run"), 2);
    EXPECT_TRUE(second[1].at("done_before").get<bool>());
    EXPECT_EQ(second[2].at("run"), 3);
    EXPECT_FALSE(second[2].at("done_before").get<bool>());
    EXPECT_GT(second[0].at("median_ns").get<double>(), 0);
    EXPECT_GT(second[0].at("flops_per_s").get<double>(), 0);
    EXPECT_LE(second[0].at("output_relative_error").get<double>(), 1e-6);
    EXPECT_TRUE(second[0].at("query_gradient_error").is_null()) << "no backward pass";
    EXPECT_EQ(runs(), 3);
    // A run of the verb `run` counts too: it is the same experiment.
    ASSERT_TRUE(run_engine_process({"run", path("experiment.json").string(), "--db", database(), "--launcher",
                                    "threads", "--ranks", "4"})
                    .status.good());
    EXPECT_EQ(results({"--ranks", "4"})[0].at("run"), 4);
    EXPECT_EQ(runs(), 4);
    EXPECT_EQ(results({"--ranks", "4", "--again"})[0].at("run"), 5);
    expect_sound_database();
}

TEST_F(SweepVerb, LengthsThatHaveChangedAreOtherLengths) {
    Json json = small_experiment();
    put("lengths.txt", "100\n200\n");
    json["sequence"] = {{"tokens", 600}, {"lengths", {{"file", "lengths.txt"}}}};
    json["repetitions"] = {{"warm_up", 0}, {"measured", 1}};
    put(json);
    EXPECT_EQ(results({"--ranks", "1"})[0].at("run"), 1);
    EXPECT_EQ(results({"--ranks", "1"})[0].at("run"), 1);
    put("lengths.txt", "70\n80\n");
    EXPECT_EQ(results({"--ranks", "1"})[0].at("run"), 2);
}

TEST_F(SweepVerb, EveryBadCombinationIsSaidBeforeAnythingStarts) {
    const EngineEnd end = sweep({"--ranks", "0,1", "--vary", "layout.dispatch=contiguous,sideways"});
    EXPECT_EQ(end.status.code, exit_bad_input);
    EXPECT_TRUE(end.out.empty());
    ASSERT_EQ(end.error.size(), 3U) << end.text();
    EXPECT_EQ(end.error[0].rfind("longscope-engine: layout.ranks=0 layout.dispatch=contiguous: ", 0), 0U)
        << end.error[0];
    EXPECT_NE(end.error[0].find("layout.ranks: 0 is too small; accepted: an integer from 1"), std::string::npos);
    EXPECT_NE(end.error[2].find("layout.ranks=1 layout.dispatch=sideways: "), std::string::npos);
    EXPECT_NE(end.error[2].find("layout.dispatch: \"sideways\" is not known"), std::string::npos);
    for (const auto& [more, part] :
         {std::pair<std::vector<std::string>, std::string>{{}, "--vary: nothing is given"},
          {{"--vary", "layout.ranks"}, "--vary: layout.ranks names no values"},
          {{"--ranks", "1", "--vary", "layout.ranks=2"}, "--vary: layout.ranks is varied twice"},
          {{"--vary", "layout.rnaks=1"}, "layout.rnaks: 1 is an unknown field"},
          {{"--ranks", "1", "--theme", "pink"}, "--theme: pink"}}) {
        const EngineEnd bad = sweep(more);
        EXPECT_EQ(bad.status.code, exit_bad_input);
        ASSERT_EQ(bad.error.size(), 1U) << bad.text();
        EXPECT_NE(bad.error[0].find(part), std::string::npos) << bad.text();
    }
    EXPECT_FALSE(std::filesystem::exists(database()));
}

TEST_F(SweepVerb, ADryRunMakesNothing) {
    const EngineEnd end = sweep({"--ranks", "1,2", "--dry-run"});
    EXPECT_EQ(end.status.code, exit_done);
    ASSERT_EQ(end.out.size(), 3U) << end.text();
    EXPECT_NE(end.out[1].find("is run"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(database()));
    EXPECT_EQ(sweep({"--ranks", "1"}).status.code, exit_done);
    const EngineEnd later = sweep({"--ranks", "1,2", "--dry-run"});
    EXPECT_NE(later.out.at(1).find("skipped: run 1 is done"), std::string::npos) << later.text();
    EXPECT_EQ(runs(), 1);
}

TEST_F(SweepVerb, ACombinationThatFailsDoesNotStopTheOthers) {
    // More threads than the launcher starts.
    const EngineEnd end = sweep({"--ranks", "1,5000,2"});
    EXPECT_EQ(end.status.code, exit_failed) << end.text();
    EXPECT_TRUE(has_line(end.error, "longscope-engine: run 2 (layout.ranks=5000) failed: the workers ended"))
        << end.text();
    EXPECT_EQ(stored(1).record.state, RunState::done);
    EXPECT_EQ(stored(2).record.state, RunState::failed);
    EXPECT_EQ(stored(3).record.state, RunState::done);
    // Only what is done is skipped.
    const Json again = results({"--ranks", "1,5000,2"});
    EXPECT_EQ(again[0].at("run"), 1);
    EXPECT_EQ(again[1].at("run"), 4);
    EXPECT_EQ(again[1].at("state"), "failed");
    EXPECT_TRUE(again[1].at("median_ns").is_null());
    EXPECT_EQ(again[2].at("run"), 3);
}

class GridSweep : public SweepVerb {
  protected:
    GridSweep() {
        Json experiment = small_experiment();
        experiment["sequence"]["draws"] = 1;
        experiment["repetitions"] = {{"warm_up", 0}, {"measured", 1}};
        const Json axes = parse_json(R"json([
            {"name": "mask", "cases": [{"name": "all of it", "set": {"mask": {"full": {}}}},
                                       {"name": "causal", "set": {"mask": {"causal": {}}}}]},
            {"name": "strategy", "cases": [
                {"name": "ring", "set": {"layout.strategy": "ring"}},
                {"name": "heads", "set": {"layout.strategy": "ulysses", "layout.dispatch": "zigzag"}}]}])json",
                                     "test");
        put(Json{{"longscope_grid", 1}, {"name", "grid"}, {"experiment", experiment}, {"axes", axes}});
    }
};

// Four heads over three ranks: Ulysses does not fit, and that is an answer.
TEST_F(GridSweep, WhatIsInfeasibleIsAnAnswer) {
    const EngineEnd end = sweep({});
    EXPECT_EQ(end.status.code, exit_done) << end.text();
    EXPECT_TRUE(has_line(end.error, "4 of 4: mask=causal strategy=heads")) << end.text();
    EXPECT_TRUE(has_line(end.error, "2 of 4 combinations are unsupported or infeasible")) << end.text();
    EXPECT_EQ(end.out[0].rfind("mask       strategy", 0), 0U) << end.out[0];
    EXPECT_EQ(stored(1).record.state, RunState::done);
    EXPECT_EQ(stored(2).record.state, RunState::infeasible);
    EXPECT_EQ(stored(2).record.experiment_name, "small");
    const Json again = results({});
    ASSERT_EQ(again.size(), 4U);
    EXPECT_EQ(again[1].at("run"), 2) << "it still is, and is not tried again";
    EXPECT_EQ(again[1].at("state"), "infeasible");
    EXPECT_EQ(again[1].at("fields"), (Json{{"mask", "all of it"}, {"strategy", "heads"}}));
    EXPECT_EQ(runs(), 4);
    const Json part = results({"--only", "strategy=ring", "--vary", "layout.ranks=1,2", "--dry-run"});
    ASSERT_EQ(part.size(), 4U);
    EXPECT_EQ(part[3].at("fields"), (Json{{"mask", "causal"}, {"strategy", "ring"}, {"layout.ranks", 2}}));
    const std::string page = path("page.html").string();
    EXPECT_EQ(sweep({"--report", page}).status.code, exit_done);
    const std::string html = read_bounded_file(page, 1 << 20);
    for (const char* text :
         {"<h2>full</h2>", "<h2>causal</h2>", "infeasible: Ulysses needs query heads divisible by 3"}) {
        EXPECT_NE(html.find(text), std::string::npos) << text;
    }
    EXPECT_EQ(runs(), 4) << "the report runs nothing";
    const EngineEnd bad = sweep({"--scale", "published"});
    EXPECT_EQ(bad.status.code, exit_bad_input);
    EXPECT_TRUE(has_line(bad.error, "--scale: published is not a scale of this grid")) << bad.text();
}

TEST_F(SweepVerb, LengthsOfTheUserTakeThePlaceOfThoseOfTheExperiment) {
    const std::string lengths = put("my-lengths.txt", "70\n80\n");
    EXPECT_EQ(results({"--ranks", "1", "--lengths", lengths})[0].at("state"), "done");
    const Json document = parse_json(stored(1).record.experiment, "stored");
    EXPECT_EQ(document.at("sequence").at("lengths").at("file"), lengths);
    EXPECT_EQ(sweep({"--ranks", "1", "--only", "mask=full"}).status.code, exit_bad_input) << "no grid";
}

TEST_F(SweepVerb, ErrorsOfGradientsStandWhereThereIsABackwardPass) {
    const std::vector<std::string> both{"--ranks", "2", "--vary", "pass=forward_backward"};
    const Json point = results(both)[0];
    for (const char* name : {"query_gradient_error", "key_gradient_error", "value_gradient_error"}) {
        EXPECT_GT(point.at(name).get<double>(), 0) << name;
        EXPECT_LE(point.at(name).get<double>(), 3e-6) << name;
    }
    const EngineEnd table = sweep(both);
    EXPECT_TRUE(has_line(table.out, "gradients")) << table.text();
}

TEST_F(SweepVerb, AnInterruptedSweepGoesOnWhereItStopped) {
    put(long_experiment());
    const std::vector<std::string> vary{"--vary", "repetitions.measured=1,1000", "--vary", "check.rows=0"};
    std::vector<std::string> followed = vary;
    followed.insert(followed.end(), follow.begin(), follow.end());
    EngineProcess engine(arguments(followed));
    ASSERT_TRUE(
        engine.wait_for([](const Json& json) { return json.value("type", "") == "sweep" && json.at("point") == 2; }));
    ASSERT_TRUE(engine.wait_for_repetition());
    engine.send_signal(SIGINT);
    const EngineEnd& end = engine.finish();
    EXPECT_EQ(end.status.code, exit_interrupted) << end.text();
    EXPECT_TRUE(has_line(end.error, "stopped with 1 of 2 combinations done; the same command goes on")) << end.text();
    const Json last = parse_json(end.out.back(), "last line");
    EXPECT_EQ(last.at("type"), "sweep_finished");
    EXPECT_TRUE(last.at("interrupted").get<bool>());
    EXPECT_EQ(last.at("points")[0].at("state"), "done");
    EXPECT_EQ(last.at("points")[1].at("state"), "cancelled");
    EXPECT_GE(repetitions(stored(2)), 1) << "what was measured is stored";
    EXPECT_EQ(stored(2).record.state, RunState::cancelled);
    std::vector<std::string> dry = vary;
    dry.insert(dry.end(), {"--dry-run"});
    const Json plan = results(dry);
    EXPECT_EQ(plan[0].at("run"), 1);
    EXPECT_TRUE(plan[1].at("run").is_null());
    expect_sound_database();
    expect_no_process_left();
}

TEST_F(SweepVerb, ProgressForProgramsIsOneJsonObjectALine) {
    std::vector<std::string> more{"--ranks", "1,2"};
    more.insert(more.end(), follow.begin(), follow.end());
    const EngineEnd end = sweep(more);
    EXPECT_EQ(end.status.code, exit_done);
    EXPECT_EQ(end.error, std::vector<std::string>{});
    std::vector<std::string> types;
    for (const std::string& line : end.out) {
        const std::string type = parse_json(line, "line").at("type");
        if (type != "progress" && type != "metric" && type != "log") {
            types.push_back(type);
        }
    }
    EXPECT_EQ(types, (std::vector<std::string>{"sweep", "started", "finished", "sweep", "started", "finished",
                                               "sweep_finished"}));
}

}  // namespace
}  // namespace longscope
