// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "storage/run_list.h"
#include "storage/run_query.h"
#include "storage/uuid.h"
#include "tests/support/expect_error.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class RunStoreTest : public testing::Test {
  protected:
    [[nodiscard]] std::int64_t count(const std::string& table) {
        return database_.handle().execAndGet("SELECT count(*) FROM " + table).getInt64();
    }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "results.db"};
    RunStore store_{database_};
};

TEST_F(RunStoreTest, EverythingIsReadBackAsItWasWritten) {
    const std::int64_t run = store_sample_run(store_);
    const StoredRun stored = read_run(database_, run);

    RunRecord expected = sample_record();
    expected.state = RunState::done;
    expected.uuid = stored.record.uuid;
    expected.started_utc = stored.record.started_utc;
    expected.ended_utc = stored.record.ended_utc;
    EXPECT_EQ(stored.record, expected);
    EXPECT_EQ(stored.record.uuid.size(), 36U);
    EXPECT_LE(stored.record.started_utc, stored.record.ended_utc);

    ASSERT_EQ(stored.draws.size(), 2U);
    for (std::int64_t index = 0; index < 2; ++index) {
        const StoredDraw& draw = stored.draws[static_cast<std::size_t>(index)];
        EXPECT_EQ(draw.record, sample_draw(index));
        EXPECT_EQ(draw.checks, (std::vector<CheckRecord>{{64, 2.5e-7, 1e-6, 1e-6, 1e-5, true}}));
        ASSERT_EQ(draw.repetitions.size(), 4U);
        for (std::size_t i = 0; i < 4; ++i) {
            const auto number = static_cast<std::int64_t>(i) - 1;
            RepetitionRecord written =
                i == 0 ? sample_repetition(0, false, 90) : sample_repetition(number, true, 1 + index + number);
            EXPECT_EQ(draw.repetitions[i].event_count, 4);
            EXPECT_EQ(read_events(database_, draw.repetitions[i].id), written.events);
            written.events.clear();
            EXPECT_EQ(draw.repetitions[i].record, written);
        }
        const std::vector<StoredPlan> plans = read_plans(database_, draw.id);
        ASSERT_EQ(plans.size(), 1U);
        EXPECT_EQ(plans[0].schedule, R"({"operations":[]})");
    }
    EXPECT_EQ(stored.clocks, (std::vector<ClockRecord>{{1, -250, 40}}));
    EXPECT_EQ(stored.artifacts, (std::vector<ArtifactRecord>{{"mask", "/runs/two/mask.png"}}));
}

TEST_F(RunStoreTest, EqualExperimentsAndEnvironmentsAreStoredOnce) {
    store_sample_run(store_);
    store_sample_run(store_);
    RunRecord other = sample_record();
    other.environment = R"({"processor":"Another"})";
    store_.begin_run(other);
    EXPECT_EQ(count("run"), 3);
    EXPECT_EQ(count("experiment"), 1);
    EXPECT_EQ(count("environment"), 2);
}

TEST_F(RunStoreTest, TheBackwardPassComesBackAsItWasStored) {
    const StoredDraw draw = read_run(database_, store_backward_run(store_)).draws.at(0);
    EXPECT_EQ(draw.repetitions.at(0).record.backward_ns, 1'500'000);
    EXPECT_EQ(draw.checks.at(0), (CheckRecord{64, 2.5e-7, 1e-6, 1e-6, 1e-5, true, 2e-7, 3e-7, 4e-7, 3e-6}));
    const StoredDraw forward = read_run(database_, store_sample_run(store_)).draws.at(0);
    EXPECT_EQ(forward.repetitions.at(0).record.backward_ns, std::nullopt);
    EXPECT_FALSE(forward.checks.at(0).has_gradients());
    RepetitionRecord longer = sample_repetition(1, true, 1);
    longer.backward_ns = longer.duration_ns + 1;
    expect_error(ErrorKind::failed, {"CHECK constraint failed"}, [&] { store_.add_repetition(forward.id, longer); });
}

TEST_F(RunStoreTest, ErrorsThatAreNotNumbersStaySo) {
    const std::int64_t run = store_.begin_run(sample_record());
    const std::int64_t draw = store_.add_draw(run, sample_draw(0));
    const double infinity = std::numeric_limits<double>::infinity();
    store_.add_check(draw, {8, std::nan(""), infinity, 1e-6, 1e-5, false});
    const CheckRecord check = read_run(database_, run).draws.at(0).checks.at(0);
    EXPECT_TRUE(std::isnan(check.output_relative_error));
    EXPECT_EQ(check.lse_absolute_error, infinity);
    EXPECT_FALSE(check.passed);
}

TEST_F(RunStoreTest, ARepetitionIsStoredWholeOrNotAtAll) {
    const std::int64_t run = store_.begin_run(sample_record());
    const std::int64_t draw = store_.add_draw(run, sample_draw(0));
    store_.add_repetition(draw, sample_repetition(0, true, 1));

    RepetitionRecord late = sample_repetition(1, true, 1);
    late.events.back().duration_ns = -1;  // the very last row breaks a rule of the schema
    expect_error(ErrorKind::failed, {"results.db: cannot store a repetition: CHECK constraint failed"},
                 [&] { store_.add_repetition(draw, late); });
    RepetitionRecord twice = sample_repetition(1, true, 1);
    twice.ranks.push_back(twice.ranks.front());
    expect_error(ErrorKind::failed, {"results.db: cannot store a repetition: UNIQUE"},
                 [&] { store_.add_repetition(draw, twice); });

    EXPECT_EQ(count("repetition"), 1);
    EXPECT_EQ(count("rank_result"), 2);
    EXPECT_EQ(count("event"), 4);
    store_.add_repetition(draw, sample_repetition(1, true, 1));
    EXPECT_EQ(count("repetition"), 2);
}

TEST_F(RunStoreTest, AFullDiskIsSaidAndCostsOnlyTheRepetition) {
    const std::int64_t run = store_.begin_run(sample_record());
    const std::int64_t draw = store_.add_draw(run, sample_draw(0));
    store_.add_repetition(draw, sample_repetition(0, true, 1));
    // SQLite gives the same error when the disk has no room as when the file may not grow.
    database_.handle().exec("PRAGMA max_page_count = " + std::to_string(count("pragma_page_count()") + 80));
    RepetitionRecord large = sample_repetition(1, true, 1);
    large.events.assign(100'000, large.events.front());
    expect_error(ErrorKind::failed, {"results.db: cannot store a repetition: the disk is full"},
                 [&] { store_.add_repetition(draw, large); });
    EXPECT_EQ(count("repetition"), 1);
    EXPECT_EQ(count("rank_result"), 2);
    EXPECT_EQ(count("event"), 4);
    EXPECT_EQ(database_.handle().execAndGet("PRAGMA integrity_check").getString(), "ok");
    store_.add_repetition(draw, sample_repetition(1, true, 1));
    EXPECT_EQ(count("repetition"), 2);
}

TEST_F(RunStoreTest, AnotherWriterIsWaitedForThenNamed) {
    Database other(folder_.path() / "results.db", OpenOptions{.busy_timeout_ms = 20});
    RunStore second(other);
    SQLite::Transaction held(database_.handle(), SQLite::TransactionBehavior::IMMEDIATE);
    expect_error(ErrorKind::failed, {"results.db: cannot store a run: another program holds the file locked"},
                 [&] { second.begin_run(sample_record()); });
    held.commit();
    EXPECT_EQ(second.begin_run(sample_record()), 1);
}

TEST_F(RunStoreTest, ChildrenNeedTheirParentsAndGoWithThem) {
    expect_error(ErrorKind::failed, {"cannot store a draw: FOREIGN KEY constraint failed"},
                 [&] { store_.add_draw(99, sample_draw(0)); });
    expect_error(ErrorKind::failed, {"cannot store a repetition: FOREIGN KEY constraint failed"},
                 [&] { store_.add_repetition(99, sample_repetition(0, true, 1)); });
    store_sample_run(store_);
    EXPECT_THROW(database_.handle().exec("DELETE FROM experiment"), SQLite::Exception) << "a run still needs it";
    database_.handle().exec("DELETE FROM run");
    for (const char* table :
         {"draw", "plan", "repetition", "rank_result", "event", "check_result", "clock", "artifact"}) {
        EXPECT_EQ(count(table), 0) << table;
    }
}

TEST_F(RunStoreTest, WhatIsNotJsonOrNotPlausibleIsRefused) {
    RunRecord record = sample_record();
    record.environment = "{";
    EXPECT_THROW(store_.begin_run(record), Error);
    record = sample_record();
    record.ranks = 0;
    EXPECT_THROW(store_.begin_run(record), Error);
    EXPECT_EQ(count("experiment"), 0) << "a refused run leaves nothing";
}

TEST_F(RunStoreTest, OnlyAFinalStateEndsARun) {
    RunRecord record = sample_record();
    record.state = RunState::queued;
    const std::int64_t run = store_.begin_run(record);
    store_.set_state(run, RunState::running, "");
    EXPECT_EQ(read_run(database_, run).record.ended_utc, "");
    EXPECT_THROW(store_.end_run(run, RunState::running, ""), Error);
    store_.end_run(run, RunState::timed_out, "after 60 s");
    EXPECT_EQ(read_run(database_, run).record.state, RunState::timed_out);
    EXPECT_EQ(read_run(database_, run).record.message, "after 60 s");
    EXPECT_NE(read_run(database_, run).record.ended_utc, "");
    expect_error(ErrorKind::failed, {"run 99 is not in the database"},
                 [&] { store_.set_state(99, RunState::done, ""); });
}

TEST_F(RunStoreTest, EveryStateHasAWordThatTheSchemaTakes) {
    const std::int64_t run = store_.begin_run(sample_record());
    std::set<std::string_view> words;
    for (int state = 0; state < 10; ++state) {
        store_.set_state(run, static_cast<RunState>(state), "");
        EXPECT_EQ(read_run(database_, run).record.state, static_cast<RunState>(state));
        words.insert(to_string(static_cast<RunState>(state)));
    }
    EXPECT_EQ(words.size(), 10U);
}

TEST_F(RunStoreTest, UnfinishedRunsThatNobodyHoldsAreLost) {
    const auto begin = [&](const std::string& run_folder, RunState state) {
        RunRecord record = sample_record();
        record.run_folder = run_folder;
        record.state = state;
        return store_.begin_run(record);
    };
    const std::int64_t dead = begin("dead", RunState::running);
    const std::int64_t alive = begin("alive", RunState::running);
    const std::int64_t waiting = begin("dead too", RunState::queued);
    const std::int64_t finished = begin("dead", RunState::running);
    store_.end_run(finished, RunState::done, "");

    std::vector<std::string> asked;
    const std::vector<std::int64_t> lost =
        store_.mark_lost([&](const std::string& run_folder, const std::string& /*host*/) {
            asked.push_back(run_folder);
            return run_folder != "alive";
        });
    EXPECT_EQ(lost, (std::vector<std::int64_t>{dead, waiting}));
    EXPECT_EQ(asked, (std::vector<std::string>{"dead", "alive", "dead too"})) << "finished runs are left alone";
    EXPECT_EQ(read_run(database_, dead).record.state, RunState::lost);
    EXPECT_NE(read_run(database_, dead).record.message, "");
    EXPECT_EQ(read_run(database_, dead).record.ended_utc, "");
    EXPECT_EQ(read_run(database_, alive).record.state, RunState::running);
    EXPECT_EQ(read_run(database_, finished).record.state, RunState::done);
}

TEST_F(RunStoreTest, ARunThatEndsWhileItIsLookedForIsNotLost) {
    const std::int64_t run = store_.begin_run(sample_record());
    const auto lost = store_.mark_lost([&](const std::string&, const std::string& /*host*/) {
        store_.end_run(run, RunState::done, "");
        return true;
    });
    EXPECT_TRUE(lost.empty());
    EXPECT_EQ(read_run(database_, run).record.state, RunState::done);
}

TEST(Uuid, IsVersionFourAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = random_uuid();
        ASSERT_EQ(uuid.size(), 36U);
        EXPECT_EQ(uuid[8], '-');
        EXPECT_EQ(uuid[14], '4');
        EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos) << uuid;
        seen.insert(uuid);
    }
    EXPECT_EQ(seen.size(), 100U);
}

}  // namespace
}  // namespace longscope
