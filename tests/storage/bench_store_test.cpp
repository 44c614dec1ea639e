// SPDX-License-Identifier: GPL-3.0-or-later
// Benches in a result database: stored whole, read back, listed, exported, merged, checked, deleted.
#include "storage/bench_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "storage/bench_export.h"
#include "storage/bench_query.h"
#include "storage/check.h"
#include "storage/run_copy.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "tests/support/expect_error.h"
#include "tests/support/sample_bench.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class BenchStore : public testing::Test {
  protected:
    // All of a bench but its number.
    static std::string content(Database& database, std::int64_t bench) {
        Json json = bench_to_json(read_bench(database, bench));
        json.erase("bench");
        return json.dump();
    }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "results.db"};
};

TEST_F(BenchStore, IsReadBackAsItWasStored) {
    const BenchRecord given = sample_bench();
    const StoredBench stored = read_bench(database_, store_bench(database_, given));
    EXPECT_EQ(stored.record.uuid.size(), 36U);
    EXPECT_EQ(stored.record.environment, given.environment);
    EXPECT_EQ(stored.record.settings, given.settings);
    ASSERT_EQ(stored.record.rows.size(), given.rows.size());
    for (std::size_t i = 0; i < given.rows.size(); ++i) {
        EXPECT_EQ(stored.record.rows[i].case_name, given.rows[i].case_name);
        EXPECT_EQ(stored.record.rows[i].implementation, given.rows[i].implementation);
        EXPECT_EQ(stored.record.rows[i].outcome, given.rows[i].outcome);
        EXPECT_EQ(stored.record.rows[i].message, given.rows[i].message);
        EXPECT_EQ(stored.record.rows[i].details, given.rows[i].details);
        EXPECT_EQ(stored.record.rows[i].ratio.count, given.rows[i].ratio.count);
    }
    EXPECT_EQ(stored.record.rows[1].duration_ns.min, 10.5);
    EXPECT_EQ(stored.record.rows[1].ratio.third_quartile, 1.0);
    EXPECT_TRUE(std::isnan(stored.record.rows[3].duration_ns.median)) << "NULL where nothing was measured";
}

TEST_F(BenchStore, ListsTheNewestFirstAndFindsThemByNumberUuidAndLast) {
    store_bench(database_, sample_bench());
    BenchRecord other = sample_bench();
    other.uuid = "b0000000-0000-4000-8000-000000000000";
    other.kind = "masks";
    store_bench(database_, other);
    const std::vector<BenchSummary> benches = list_benches(database_);
    ASSERT_EQ(benches.size(), 2U);
    EXPECT_EQ(benches[0].kind, "masks");
    EXPECT_EQ(benches[1].cases, 2);
    EXPECT_EQ(benches[1].implementations, 4);
    EXPECT_EQ(list_benches(database_, 1).size(), 1U);
    EXPECT_EQ(resolve_bench(database_, "1"), 1);
    EXPECT_EQ(resolve_bench(database_, "last"), 2);
    EXPECT_EQ(resolve_bench(database_, "B0000000-"), 2);
    expect_error(ErrorKind::bad_input, {"bench: 7 names no bench in", "accepted: a bench's number"},
                 [&] { (void)resolve_bench(database_, "7"); });
    EXPECT_TRUE(list_runs(database_).empty()) << "a bench is no run";
}

TEST_F(BenchStore, ExportsARowForEachCaseAndImplementation) {
    const StoredBench stored = read_bench(database_, store_bench(database_, sample_bench()));
    std::ostringstream csv;
    export_bench_csv(stored, csv);
    std::vector<std::string> lines;
    std::istringstream text(csv.str());
    for (std::string line; std::getline(text, line);) {
        EXPECT_EQ(line.back(), '\r');
        lines.push_back(line);
    }
    ASSERT_EQ(lines.size(), 6U);
    EXPECT_NE(lines[2].find(",\"full, \"\"quoted\"\"\",other,measured,,3,10.5,20,30,40,50,0.25,0.5,0.75,1,2\r"),
              std::string::npos)
        << lines[2];
    EXPECT_NE(lines[4].find(",unsupported,not installed,0,,,,,,,,,,\r"), std::string::npos) << lines[4];
    const Json json = bench_to_json(stored);
    EXPECT_EQ(json["results"][1]["ratio"]["median"], 0.75);
    EXPECT_TRUE(json["results"][0]["ratio"].is_null());
    EXPECT_EQ(json["results"][0]["details"]["share"], 0.5);
}

TEST_F(BenchStore, AreMergedOnceAndConflictsAreNamed) {
    RunStore runs(database_);
    store_sample_run(runs);
    store_bench(database_, sample_bench());
    Database into(path("into.db"));
    MergeReport report = merge_runs(into, database_);
    EXPECT_EQ(report.added, 1);
    EXPECT_EQ(report.added_benches, 1);
    EXPECT_EQ(content(into, 1), content(database_, 1));
    report = merge_runs(into, database_);
    EXPECT_EQ(report.added_benches, 0);
    EXPECT_EQ(report.duplicate_benches, 1);

    store_bench(database_, sample_bench());
    into.handle().exec("UPDATE bench_result SET median_ns = median_ns + 1 WHERE number = 0");
    expect_error(ErrorKind::bad_input, {"bench 1 (attention, ", "differ from those of the same uuid in"},
                 [&] { (void)merge_runs(into, database_); });
    EXPECT_EQ(list_benches(into).size(), 1U) << "not even the bench without a conflict";
}

TEST_F(BenchStore, ASubsetHasThoseThatWereAskedFor) {
    store_bench(database_, sample_bench());
    store_bench(database_, sample_bench());
    write_subset(database_, {}, {2}, path("subset.db"));
    Database subset(path("subset.db"), OpenMode::read_only);
    ASSERT_EQ(list_benches(subset).size(), 1U);
    EXPECT_EQ(content(subset, 1), content(database_, 2));
    EXPECT_EQ(check_database(subset), std::vector<std::string>{});
}

TEST_F(BenchStore, AreDeletedWithTheirRowsWhileSharedEnvironmentsStay) {
    RunStore runs(database_);
    const std::int64_t run = store_sample_run(runs);  // of the same environment
    const std::int64_t bench = store_bench(database_, sample_bench());
    delete_runs(database_, {run});
    EXPECT_EQ(read_bench(database_, bench).record.environment, sample_bench().environment);
    delete_runs(database_, {}, {bench});
    for (const char* table : {"bench", "bench_result", "environment"}) {
        EXPECT_EQ(database_.handle().execAndGet("SELECT count(*) FROM " + std::string(table)).getInt(), 0) << table;
    }
}

TEST_F(BenchStore, TheCheckFindsWhatCannotBe) {
    store_bench(database_, sample_bench());
    EXPECT_EQ(check_database(database_), std::vector<std::string>{});
    for (const auto& [damage, repair, complaint] :
         {std::tuple{"median_ns = 1000", "median_ns = 30", "other: its quartiles are not in order"},
          {"ratio_minimum = 3", "ratio_minimum = 0.25", "other: its quartiles are not in order"},
          {"outcome = 'failed'", "outcome = 'measured'", "other: is failed with 3 repetitions"},
          {"details = '[' || details || ']'", "details = '{}'", ""}}) {
        database_.handle().exec("UPDATE bench_result SET " + std::string(damage) + " WHERE number = 1");
        const std::vector<std::string> problems = check_database(database_);
        if (*complaint == '\0') {
            EXPECT_TRUE(problems.empty()) << "any JSON will do";
        } else {
            ASSERT_FALSE(problems.empty()) << damage;
            EXPECT_EQ(problems[0], "bench 1: full, \"quoted\", " + std::string(complaint));
        }
        database_.handle().exec("UPDATE bench_result SET " + std::string(repair) + " WHERE number = 1");
    }
    database_.handle().exec("UPDATE bench SET ended_utc = '2026'");
    EXPECT_EQ(check_database(database_), std::vector<std::string>{"bench 1: has ended before it began"});
}

TEST_F(BenchStore, NothingIsStoredOfOneThatTheFileRefuses) {
    BenchRecord broken = sample_bench();
    broken.rows.back().details = "{";
    EXPECT_THROW((void)store_bench(database_, broken), Error);
    EXPECT_EQ(database_.handle().execAndGet("SELECT count(*) FROM bench").getInt(), 0);
    EXPECT_EQ(database_.handle().execAndGet("SELECT count(*) FROM environment").getInt(), 0);
    Database reading(path("results.db"), OpenMode::read_only);
    expect_error(ErrorKind::failed, {"the database is open for reading only"},
                 [&] { (void)store_bench(reading, sample_bench()); });
}

}  // namespace
}  // namespace longscope
