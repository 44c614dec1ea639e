// SPDX-License-Identifier: GPL-3.0-or-later
// What the window reads of databases, given ones that somebody made up: an error with one line, or what they hold.
#include <gtest/gtest.h>

#include "app/desktop/stored_run_loader.h"
#include "storage/run_page.h"
#include "tests/support/circular_pages.h"
#include "tests/support/expect_error.h"
#include "tests/support/hostile_database.h"
#include "widgets/results/run_comparison_view.h"

namespace longscope {
namespace {

using Reading = std::function<void(const std::filesystem::path&)>;

const std::vector<Reading>& readings_of_a_run() {
    static const std::vector<Reading> readings{
        [](const std::filesystem::path& file) { EXPECT_EQ(load_run(file, 2).run.draws.size(), 2U); },
        [](const std::filesystem::path& file) { EXPECT_FALSE(compare_runs(file, 1, 2).metrics.empty()); },
    };
    return readings;
}

const std::vector<Reading>& readings_of_all_runs() {
    static const std::vector<Reading> readings{
        [](const std::filesystem::path& file) { EXPECT_TRUE(running_runs(file).empty()); },
        [](const std::filesystem::path& file) {
            Database database(file, OpenMode::read_only);
            RunPages pages(database);
            EXPECT_EQ(pages.refresh().size(), 2U);
            EXPECT_EQ(pages.page({}, 0, 10).size(), 2U);
        },
    };
    return readings;
}

class ForeignDatabaseInTheWindow : public testing::Test {
  protected:
    [[nodiscard]] std::filesystem::path make(const HostileDatabase& hostile) const {
        const auto file = folder_.path() / "hostile.db";
        std::filesystem::remove(file);
        maker_.make(hostile, file);
        return file;
    }

    TemporaryFolder folder_;
    HostileDatabaseMaker maker_;
};

TEST_F(ForeignDatabaseInTheWindow, ItsSchemaIsNotAsked) {
    for (const HostileDatabase& hostile : hostile_databases()) {
        SCOPED_TRACE(hostile.name);
        const auto file = make(hostile);
        for (const auto* readings : {&readings_of_a_run(), &readings_of_all_runs()}) {
            for (const Reading& read : *readings) {
                if (hostile.refusal.empty()) {
                    read(file);
                } else {
                    expect_error(ErrorKind::bad_input, {"hostile.db: ", hostile.refusal}, [&] { read(file); });
                }
            }
        }
    }
}

TEST_F(ForeignDatabaseInTheWindow, WhatHasNoEndIsNotRead) {
    const std::string why = "the file is damaged: there is more to read than in any file of its size from this program";
    auto file = make({});
    make_circular(file, "sqlite_autoindex_draw_1");
    for (const Reading& read : readings_of_a_run()) {
        expect_error(ErrorKind::bad_input, {"hostile.db: cannot read a run: ", why}, [&] { read(file); });
    }
    file = make({});
    make_circular(file, "run");
    for (const Reading& read : readings_of_all_runs()) {
        expect_error(ErrorKind::bad_input, {"hostile.db: cannot list the runs: ", why}, [&] { read(file); });
    }
}

}  // namespace
}  // namespace longscope
