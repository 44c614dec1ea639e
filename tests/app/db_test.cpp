// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "app/headless/stored_pictures.h"
#include "engine/base/bounded_file.h"
#include "engine/base/json.h"
#include "storage/bench_store.h"
#include "storage/run_query.h"
#include "tests/engine/draw/list_queries.h"
#include "tests/support/run_engine.h"
#include "tests/support/sample_bench.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class DbVerb : public testing::Test {
  protected:
    DbVerb() {
        Database database(file());
        RunStore store(database);
        store_sample_run(store);
        store_sample_run(store, RunState::failed);
    }
    [[nodiscard]] std::string file(const std::string& name = "results.db") const {
        return (folder_.path() / name).string();
    }
    // One line on standard error, nothing on standard output.
    void expect_bad_input(const std::vector<std::string>& arguments, const std::string& part) {
        const EngineRun run = run_engine(arguments);
        EXPECT_EQ(run.code, exit_bad_input) << run.out;
        EXPECT_EQ(run.out, "");
        EXPECT_NE(run.error.find(part), std::string::npos) << run.error;
        EXPECT_EQ(std::count(run.error.begin(), run.error.end(), '\n'), 1) << run.error;
    }

    TemporaryFolder folder_;
};

TEST_F(DbVerb, HasHelpEverywhere) {
    for (const std::vector<std::string>& verb : std::vector<std::vector<std::string>>{
             {"db"}, {"db", "list"}, {"db", "show"}, {"db", "export"}, {"db", "render"}}) {
        std::vector<std::string> arguments = verb;
        arguments.emplace_back("--help");
        const EngineRun run = run_engine(arguments);
        EXPECT_EQ(run.code, exit_done);
        EXPECT_NE(run.out.find("Usage: longscope-engine db"), std::string::npos) << run.out;
    }
    expect_bad_input({"db"}, "subcommand is required");
}

TEST_F(DbVerb, ListShowsTheNewestFirst) {
    const EngineRun run = run_engine({"db", "list", "--db", file()});
    EXPECT_EQ(run.code, exit_done) << run.error;
    const auto failed_run = run.out.find("failed");
    const auto done_run = run.out.find("done");
    EXPECT_NE(failed_run, std::string::npos);
    EXPECT_NE(done_run, std::string::npos);
    EXPECT_LT(failed_run, done_run);
    EXPECT_NE(run.out.find("1.68 TFLOP/s"), std::string::npos) << run.out;
}

TEST_F(DbVerb, ListFiltersAndSaysWhenItStopped) {
    const EngineRun filtered = run_engine({"db", "list", "--db", file(), "--state", "done", "--json"});
    const Json json = parse_json(filtered.out, "output");
    ASSERT_EQ(json["runs"].size(), 1U);
    EXPECT_EQ(json["runs"][0]["run"], 1);
    EXPECT_EQ(json["runs"][0]["measured_repetitions"], 6);

    const EngineRun limited = run_engine({"db", "list", "--db", file(), "--limit", "1"});
    EXPECT_EQ(std::count(limited.out.begin(), limited.out.end(), '\n'), 2) << limited.out;
    EXPECT_NE(limited.error.find("--limit shows more"), std::string::npos);
    const EngineRun none = run_engine({"db", "list", "--db", file(), "--name", "none"});
    EXPECT_EQ(none.code, exit_done);
    EXPECT_EQ(none.out, "");
    EXPECT_NE(none.error.find("no such run"), std::string::npos);

    expect_bad_input({"db", "list", "--db", file(), "--state", "fine"},
                     "--state: fine is not a state; accepted: queued");
    expect_bad_input({"db", "list", "--db", file(), "--limit", "0"}, "--limit");
}

TEST_F(DbVerb, ShowReportsTheLastRunUnlessToldOtherwise) {
    EXPECT_EQ(run_engine({"db", "show", "--db", file()}).out.substr(0, 6), "Run 2:");
    EXPECT_EQ(run_engine({"db", "show", "1", "--db", file()}).out.substr(0, 6), "Run 1:");
    const Json json = parse_json(run_engine({"db", "show", "1", "--db", file(), "--json"}).out, "output");
    EXPECT_EQ(json["draws"][1]["statistics"]["median_ns"], 3e6);
    EXPECT_EQ(run_engine({"db", "show", json["uuid"].get<std::string>().substr(0, 12), "--db", file()}).code,
              exit_done);
    expect_bad_input({"db", "show", "3", "--db", file()}, "run: 3 names no run in");
}

TEST_F(DbVerb, ExportWritesToStandardOutputOrAFile) {
    const EngineRun csv = run_engine({"db", "export", "1", "--format", "csv", "--db", file()});
    EXPECT_EQ(csv.code, exit_done);
    EXPECT_EQ(csv.out.substr(0, 9), "run,uuid,");
    EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 17);

    const EngineRun quiet = run_engine({"db", "export", "1", "--format", "csv", "--db", file(), "-o", file("run.csv")});
    EXPECT_EQ(quiet.code, exit_done);
    EXPECT_EQ(quiet.out + quiet.error, "");
    EXPECT_EQ(read_bounded_file(file("run.csv"), 1 << 20), csv.out);

    const EngineRun json = run_engine({"db", "export", "last", "--format", "json", "--db", file()});
    EXPECT_EQ(parse_json(json.out, "output")["draws"][0]["repetitions"][0]["events"].size(), 4U);

    const EngineRun page = run_engine({"db", "export", "1", "2", "--format", "html", "--db", file()});
    EXPECT_EQ(page.code, exit_done) << page.error;
    EXPECT_NE(page.out.find("2 runs."), std::string::npos) << page.out.substr(0, 3000);

    expect_bad_input({"db", "export", "1", "--format", "xml", "--db", file()},
                     "--format: xml is not a format; accepted: csv, json, trace, trace-per-rank, html, sqlite");
    expect_bad_input({"db", "export", "1", "--db", file()}, "--format");
    const EngineRun nowhere =
        run_engine({"db", "export", "1", "--format", "csv", "--db", file(), "-o", file("no/run.csv")});
    EXPECT_EQ(nowhere.code, exit_failed);
    EXPECT_NE(nowhere.error.find("no/run.csv: cannot write"), std::string::npos);
}

TEST_F(DbVerb, DrawsTheTimelineOfAStoredRunInEveryForm) {
    Database database(file("real.db"));
    RunStore store(database);
    RunRecord record = sample_record();
    record.experiment = R"({"mask":{"and":[{"documents":{}},{"causal":{}}]},
                            "layout":{"strategy":"ring","dispatch":"zigzag"}})";
    const std::int64_t run = store.begin_run(record);
    const std::int64_t draw = store.add_draw(run, sample_draw(0));
    store.add_repetition(draw, sample_repetition(0, true, 1));
    store.end_run(run, RunState::done, "");
    for (const auto& [name, magic] : {std::pair{"t.png", "\x89PNG"}, {"t.svg", "<?xml"}, {"t.pdf", "%PDF"}}) {
        for (const char* what : {"timeline", "mask"}) {
            const EngineRun drawn =
                run_engine({"db", "render", "1", "--db", file("real.db"), "-o", file(name), "--what", what});
            EXPECT_EQ(drawn.code, exit_done) << drawn.error;
            EXPECT_EQ(read_bounded_file(file(name), 1 << 20).rfind(magic, 0), 0U) << name;
        }
    }
    const std::string svg = read_bounded_file(file("t.svg"), 1 << 20);
    EXPECT_NE(svg.find("documents and causal"), std::string::npos) << "the mask, drawn last";
    const StoredRun stored = read_run(database, run);
    const DisplayList timeline =
        draw_stored_timeline(database, stored, stored.draws.at(0), stored.draws.at(0).repetitions.at(0), {});
    EXPECT_TRUE(has_text(timeline, "2 ranks, 4 events in 500 ns, 3 shorter ones dropped")) << texts_of(timeline).at(1);
    expect_bad_input({"db", "render", "1", "--db", file("real.db"), "-o", file("t.gif")}, "--output: ");
    expect_bad_input({"db", "render", "1", "--db", file(), "-o", file("t.png")},
                     "experiment.layout.strategy: (nothing) is not stored with the run");
}

TEST_F(DbVerb, ExportsTracesOfOneFileOrOneForEachRank) {
    const EngineRun one = run_engine({"db", "export", "1", "--format", "trace", "--db", file(), "--draw", "1"});
    EXPECT_EQ(one.code, exit_done) << one.error;
    const Json trace = parse_json(one.out, "trace");
    EXPECT_EQ(trace.at("longscope").at("draw"), 1);
    EXPECT_EQ(trace.at("longscope").at("dropped_events"), parse_json(R"([{"rank":1,"events":3}])", "expected"));
    EXPECT_NE(one.error.find("the run itself dropped 3 shorter events"), std::string::npos) << one.error;
    EXPECT_EQ(trace.at("longscope").at("repetition"), 1) << "whose time is the median";
    EXPECT_EQ(std::count_if(trace.at("traceEvents").begin(), trace.at("traceEvents").end(),
                            [](const Json& event) { return event.at("ph") == "X"; }),
              4);
    const EngineRun less = run_engine(
        {"db", "export", "1", "--format", "trace", "--db", file(), "--max-events", "3", "-o", file("t.json")});
    EXPECT_EQ(less.code, exit_done);
    EXPECT_NE(less.error.find("the trace: the 3 longest of 4 events are kept"), std::string::npos) << less.error;

    const EngineRun all = run_engine(
        {"db", "export", "1", "--format", "trace-per-rank", "--db", file(), "-o", file("ranks"), "--repetition", "2"});
    EXPECT_EQ(all.code, exit_done) << all.error;
    for (int rank = 0; rank < 2; ++rank) {
        const std::string name = "ranks/rank-" + std::to_string(rank) + ".json";
        EXPECT_EQ(parse_json(read_bounded_file(file(name), 1 << 20), name).at("distributedInfo").at("rank"), rank);
    }
    expect_bad_input({"db", "export", "1", "--format", "trace-per-rank", "--db", file()},
                     "--output: (nothing) is not enough for --format trace-per-rank; accepted: a place to write to");
    expect_bad_input({"db", "export", "1", "--format", "trace", "--db", file(), "--draw", "2"},
                     "--draw: 2 is not in run 1; accepted: 0 to 1");
    expect_bad_input({"db", "export", "1", "--format", "trace", "--db", file(), "--repetition", "3"},
                     "--repetition: 3 is not among the measured ones of draw 0; accepted: 0 to 2");
}

TEST_F(DbVerb, BenchesAreListedShownExportedAndDeletedBesideRuns) {
    {
        Database database(file());
        store_bench(database, sample_bench());
    }
    const EngineRun list = run_engine({"db", "list", "--db", file()});
    EXPECT_NE(list.out.find("\nbench:1  2026-01-31T23:59:58  attention      2                4"), std::string::npos)
        << list.out;
    const Json listed = parse_json(run_engine({"db", "list", "--db", file(), "--json"}).out, "output");
    EXPECT_EQ(listed["runs"].size(), 2U);
    EXPECT_EQ(listed["benches"][0]["kind"], "attention");
    EXPECT_EQ(run_engine({"db", "list", "--db", file(), "--state", "done"}).out.find("bench:"), std::string::npos);

    const EngineRun show = run_engine({"db", "show", "bench:last", "--db", file()});
    EXPECT_EQ(show.out.substr(0, 19), "Bench 1: attention\n");
    for (const char* part : {"0.5 to 1", "unsupported: not installed", "wrong: another result"}) {
        EXPECT_NE(show.out.find(part), std::string::npos) << part << " in\n" << show.out;
    }
    const Json shown = parse_json(run_engine({"db", "show", "bench:1", "--db", file(), "--json"}).out, "output");
    EXPECT_EQ(shown["results"].size(), 5U);
    const EngineRun json = run_engine({"db", "export", "bench:1", "--format", "json", "--db", file()});
    EXPECT_EQ(parse_json(json.out, "output"), shown);
    const EngineRun csv = run_engine({"db", "export", "bench:1", "--format", "csv", "--db", file()});
    EXPECT_EQ(csv.out.substr(0, 11), "bench,uuid,");
    EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 6);
    expect_bad_input({"db", "export", "bench:1", "--format", "trace", "--db", file()},
                     "run: bench:1 is a bench, of which there is no trace; accepted: a run");
    expect_bad_input({"db", "show", "bench:2", "--db", file()}, "bench: 2 names no bench in");

    const std::string small = file("small.db");
    EXPECT_EQ(run_engine({"db", "export", "2", "bench:1", "--format", "sqlite", "-o", small, "--db", file()}).code, 0);
    const std::string bench_only = file("bench.db");
    run_engine({"db", "export", "bench:1", "--format", "sqlite", "-o", bench_only, "--db", file()});
    EXPECT_NE(run_engine({"db", "check", "--db", bench_only}).out.find("0 runs, 1 bench\n"), std::string::npos);
    EXPECT_EQ(run_engine({"db", "delete", "1", "bench:1", "--yes", "--db", file()}).out,
              "deleted 1 run and 1 bench; 'db vacuum' makes the file smaller\n");
    const EngineRun merged = run_engine({"db", "merge", small, "--db", file()});
    EXPECT_NE(merged.out.find("0 runs added, 1 there already, 1 bench added"), std::string::npos) << merged.out;
}

TEST_F(DbVerb, AMissingDatabaseIsNotMade) {
    const std::string missing = file("missing.db");
    expect_bad_input({"db", "list", "--db", missing}, "missing.db: does not exist; accepted:");
    expect_bad_input({"db", "show", "--db", missing}, "missing.db: does not exist");
    expect_bad_input({"db", "export", "1", "--format", "csv", "--db", missing}, "missing.db: does not exist");
    EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST_F(DbVerb, WhatIsNotADatabaseIsRefused) {
    write_file_atomically(file("notes.txt"), "not a database");
    expect_bad_input({"db", "list", "--db", file("notes.txt")}, "notes.txt: is not a database; accepted:");
}

}  // namespace
}  // namespace longscope
