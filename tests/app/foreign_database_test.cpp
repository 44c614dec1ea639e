// SPDX-License-Identifier: GPL-3.0-or-later
// Databases that somebody made up, given to every verb that opens one: refused with one line, or read; never obeyed.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "engine/base/bounded_file.h"
#include "tests/support/circular_pages.h"
#include "tests/support/hostile_database.h"
#include "tests/support/paths.h"
#include "tests/support/run_engine.h"

namespace longscope {
namespace {

using Words = std::vector<std::string>;

class ForeignDatabase : public testing::Test {
  protected:
    ForeignDatabase() { maker_.make({}, path("sound.db")); }

    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
    [[nodiscard]] std::string make(const HostileDatabase& hostile) const {
        std::filesystem::remove(path("hostile.db"));
        maker_.make(hostile, path("hostile.db"));
        return path("hostile.db").string();
    }
    [[nodiscard]] std::vector<Words> listers(const std::string& file) const {
        return {{"db", "list", "--limit", "1000000", "--db", file},
                {"db", "list", "--json", "--limit", "1000000", "--db", file},
                {"db", "merge", file, "--db", path("sound.db").string()}};
    }
    // Of the second run.
    [[nodiscard]] std::vector<Words> readers(const std::string& file) const {
        std::vector<Words> verbs{{"db", "show", "last", "--db", file},
                                 {"db", "show", "2", "--json", "--db", file},
                                 {"compare", "1", "2", "--db", file},
                                 {"compare", "1", file + ":2", "--db", path("sound.db").string()}};
        for (const char* format : {"csv", "json", "trace", "sqlite"}) {
            const std::string out = path(std::string("out.") + format).string();
            std::filesystem::remove(out);
            verbs.push_back({"db", "export", "2", "--format", format, "-o", out, "--db", file});
        }
        return verbs;
    }
    // The same; these need more than a sample has.
    [[nodiscard]] static std::vector<Words> demanding_readers(const std::string& file) {
        return {{"db", "render", "2", "-o", "out.png", "--db", file},
                {"runs", "follow", "last", "--db", file},
                {"runs", "cancel", "last", "--db", file},
                {"runs", "clean", "last", "--db", file}};
    }
    [[nodiscard]] static std::vector<Words> checkers(const std::string& file) {
        return {{"db", "check", "--db", file}, {"db", "check", "--json", "--db", file}};
    }
    [[nodiscard]] std::vector<Words> writers(const std::string& file) const {
        return {{"db", "tag", "2", "x", "--db", file},
                {"db", "note", "2", "x", "--db", file},
                {"db", "delete", "2", "--yes", "--db", file},
                {"db", "vacuum", "--db", file},
                {"db", "merge", path("sound.db").string(), "--db", file}};
    }
    [[nodiscard]] static std::vector<Words> runners(const std::string& file) {
        const std::string experiment = LONGSCOPE_SOURCE_DIR "/resources/experiments/prefix-2k.json";
        return {{"run", experiment, "--launcher", "threads", "--db", file},
                {"sweep", experiment, "--vary", "layout.ranks=1,2", "--launcher", "threads", "--db", file}};
    }
    static std::vector<Words> all(std::initializer_list<std::vector<Words>> lists) {
        std::vector<Words> verbs;
        for (const std::vector<Words>& list : lists) {
            verbs.insert(verbs.end(), list.begin(), list.end());
        }
        return verbs;
    }
    static std::ptrdiff_t lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }
    static std::string shown(const Words& verb) {
        std::string text;
        for (const std::string& word : verb) {
            text += word + ' ';
        }
        return text;
    }
    static void expect_refused(const Words& verb, const std::string& why) {
        SCOPED_TRACE(shown(verb));
        const EngineRun run = run_engine(verb);
        EXPECT_EQ(run.code, exit_bad_input) << run.error;
        EXPECT_EQ(run.out, "");
        EXPECT_EQ(lines(run.error), 1) << run.error;
        EXPECT_NE(run.error.find("hostile.db"), std::string::npos) << run.error;
        EXPECT_NE(run.error.find(why), std::string::npos) << run.error;
    }

    TemporaryFolder folder_;
    HostileDatabaseMaker maker_;
};

TEST_F(ForeignDatabase, NoVerbAsksItsSchema) {
    for (const HostileDatabase& hostile : hostile_databases()) {
        SCOPED_TRACE(hostile.name);
        const std::string file = make(hostile);
        const std::string before = read_bounded_file(file, 64 << 20);
        const bool newer = hostile.name.starts_with("newer");
        const std::string refusal = hostile.refusal.empty() ? "is newer than this program" : hostile.refusal;
        for (const Words& verb : all({listers(file), readers(file)})) {
            if (hostile.refusal.empty()) {
                SCOPED_TRACE(shown(verb));
                const EngineRun run = run_engine(verb);
                EXPECT_EQ(run.code, exit_done) << run.error;
                EXPECT_NE(run.error.find("hostile.db: schema revision 99 is newer"), std::string::npos) << run.error;
            } else {
                expect_refused(verb, refusal);
            }
        }
        for (const Words& verb : all({demanding_readers(file), checkers(file)})) {
            SCOPED_TRACE(shown(verb));
            const EngineRun run = run_engine(verb);
            EXPECT_EQ(run.code, exit_bad_input) << run.out;
            EXPECT_EQ(lines(run.error), hostile.refusal.empty() ? 2 : 1) << run.error;
        }
        for (const Words& verb : all({writers(file), runners(file)})) {
            expect_refused(verb, newer ? "is newer than this program" : refusal);
        }
        EXPECT_TRUE(read_bounded_file(file, 64 << 20) == before) << "changed";
    }
}

TEST_F(ForeignDatabase, NoVerbReadsWhatHasNoEnd) {
    for (const char* circular : {"run", "sqlite_autoindex_draw_1"}) {
        SCOPED_TRACE(circular);
        const std::string file = make({});
        make_circular(file, circular);
        const std::string sound = read_bounded_file(file, 64 << 20);
        const bool of_runs = std::string(circular) == "run";
        for (const Words& verb : of_runs ? listers(file) : all({readers(file), demanding_readers(file)})) {
            expect_refused(verb,
                           "the file is damaged: there is more to read than in any file of its size from this program");
        }
        for (const Words& verb : checkers(file)) {
            EXPECT_EQ(run_engine(verb).code, exit_failed);
        }
        // One that changes a single row may not come across the circle.
        for (const Words& verb : writers(file)) {
            SCOPED_TRACE(shown(verb));
            write_file_atomically(file, sound);
            const EngineRun run = run_engine(verb);
            EXPECT_EQ(lines(run.error), run.code == exit_done ? 0 : 1) << run.error;
        }
    }
}

}  // namespace
}  // namespace longscope
