// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_list.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/base/bounded_file.h"
#include "profiler/statistics.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"
#include "storage/run_store.h"
#include "tests/support/expect_error.h"
#include "tests/support/paths.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class RunListTest : public testing::Test {
  protected:
    std::int64_t begin(const std::string& uuid, const std::string& name = "plain") {
        RunRecord record = sample_record();
        record.uuid = uuid;
        record.experiment_name = name;
        record.experiment = "{\"name\":\"" + name + "\"}";
        return store_.begin_run(record);
    }
    void expect_no_run(const std::string& text, const std::string& why) {
        expect_error(ErrorKind::bad_input, {"run: " + text, why, "accepted: a run's number"},
                     [&] { (void)resolve_run(database_, text); });
    }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "results.db"};
    RunStore store_{database_};
};

TEST_F(RunListTest, NewestFirstWithWhatAListNeeds) {
    store_sample_run(store_);
    begin("");
    const std::vector<RunSummary> runs = list_runs(database_);
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(runs[0].id, 2);
    EXPECT_EQ(runs[0].draws, 0);
    EXPECT_TRUE(std::isnan(runs[0].flops_per_s));
    EXPECT_EQ(runs[1].state, RunState::done);
    EXPECT_EQ(runs[1].draws, 2);
    EXPECT_EQ(runs[1].measured_repetitions, 6);
    // Two draws of 4.2e9 FLOP with medians of 2 and 3 ms.
    EXPECT_DOUBLE_EQ(runs[1].flops_per_s, 8.4e9 / 5e-3);
}

TEST_F(RunListTest, FiltersByStateNameAndNumber) {
    store_sample_run(store_);
    store_sample_run(store_, RunState::failed);
    begin("", "it's; --");
    const auto numbers = [&](const RunFilter& filter) {
        std::vector<std::int64_t> found;
        for (const RunSummary& run : list_runs(database_, filter)) {
            found.push_back(run.id);
        }
        return found;
    };
    EXPECT_EQ(numbers({}), (std::vector<std::int64_t>{3, 2, 1}));
    EXPECT_EQ(numbers({.state = RunState::failed, .name = {}}), std::vector<std::int64_t>{2});
    EXPECT_EQ(numbers({.state = {}, .name = "it's; --"}), std::vector<std::int64_t>{3});
    EXPECT_EQ(numbers({.state = {}, .name = ""}), std::vector<std::int64_t>{});
    EXPECT_EQ(numbers({.state = {}, .name = {}, .limit = 2}), (std::vector<std::int64_t>{3, 2}));
}

TEST_F(RunListTest, ARunIsNamedByNumberUuidPrefixOrLast) {
    expect_no_run("last", "holds none");
    begin("1a000000-0000-4000-8000-000000000000");
    begin("1b000000-0000-4000-8000-000000000000");
    begin("77000000-0000-4000-8000-000000000000");
    EXPECT_EQ(resolve_run(database_, "last"), 3);
    EXPECT_EQ(resolve_run(database_, "2"), 2);
    EXPECT_EQ(resolve_run(database_, "1B"), 2);
    EXPECT_EQ(resolve_run(database_, "1a000000-0000-4000-8000-000000000000"), 1);
    EXPECT_EQ(resolve_run(database_, "77000000"), 3);
    expect_no_run("77", "names no run in");  // a few digits are a number, never the beginning of a uuid
    EXPECT_EQ(resolve_run(database_, "1"), 1) << "a number before the beginning of a uuid";
    for (const char* unknown : {"4", "0", "-1", "", "%", "_a", "1c", "99999999999999999999", "Last"}) {
        expect_no_run(unknown, "names no run in");
    }
    begin("7f000000-0000-4000-8000-000000000000");
    begin("7f100000-0000-4000-8000-000000000000");
    expect_no_run("7f", "more than one uuid");
    expect_error(ErrorKind::bad_input, {"run: 99 is not in"}, [&] { (void)read_run(database_, 99); });
}

TEST_F(RunListTest, TheStatisticsViewAgreesWithTheProfiler) {
    const std::int64_t run = store_.begin_run(sample_record());
    for (std::int64_t index = 0; index < 7; ++index) {
        const std::int64_t draw = store_.add_draw(run, sample_draw(index));
        store_.add_repetition(draw, sample_repetition(0, false, 1000));
        for (std::int64_t repetition = 0; repetition < index; ++repetition) {
            store_.add_repetition(draw, sample_repetition(repetition, true, 1 + repetition * 37 % 11));
        }
    }
    const StoredRun stored = read_run(database_, run);
    SQLite::Statement row(database_.handle(),
                          "SELECT repetitions, minimum_ns, first_quartile_ns, median_ns, third_quartile_ns, "
                          "maximum_ns, flops_per_s FROM draw_statistics WHERE draw = ?");
    for (const StoredDraw& draw : stored.draws) {
        row.reset();
        row.bind(1, draw.record.index);
        const Summary summary = summarize(measured_durations_ns(draw));
        ASSERT_EQ(summary.count, draw.record.index);
        ASSERT_EQ(row.executeStep(), summary.count > 0) << "a draw without measured repetitions has no statistics";
        if (summary.count > 0) {
            EXPECT_EQ(row.getColumn(0).getInt64(), summary.count);
            EXPECT_DOUBLE_EQ(row.getColumn(1).getDouble(), summary.min);
            EXPECT_DOUBLE_EQ(row.getColumn(2).getDouble(), summary.first_quartile);
            EXPECT_DOUBLE_EQ(row.getColumn(3).getDouble(), summary.median);
            EXPECT_DOUBLE_EQ(row.getColumn(4).getDouble(), summary.third_quartile);
            EXPECT_DOUBLE_EQ(row.getColumn(5).getDouble(), summary.max);
            EXPECT_DOUBLE_EQ(row.getColumn(6).getDouble(), flops_per_s(draw, summary.median));
        }
    }
}

TEST_F(RunListTest, TheMeansOfARankAddUpToTheDuration) {
    const StoredRun stored = read_run(database_, store_sample_run(store_));
    const std::vector<RankMeans> means = rank_means(stored.draws[1]);
    ASSERT_EQ(means.size(), 2U);
    EXPECT_DOUBLE_EQ(means[1].total_ns(), 3e6);  // repetitions of 2, 3 and 4 ms
    EXPECT_DOUBLE_EQ(means[1].computing_ns, 2.1e6);
    EXPECT_DOUBLE_EQ(means[1].bytes_received, 2049);
    EXPECT_EQ(means[1].pairs, 15);
    EXPECT_EQ(means[1].dropped_events, 3);
    RepetitionRecord repetition = stored.draws[1].repetitions[0].record;
    EXPECT_EQ(dropped_events(repetition), 3);
    repetition.ranks[0].dropped_events = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(dropped_events(repetition), std::numeric_limits<std::int64_t>::max());
}

TEST_F(RunListTest, EveryViewAnswers) {
    store_sample_run(store_);
    for (const auto& [view, rows] : std::vector<std::pair<std::string, int>>{{"environments", 1},
                                                                             {"experiments", 1},
                                                                             {"runs", 1},
                                                                             {"draws", 2},
                                                                             {"repetitions", 8},
                                                                             {"rank_results", 16},
                                                                             {"checks", 2},
                                                                             {"events", 32},
                                                                             {"clocks", 1},
                                                                             {"artifacts", 1},
                                                                             {"draw_statistics", 2}}) {
        SQLite::Statement select(database_.handle(), "SELECT * FROM " + view);
        int found = 0;
        while (select.executeStep()) {
            ++found;
        }
        EXPECT_EQ(found, rows) << view;
    }
    EXPECT_EQ(
        database_.handle().execAndGet("SELECT json_extract(document, '$.processor') FROM environments").getString(),
        "Example 9000");
}

TEST_F(RunListTest, TheDocumentedQueriesGiveRows) {
    store_sample_run(store_);
    const std::string text =
        read_bounded_file(std::filesystem::path(LONGSCOPE_SOURCE_DIR) / "resources/docs/database.md", 1 << 20);
    int queries = 0;
    const std::string fence = "```sql\n";
    for (auto begin = text.find(fence); begin != std::string::npos; begin = text.find(fence, begin + 1)) {
        const auto first = begin + fence.size();
        SQLite::Statement query(database_.handle(), text.substr(first, text.find("```", first) - first));
        EXPECT_TRUE(query.executeStep()) << query.getQuery();
        ++queries;
    }
    EXPECT_GE(queries, 3);
}

TEST_F(RunListTest, ContentThatWeNeverWriteIsAnError) {
    store_sample_run(store_);
    const std::int64_t repetition = read_run(database_, 1).draws[0].repetitions[0].id;
    database_.handle().exec("UPDATE event SET stream = 'sideways'");
    EXPECT_THROW((void)read_events(database_, repetition), Error);
    database_.handle().exec("UPDATE draw SET lengths = '[1, \"x\"]'");
    expect_error(ErrorKind::bad_input, {"results.db: draw.lengths", "is not an integer"},
                 [&] { (void)read_run(database_, 1); });
}

}  // namespace
}  // namespace longscope
