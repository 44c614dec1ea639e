// SPDX-License-Identifier: GPL-3.0-or-later
// A file of every released revision is migrated and keeps all that it holds.
#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/base/bounded_file.h"
#include "storage/bench_query.h"
#include "storage/bench_store.h"
#include "storage/check.h"
#include "storage/migrations.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "tests/support/paths.h"
#include "tests/support/sample_bench.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(Fixtures, EveryRevisionButTheNewestHasOneThatMigratesAndKeepsItsRuns) {
    for (std::int64_t revision = 1; revision < migrations().back().revision; ++revision) {
        SCOPED_TRACE("revision " + std::to_string(revision));
        const TemporaryFolder folder;
        const std::filesystem::path file = folder.path() / "old.db";
        {
            SQLite::Database old(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
            old.exec(read_bounded_file(
                fmt::format("{}/tests/storage/fixtures/revision-{}.sql", LONGSCOPE_SOURCE_DIR, revision), 200'000));
            EXPECT_EQ(schema_revision(old), revision);
        }
        Database database(file, OpenMode::create_or_open);
        EXPECT_EQ(database.revision(), migrations().back().revision);
        const std::vector<RunSummary> runs = list_runs(database);
        ASSERT_EQ(runs.size(), 2U);
        EXPECT_EQ(runs[0].ranks, 3);
        EXPECT_EQ(runs[1].ranks, 2);
        for (const RunSummary& summary : runs) {
            const StoredRun run = read_run(database, summary.id);
            EXPECT_EQ(run.record.state, RunState::done);
            EXPECT_EQ(run.record.experiment_name, "fixture");
            ASSERT_EQ(run.draws.size(), 2U);
            for (const StoredDraw& draw : run.draws) {
                EXPECT_EQ(draw.record.lengths, (std::vector<std::int64_t>{60, 36}));
                EXPECT_EQ(draw.record.pairs, 60 * 61 / 2 + 36 * 37 / 2);
                ASSERT_EQ(draw.repetitions.size(), 3U);
                EXPECT_FALSE(read_events(database, draw.repetitions[2].id).empty());
                EXPECT_EQ(static_cast<std::int64_t>(read_plans(database, draw.id).size()), summary.ranks);
                EXPECT_TRUE(draw.checks.at(0).passed);
                EXPECT_FALSE(draw.checks.at(0).has_gradients());
                EXPECT_EQ(draw.checks.at(0).sink_gradient_error, std::nullopt);
                EXPECT_EQ(draw.repetitions[2].record.backward_ns, std::nullopt);
            }
            const bool tagged = revision >= 2 && summary.id == 1;
            EXPECT_EQ(run.tags, tagged ? std::vector<std::string>{"baseline"} : std::vector<std::string>{});
            EXPECT_EQ(run.note, tagged ? "before the new kernel" : "");
            for (const RankResult& rank : run.draws[0].repetitions[0].record.ranks) {
                const bool dropped = revision >= 3 && summary.id == 1 && rank.rank == 1;
                EXPECT_EQ(rank.dropped_events, dropped ? 5 : 0) << "was not stored before revision 3";
            }
        }
        EXPECT_EQ(check_database(database), std::vector<std::string>{});
        add_tag(database, 1, "old");
        EXPECT_EQ(read_run(database, 1).tags.back(), "old");
        EXPECT_TRUE(list_benches(database).empty());
        EXPECT_EQ(store_bench(database, sample_bench()), 1);
        EXPECT_EQ(check_database(database), std::vector<std::string>{});
    }
}

}  // namespace
}  // namespace longscope
