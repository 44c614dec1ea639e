// SPDX-License-Identifier: GPL-3.0-or-later
// db check, merge, delete, vacuum, tag, note, and the export of a smaller database, on real runs.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "engine/base/json.h"
#include "storage/run_list.h"
#include "storage/run_query.h"
#include "tests/support/fixture_database.h"
#include "tests/support/run_engine.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class DbEdit : public testing::Test {
  protected:
    DbEdit() { make_fixture_database(file()); }
    [[nodiscard]] std::string file(const std::string& name = "r.db") const { return (folder_.path() / name).string(); }
    EngineRun db(std::vector<std::string> arguments, const std::string& name = "r.db") const {
        arguments.insert(arguments.begin(), "db");
        arguments.insert(arguments.end(), {"--db", file(name)});
        return run_engine(arguments);
    }
    void expect_line(const EngineRun& run, int code, const std::string& part) const {
        EXPECT_EQ(run.code, code) << run.error;
        EXPECT_NE((run.out + run.error).find(part), std::string::npos) << run.out << run.error;
    }
    [[nodiscard]] std::size_t runs(const std::string& name = "r.db") const {
        Database database(file(name), OpenMode::read_only);
        return list_runs(database).size();
    }

    TemporaryFolder folder_;
};

TEST_F(DbEdit, CheckSaysThatAllIsWellOrWhatIsNot) {
    expect_line(db({"check"}), exit_done,
                "is sound: revision " + std::to_string(migrations().back().revision) + ", 2 runs");
    {
        Database database(file(), OpenMode::create_or_open);
        database.handle().exec("UPDATE rank_result SET bytes_sent = bytes_sent + 1 WHERE repetition = 1 AND rank = 0");
    }
    expect_line(db({"check"}), exit_failed, "run 1: draw 0, warm-up 0: rank 0 received ");
    const EngineRun json = db({"check", "--json"});
    EXPECT_EQ(json.code, exit_failed);
    EXPECT_EQ(parse_json(json.out, "check").at("sound"), false);
    EXPECT_EQ(parse_json(json.out, "check").at("problems").size(), 1U);
    expect_line(db({"check"}, "none.db"), exit_bad_input, "none.db: does not exist");
    std::ofstream(file("text.db")) << "no database at all, but a text that is longer than a header would be: "
                                   << std::string(200, 'x');
    expect_line(db({"check"}, "text.db"), exit_bad_input, "text.db");
}

TEST_F(DbEdit, ASmallerDatabaseIsMergedBackAsADuplicate) {
    expect_line(db({"export", "2", "--format", "sqlite", "-o", file("small.db")}), exit_done, "");
    EXPECT_EQ(runs("small.db"), 1U);
    expect_line(db({"check"}, "small.db"), exit_done, "is sound");
    expect_line(db({"merge", file("small.db")}), exit_done, "small.db: 0 runs added, 1 there already");
    expect_line(db({"merge", file()}, "small.db"), exit_done, "r.db: 1 run added, 1 there already");
    EXPECT_EQ(runs("small.db"), 2U);
    expect_line(db({"export", "1", "2", "--format", "sqlite", "-o", file("small.db")}), exit_bad_input,
                "--output: " + file("small.db") + " is there already");
    expect_line(db({"export", "1", "2", "--format", "csv"}), exit_bad_input,
                "run: 2 runs are too many for --format csv; accepted: one");
    expect_line(db({"merge", file()}), exit_bad_input, "is the database that is merged into");
    expect_line(db({"merge", file()}, "none.db"), exit_bad_input, "--db: " + file("none.db") + " does not exist");
}

TEST_F(DbEdit, AConflictIsNamedAndNothingIsMerged) {
    expect_line(db({"export", "1", "--format", "sqlite", "-o", file("other.db")}), exit_done, "");
    {
        Database other(file("other.db"), OpenMode::create_or_open);
        other.handle().exec("UPDATE run SET message = 'changed'");
    }
    const EngineRun merge = db({"merge", file("other.db")});
    expect_line(merge, exit_bad_input, "run 1 (fixture, ");
    EXPECT_EQ(std::count(merge.error.begin(), merge.error.end(), '\n'), 1);
    EXPECT_EQ(runs(), 2U);
}

TEST_F(DbEdit, DeletingNeedsAYesAndVacuumShrinksTheFile) {
    expect_line(db({"delete", "1"}), exit_bad_input, "--yes: (nothing) is not enough where nobody can be asked");
    EXPECT_EQ(runs(), 2U);
    expect_line(db({"delete", "1", "9", "--yes"}), exit_bad_input, "9");
    EXPECT_EQ(runs(), 2U) << "all or none";
    expect_line(db({"delete", "1", "--yes"}), exit_done, "deleted 1 run");
    EXPECT_EQ(runs(), 1U);
    const auto before = std::filesystem::file_size(file());
    expect_line(db({"vacuum"}), exit_done, ", was ");
    EXPECT_LT(std::filesystem::file_size(file()), before);
    expect_line(db({"check"}), exit_done, "is sound");
}

TEST_F(DbEdit, TagsAndNotesAreShownAndFound) {
    expect_line(db({"tag", "1", "baseline", "slow"}), exit_done, "run 1: baseline, slow");
    expect_line(db({"tag", "1", "--remove", "slow"}), exit_done, "run 1: baseline");
    expect_line(db({"tag", "1", "--remove", "fast"}), exit_bad_input,
                "--remove: fast is not a tag of run 1; accepted: baseline");
    expect_line(db({"note", "1", "before the new kernel"}), exit_done, "run 1: before the new kernel");
    const EngineRun shown = db({"show", "1"});
    EXPECT_NE(shown.out.find("baseline"), std::string::npos);
    EXPECT_NE(shown.out.find("before the new kernel"), std::string::npos);
    const EngineRun list = db({"list", "--tag", "baseline", "--json"});
    ASSERT_EQ(parse_json(list.out, "list").at("runs").size(), 1U) << list.out;
    EXPECT_EQ(parse_json(list.out, "list").at("runs")[0].at("run"), 1);
    expect_line(db({"note", "1"}), exit_done, "run 1: no note");
}

}  // namespace
}  // namespace longscope
