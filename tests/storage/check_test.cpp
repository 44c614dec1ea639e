// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/check.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/fixture_database.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class CheckDatabase : public testing::Test {
  protected:
    CheckDatabase() { make_fixture_database(file_); }
    // The problems after a change that the program would never make.
    [[nodiscard]] std::vector<std::string> after(const std::string& sql) const {
        Database database(file_, OpenMode::create_or_open);
        database.handle().exec("PRAGMA foreign_keys = OFF");
        database.handle().exec(sql);
        return check_database(database);
    }
    void expect_problem(const std::string& sql, const std::string& part) const {
        const std::vector<std::string> problems = after(sql);
        ASSERT_FALSE(problems.empty()) << sql;
        EXPECT_NE(problems.front().find(part), std::string::npos) << problems.front();
    }

    TemporaryFolder folder_;
    std::filesystem::path file_ = folder_.path() / "r.db";
};

TEST_F(CheckDatabase, ASoundFileHasNoProblems) {
    EXPECT_EQ(after("SELECT 1"), std::vector<std::string>{});
}

TEST_F(CheckDatabase, FindsBytesThatAreNotThoseOfThePlan) {
    expect_problem("UPDATE rank_result SET bytes_received = bytes_received + 4 WHERE repetition = 1 AND rank = 1",
                   "run 1: draw 0, warm-up 0: rank 1 received ");
}

TEST_F(CheckDatabase, FindsTimesThatDoNotAddUp) {
    expect_problem("UPDATE rank_result SET computing_ns = computing_ns + 1 WHERE repetition = 2 AND rank = 0",
                   "the times of rank 0 add up to");
}

TEST_F(CheckDatabase, FindsRepetitionsAndDrawsThatAreMissing) {
    expect_problem(
        "DELETE FROM repetition WHERE id = 3; DELETE FROM rank_result WHERE repetition = 3; "
        "DELETE FROM event WHERE repetition = 3",
        "run 1: is done with 1 measured repetitions where its experiment asks for 2");
}

TEST_F(CheckDatabase, FindsRowsThatReferToNothing) {
    expect_problem("DELETE FROM repetition WHERE id = 3", "a row of table ");
}

TEST_F(CheckDatabase, FindsEventsOfOperationsThatThePlanHasNot) {
    expect_problem("UPDATE event SET operation = 1000 WHERE repetition = 1", "an event of operation 1000, which rank ");
}

TEST_F(CheckDatabase, FindsPlansThatAreNone) {
    expect_problem("UPDATE draw SET lengths = '[1, 2]'", "its documents have 3 tokens, the draw 96");
    expect_problem("UPDATE plan SET schedule = '{}'", "longscope_schedule: is missing");
}

// Another program may have made the file: its numbers and documents can be any.
TEST_F(CheckDatabase, FindsNumbersWhoseSumsDoNotFit) {
    expect_problem("UPDATE draw SET lengths = '[9223372036854775807, 1]'", "its documents have too many tokens");
    expect_problem("UPDATE draw SET lengths = '[60, 36]'; UPDATE rank_result SET computing_ns = 9223372036854775807",
                   "add up to too many ns");
}

TEST_F(CheckDatabase, ReadsExperimentsOfAnyForm) {
    for (const char* document : {"[]", "5", R"({"sequence": 5, "repetitions": {"measured": "x"}})"}) {
        EXPECT_EQ(after("UPDATE experiment SET document = '" + std::string(document) + "'"),
                  std::vector<std::string>{});
    }
}

TEST_F(CheckDatabase, FindsPlansWhoseSumsDoNotFit) {
    expect_problem(R"(UPDATE plan SET schedule = '{"longscope_schedule": 1, "strategy": "ring", "ranks": 2, "rank": 0,
        "operations": [{"op": "send", "stream": "send", "step": 0, "bytes": 9223372036854775807},
                       {"op": "send", "stream": "send", "step": 0, "bytes": 9223372036854775807}]}')",
                   "operations[0]: 9223372036854775807 is too large");
}

TEST_F(CheckDatabase, FindsDamagedPages) {
    {
        Database database(file_, OpenMode::create_or_open);
        database.handle().exec("PRAGMA wal_checkpoint(TRUNCATE)");
    }
    std::fstream file(file_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8 * 4096);
    file << std::string(3 * 4096, '\x5a');
    file.close();
    Database database(file_, OpenMode::read_only);
    EXPECT_FALSE(check_database(database).empty());
}

}  // namespace
}  // namespace longscope
