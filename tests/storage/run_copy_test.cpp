// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_copy.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "storage/check.h"
#include "storage/export.h"
#include "storage/run_edit.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "storage/run_store.h"
#include "tests/support/fixture_database.h"
#include "tests/support/message_of.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class RunCopy : public testing::Test {
  protected:
    RunCopy() { make_fixture_database(path("from.db")); }
    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
    // All of a run but its number.
    static std::string content(Database& database, std::int64_t run) {
        Json json = run_document(database, run);
        json.erase("run");
        return json.dump();
    }

    TemporaryFolder folder_;
};

TEST_F(RunCopy, MergingAddsRunsWithAllThatBelongsToThem) {
    Database from(path("from.db"), OpenMode::create_or_open);
    add_tag(from, 2, "kept");
    set_note(from, 2, "of three ranks");
    Database into(path("into.db"), OpenMode::create_or_open);
    RunStore store(into);
    store_sample_run(store);
    const MergeReport report = merge_runs(into, from);
    EXPECT_EQ(report.added, 2);
    EXPECT_EQ(report.duplicates, 0);
    EXPECT_EQ(content(into, 2), content(from, 1));
    EXPECT_EQ(content(into, 3), content(from, 2));
    EXPECT_EQ(read_run(into, 3).note, "of three ranks");
    EXPECT_EQ(check_database(from), std::vector<std::string>{});
}

TEST_F(RunCopy, MergingAgainFindsDuplicatesAlsoWhenTheirTagsDiffer) {
    Database from(path("from.db"), OpenMode::create_or_open);
    Database into(path("into.db"), OpenMode::create_or_open);
    (void)merge_runs(into, from);
    add_tag(into, 1, "mine");
    const MergeReport again = merge_runs(into, from);
    EXPECT_EQ(again.added, 0);
    EXPECT_EQ(again.duplicates, 2);
    EXPECT_EQ(list_runs(into).size(), 2U);
}

TEST_F(RunCopy, AConflictIsRefusedWithItsNameAndNothingIsMerged) {
    Database from(path("from.db"), OpenMode::create_or_open);
    Database into(path("into.db"), OpenMode::create_or_open);
    (void)merge_runs(into, from);
    delete_runs(into, {1});
    into.handle().exec(
        "UPDATE repetition SET duration_ns = duration_ns + 1 WHERE id = (SELECT max(id) FROM repetition)");
    const std::string message = message_of([&] { (void)merge_runs(into, from); });
    EXPECT_NE(message.find("run 2 (fixture, "), std::string::npos) << message;
    EXPECT_NE(message.find("differ from those of the same uuid in"), std::string::npos) << message;
    EXPECT_EQ(list_runs(into).size(), 1U) << "not even the run without a conflict";
}

TEST_F(RunCopy, ARunThatGoesOnIsLeftOut) {
    Database from(path("from.db"), OpenMode::create_or_open);
    RunStore store(from);
    (void)store.begin_run(sample_record());
    Database into(path("into.db"), OpenMode::create_or_open);
    const MergeReport report = merge_runs(into, from);
    EXPECT_EQ(report.added, 2);
    EXPECT_EQ(report.unfinished, 1);
}

TEST_F(RunCopy, ASubsetIsOneSoundFileWithTheSameContent) {
    Database from(path("from.db"), OpenMode::create_or_open);
    write_subset(from, {2}, {}, path("subset.db"));
    EXPECT_FALSE(std::filesystem::exists(path("subset.db-wal")));
    EXPECT_FALSE(std::filesystem::exists(path("subset.db-shm")));
    Database subset(path("subset.db"), OpenMode::read_only);
    EXPECT_EQ(list_runs(subset).size(), 1U);
    EXPECT_EQ(content(subset, 1), content(from, 2));
    EXPECT_EQ(check_database(subset), std::vector<std::string>{});
}

TEST_F(RunCopy, ASubsetThatCannotBeWrittenLeavesNothing) {
    Database from(path("from.db"), OpenMode::create_or_open);
    EXPECT_THROW(write_subset(from, {1}, {}, path("none") / "subset.db"), Error);
    EXPECT_THROW(write_subset(from, {77}, {}, path("subset.db")), Error);
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
        EXPECT_EQ(entry.path().filename().string().rfind("subset", 0), std::string::npos) << entry.path();
    }
}

TEST_F(RunCopy, DeletingTakesAllThatBelongsToARunAndVacuumGivesItBack) {
    Database from(path("from.db"), OpenMode::create_or_open);
    add_tag(from, 1, "gone");
    delete_runs(from, {1, 2});
    for (const char* table : {"run", "draw", "plan", "repetition", "rank_result", "event", "check_result", "clock",
                              "artifact", "tag", "note", "experiment", "environment"}) {
        EXPECT_EQ(from.handle().execAndGet("SELECT count(*) FROM " + std::string(table)).getInt(), 0) << table;
    }
    vacuum(from);
    EXPECT_EQ(from.handle().execAndGet("PRAGMA freelist_count").getInt(), 0);
    EXPECT_EQ(check_database(from), std::vector<std::string>{});
}

TEST_F(RunCopy, ARunThatGoesOnIsNotDeleted) {
    Database from(path("from.db"), OpenMode::create_or_open);
    RunStore store(from);
    const std::int64_t run = store.begin_run(sample_record());
    EXPECT_NE(message_of([&] { delete_runs(from, {1, run}); }).find("run: 3 is still going on"), std::string::npos);
    EXPECT_EQ(list_runs(from).size(), 3U) << "nor are the others";
}

TEST_F(RunCopy, TagsHaveLimits) {
    Database from(path("from.db"), OpenMode::create_or_open);
    EXPECT_NE(message_of([&] { add_tag(from, 1, ""); }).find("is not a tag"), std::string::npos);
    EXPECT_NE(message_of([&] { add_tag(from, 1, "two\nlines"); }).find("is not a tag"), std::string::npos);
    add_tag(from, 1, "a");
    add_tag(from, 1, "a");
    EXPECT_EQ(read_run(from, 1).tags.size(), 1U);
    EXPECT_TRUE(remove_tag(from, 1, "a"));
    EXPECT_FALSE(remove_tag(from, 1, "a"));
}

}  // namespace
}  // namespace longscope
