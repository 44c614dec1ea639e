// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine bench, as it is used from a command line.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "engine/base/json.h"
#include "engine/kernel/cpu/tile_variant.h"
#include "profiler/peers/peer.h"
#include "storage/bench_query.h"
#include "storage/check.h"
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

TEST(BenchAttention, PrintsSharesOfTheMeasuredPeak) {
    const std::vector<std::string> one{
        "bench", "attention", "--quick", "--repetitions", "1", "--only", "forward, full, float32, D 64"};
    const EngineRun table = run_engine(one);
    ASSERT_EQ(table.code, exit_done) << table.error;
    for (const char* text : {"Peak of float32: ", "FLOP a cycle and thread", "the peak", "roofline", "1,024"}) {
        EXPECT_NE(table.out.find(text), std::string::npos) << text << " in\n" << table.out;
    }
    std::vector<std::string> as_json = one;
    as_json.emplace_back("--json");
    const EngineRun outcome = run_engine(as_json);
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    const Json report = parse_json(outcome.out, "output");
    ASSERT_EQ(report["results"].size(), 2U);
    for (const Json& result : report["results"]) {
        EXPECT_GT(result["share_of_peak"]["median"], 0.0) << result.dump();
        EXPECT_TRUE(result.contains("reached")) << result.dump();
    }
    EXPECT_GT(report["peaks"][0]["flops_per_cycle"], 0.0);
    for (const Json& result : report["results"]) {
        EXPECT_DOUBLE_EQ(
            result["flops_per_cycle_and_thread"].get<double>(),
            result["share_of_peak"]["median"].get<double>() * report["peaks"][0]["flops_per_cycle"].get<double>());
        EXPECT_FALSE(result.contains("share_of_matrix_unit")) << "float32 is not multiplied there";
    }
}

TEST(BenchAttention, PrintsSharesOfTheMatrixUnitWhereThatMultiplies) {
    const std::string best = cpu::choose_tile_variant(DType::bfloat16).name;
    const TemporaryFolder folder;
    const std::string file = folder.path() / "results.db";
    const std::vector<std::string> one{
        "bench", "attention", "--quick", "--repetitions", "1", "--only", "forward, full, bfloat16, D 64", "--db", file};
    std::vector<std::string> as_json = one;
    as_json.emplace_back("--json");
    const EngineRun outcome = run_engine(as_json);
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    const Json report = parse_json(outcome.out, "output");
    const bool on_it = best == cpu::matrix_unit_variant;
    EXPECT_EQ(report["peaks"].back()["unit"] == "bfloat16 on the matrix unit", on_it);
    for (const Json& result : report["results"]) {
        ASSERT_EQ(result.contains("share_of_matrix_unit"), on_it) << result.dump();
        if (on_it) {
            EXPECT_GT(result["share_of_matrix_unit"]["median"], 0.0);
            EXPECT_LT(result["share_of_matrix_unit"]["median"], result["share_of_peak"]["median"]);
            EXPECT_GT(result["matrix_unit_flops_per_s"]["median"], 0.0);
        }
    }
    EXPECT_EQ(run_engine(one).out.find("Matrix unit: the share of its own peak") != std::string::npos, on_it);
    Database database(file, OpenMode::read_only);
    const BenchRecord stored = read_bench(database, 1).record;
    EXPECT_EQ(stored.rows.front().details.find("share_of_matrix_unit") != std::string::npos, on_it);
}

TEST(BenchMasks, StoresEveryMaskWhereItIsAskedTo) {
    const TemporaryFolder folder;
    const std::string file = folder.path() / "results.db";
    const EngineRun measured = run_engine({"bench", "masks", "--quick", "--repetitions", "1", "--json", "--db", file});
    ASSERT_EQ(measured.code, exit_done) << measured.error;
    EXPECT_NE(measured.error.find("stored as bench:1 in " + file), std::string::npos) << measured.error;
    Database database(file, OpenMode::read_only);
    const BenchRecord stored = read_bench(database, resolve_bench(database, "last")).record;
    const Json printed = parse_json(measured.out, "output");
    ASSERT_EQ(stored.rows.size(), printed["results"].size());
    for (std::size_t i = 0; i < stored.rows.size(); ++i) {
        EXPECT_EQ(parse_json(stored.rows[i].details, "details"), printed["results"][i]);
    }
    EXPECT_EQ(check_database(database), std::vector<std::string>{});
}

TEST(BenchAttention, StoresEveryCaseWhereItIsAskedTo) {
    const TemporaryFolder folder;
    const std::string file = folder.path() / "results.db";
    const std::vector<std::string> arguments{
        "bench", "attention", "--quick", "--repetitions", "2", "--only", "forward, full, float32, D 64", "--db", file};
    ASSERT_EQ(run_engine(arguments).code, exit_done);
    ASSERT_EQ(run_engine(arguments).code, exit_done);
    Database database(file, OpenMode::read_only);
    ASSERT_EQ(list_benches(database).size(), 2U);
    const BenchRecord stored = read_bench(database, 2).record;
    EXPECT_EQ(stored.kind, "attention");
    EXPECT_LT(stored.started_utc, stored.ended_utc);
    EXPECT_TRUE(parse_json(stored.environment, "environment").contains("processor"));
    EXPECT_GT(parse_json(stored.settings, "settings").at("threads"), 0);
    ASSERT_EQ(stored.rows.size(), 2U);
    EXPECT_EQ(stored.rows[0].case_name, "forward, full, float32, D 64, 1,024 tokens");
    EXPECT_EQ(stored.rows[0].implementation, own_implementation);
    EXPECT_EQ(stored.rows[0].duration_ns.count, 2);
    EXPECT_GT(parse_json(stored.rows[0].details, "details").at("share_of_peak").at("median"), 0.0);
    EXPECT_EQ(check_database(database), std::vector<std::string>{});
}

TEST(BenchAttention, ComparesWithTheLibrariesThatAreInstalled) {
    const TemporaryFolder folder;
    const std::string file = folder.path() / "results.db";
    unsetenv("LONGSCOPE_PEERS");
    const EngineRun outcome = run_engine({"bench", "attention", "--quick", "--repetitions", "1", "--only",
                                          "forward, full, float32, D 64", "--peers", "--json", "--db", file});
    ASSERT_EQ(outcome.code, exit_done) << outcome.error;
    const Json report = parse_json(outcome.out, "output");
    ASSERT_EQ(report["peers"].size(), peers().size());
    std::set<std::string> there;
    for (const Json& peer : report["peers"]) {
        if (peer["outcome"] == "measured") {
            EXPECT_EQ(peer["threads"], report["machine"]["hardware_threads"]) << "the same on both sides";
            there.insert(peer["name"]);
        } else {
            EXPECT_FALSE(peer["message"].get<std::string>().empty()) << peer.dump();
        }
    }
    Database database(file, OpenMode::read_only);
    const BenchRecord stored = read_bench(database, 1).record;
    std::size_t compared = 0;
    for (const BenchRow& row : stored.rows) {
        if (row.implementation != own_implementation) {
            EXPECT_TRUE(there.count(row.implementation)) << row.implementation;
            EXPECT_EQ(row.outcome, BenchOutcome::measured) << row.message;
            EXPECT_GT(row.ratio.median, 0.0);
            ++compared;
        }
    }
    EXPECT_EQ(compared, 2 * (there.count("OpenBLAS") + there.count("oneDNN"))) << "of two cases";
    EXPECT_EQ(check_database(database), std::vector<std::string>{});
}

TEST(BenchAttention, RefusesAPythonThatIsNotThere) {
    const EngineRun missing = run_engine({"bench", "attention", "--peers", "--peers-python", "/nowhere/python"});
    EXPECT_EQ(missing.code, exit_bad_input);
    EXPECT_NE(missing.error.find("--peers-python: /nowhere/python is not a program"), std::string::npos)
        << missing.error;
    EXPECT_EQ(run_engine({"bench", "attention", "--peers-python", "/bin/sh"}).code, exit_bad_input);
}

TEST(BenchAttention, RefusesADatabaseThatCannotBeWrittenBeforeItMeasures) {
    const EngineRun outcome = run_engine({"bench", "attention", "--db", "/nowhere/results.db"});
    EXPECT_EQ(outcome.code, exit_bad_input) << outcome.error;
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
}

TEST(BenchAttention, RefusesInOneLine) {
    const EngineRun unknown = run_engine({"bench", "attention", "--only", "sideways"});
    EXPECT_EQ(unknown.code, exit_bad_input);
    EXPECT_NE(unknown.error.find("--only: sideways is in no name of a case; accepted: "), std::string::npos)
        << unknown.error;
    EXPECT_EQ(std::count(unknown.error.begin(), unknown.error.end(), '\n'), 1) << unknown.error;
    EXPECT_NE(unknown.error.find("--list prints them"), std::string::npos) << unknown.error;
    EXPECT_LT(unknown.error.size(), 250) << unknown.error;
}

TEST(BenchAttention, ListsEachNameOfItsCasesOnce) {
    const EngineRun listed = run_engine({"bench", "attention", "--list"});
    ASSERT_EQ(listed.code, exit_done) << listed.error;
    std::istringstream lines(listed.out);
    std::set<std::string> names;
    for (std::string name; std::getline(lines, name);) {
        EXPECT_TRUE(names.insert(name).second) << name;
    }
    EXPECT_TRUE(names.count("forward, full, float32, D 64")) << listed.out;
    EXPECT_TRUE(names.count("forward, causal, float32, D 128")) << listed.out;
}

}  // namespace
}  // namespace longscope
