// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/export.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include <sstream>

#include "engine/base/json.h"
#include "storage/run_json.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"
#include "storage/run_store.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

using Rows = std::vector<std::vector<std::string>>;

// RFC 4180, read strictly: every record ends in CR LF, a quote inside quotes is doubled.
Rows parse_csv(const std::string& text) {
    Rows rows;
    std::vector<std::string> row(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                row.back() += '"';
                ++i;
            } else if (c == '"') {
                quoted = false;
            } else {
                row.back() += c;
            }
        } else if (c == '"') {
            EXPECT_TRUE(row.back().empty()) << "a quote in the middle of a field";
            quoted = true;
        } else if (c == ',') {
            row.emplace_back();
        } else if (c == '\r') {
            EXPECT_EQ(text.substr(i, 2), "\r\n");
            ++i;
            rows.push_back(row);
            row.assign(1, "");
        } else {
            EXPECT_NE(c, '\n') << "a line feed alone";
            row.back() += c;
        }
    }
    EXPECT_FALSE(quoted);
    EXPECT_EQ(row, std::vector<std::string>(1)) << "the last record does not end";
    return rows;
}

class ExportTest : public testing::Test {
  protected:
    [[nodiscard]] std::string csv(std::int64_t run) {
        std::ostringstream out;
        export_csv(database_, run, out);
        return out.str();
    }

    TemporaryFolder folder_;
    Database database_{folder_.path() / "results.db"};
    RunStore store_{database_};
};

TEST_F(ExportTest, CsvHasARowPerRepetitionAndRank) {
    const std::int64_t run = store_sample_run(store_);
    const Rows rows = parse_csv(csv(run));
    ASSERT_EQ(rows.size(), 1U + 2 * 4 * 2);
    const auto value = [&](std::size_t row, const std::string& column) {
        const auto found = std::find(rows[0].begin(), rows[0].end(), column);
        EXPECT_NE(found, rows[0].end()) << column;
        return rows[row].at(static_cast<std::size_t>(found - rows[0].begin()));
    };
    for (const auto& row : rows) {
        EXPECT_EQ(row.size(), rows[0].size());
    }
    // The last row: draw 1, measured repetition 2, rank 1.
    EXPECT_EQ(value(16, "name"), "two, \"quoted\" documents");
    EXPECT_EQ(value(16, "state"), "done");
    EXPECT_EQ(value(16, "draw"), "1");
    EXPECT_EQ(value(16, "seed"), "101");
    EXPECT_EQ(std::stod(value(16, "flops")), 4.2e9);
    EXPECT_EQ(std::stod(value(16, "output_relative_error")), 2.5e-7);
    EXPECT_EQ(value(16, "check_passed"), "1");
    EXPECT_EQ(value(16, "repetition"), "2");
    EXPECT_EQ(value(16, "kind"), "measured");
    EXPECT_EQ(value(16, "duration_ns"), "4000000");
    EXPECT_EQ(value(16, "rank"), "1");
    EXPECT_EQ(value(16, "rank_pairs"), "15");
    EXPECT_EQ(value(16, "computing_ns"), "2800000");
    EXPECT_EQ(value(16, "bytes_received"), "2049");
    EXPECT_EQ(value(16, "peak_memory_bytes"), "1048576");
    EXPECT_EQ(value(16, "dropped_events"), "3");
    EXPECT_EQ(value(1, "kind"), "warm-up");
}

TEST_F(ExportTest, CsvKeepsRepetitionsWithoutRanksAndDrawsWithoutChecks) {
    const std::int64_t run = store_.begin_run(sample_record());
    RepetitionRecord bare;
    bare.duration_ns = 5;
    store_.add_repetition(store_.add_draw(run, sample_draw(0)), bare);
    const Rows rows = parse_csv(csv(run));
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].size(), rows[0].size());
    EXPECT_EQ(rows[1][21], "5");
    EXPECT_EQ(rows[1].back(), "");
}

TEST_F(ExportTest, TheGradientsOfSinksAreStoredAndExportedWhereThereAreSome) {
    for (const double error : {5e-7, std::numeric_limits<double>::quiet_NaN()}) {
        CheckRecord check{64, 2.5e-7, 1e-6, 1e-6, 1e-5, true, 2e-7, 3e-7, 4e-7, 3e-6};
        check.sink_gradient_error = error;
        const std::int64_t run = store_.begin_run(sample_record());
        const std::int64_t draw = store_.add_draw(run, sample_draw(0));
        store_.add_repetition(draw, sample_repetition(0, true, 2));
        store_.add_check(draw, check);
        const CheckRecord read = read_run(database_, run).draws.at(0).checks.at(0);
        ASSERT_TRUE(read.sink_gradient_error.has_value());
        const bool number = !std::isnan(error);
        EXPECT_EQ(std::isnan(*read.sink_gradient_error), !number);
        EXPECT_EQ(std::isnan(largest_gradient_error(read)), !number);
        const Json json = run_to_json(read_run(database_, run))["draws"][0]["checks"][0];
        const Rows rows = parse_csv(csv(run));
        const auto column = std::find(rows[0].begin(), rows[0].end(), "sink_gradient_error") - rows[0].begin();
        if (number) {
            EXPECT_EQ(json["sink_gradient_error"], error);
            EXPECT_EQ(rows[1].at(static_cast<std::size_t>(column)), "5e-07");
        }
    }
    const std::int64_t without = store_backward_run(store_);
    EXPECT_EQ(read_run(database_, without).draws.at(0).checks.at(0).sink_gradient_error, std::nullopt);
}

TEST_F(ExportTest, BothPassesAndTheirGradientsAreExported) {
    const std::int64_t run = store_backward_run(store_);
    const Rows rows = parse_csv(csv(run));
    ASSERT_EQ(rows.size(), 3U);
    const auto value = [&](const std::string& name) {
        return rows[2].at(static_cast<std::size_t>(std::find(rows[0].begin(), rows[0].end(), name) - rows[0].begin()));
    };
    EXPECT_EQ(value("duration_ns"), "2000000");
    EXPECT_EQ(value("forward_ns"), "500000");
    EXPECT_EQ(value("backward_ns"), "1500000");
    EXPECT_EQ(value("query_gradient_error"), "2e-07");
    EXPECT_EQ(value("value_gradient_error"), "4e-07");
    const Json draw = run_to_json(read_run(database_, run))["draws"][0];
    EXPECT_EQ(draw["repetitions"][0]["backward_ns"], 1'500'000);
    EXPECT_EQ(draw["repetitions"][0]["forward_ns"], 500'000);
    EXPECT_EQ(draw["statistics"]["median_backward_ns"], 1.5e6);
    EXPECT_EQ(draw["statistics"]["median_forward_ns"], 5e5);
    EXPECT_EQ(draw["checks"][0]["key_gradient_error"], 3e-7);
    EXPECT_EQ(draw["checks"][0]["gradient_limit"], 3e-6);
    const Json forward = run_to_json(read_run(database_, store_sample_run(store_)))["draws"][0];
    EXPECT_TRUE(forward["repetitions"][0]["backward_ns"].is_null());
    EXPECT_TRUE(forward["statistics"]["median_backward_ns"].is_null());
    EXPECT_TRUE(forward["checks"][0]["gradient_limit"].is_null());
}

TEST_F(ExportTest, JsonHoldsEverything) {
    const std::int64_t run = store_sample_run(store_);
    std::ostringstream out;
    export_json(database_, run, out);
    const Json json = parse_json(out.str(), "export");
    EXPECT_EQ(json.items().begin().key(), "version");
    EXPECT_EQ(json["version"], run_json_version);
    EXPECT_EQ(json["experiment"]["shape"]["query_heads"], 8);
    EXPECT_EQ(json["environment"]["processor"], "Example 9000");
    EXPECT_EQ(json["state"], "done");
    EXPECT_EQ(json["clocks"][0]["offset_ns"], -250);
    ASSERT_EQ(json["draws"].size(), 2U);
    const Json& draw = json["draws"][1];
    EXPECT_EQ(draw["lengths"], Json({5, 3}));
    EXPECT_EQ(draw["statistics"]["median_ns"], 3e6);
    EXPECT_EQ(draw["plans"][0]["schedule"]["operations"], Json::array());
    EXPECT_EQ(draw["checks"][0]["output_relative_error"], 2.5e-7);
    ASSERT_EQ(draw["repetitions"].size(), 4U);
    EXPECT_EQ(draw["repetitions"][3]["ranks"][1]["computing_ns"], 2'800'000);
    EXPECT_EQ(draw["repetitions"][3]["ranks"][1]["dropped_events"], 3);
    ASSERT_EQ(draw["repetitions"][3]["events"].size(), 4U);
    EXPECT_EQ(draw["repetitions"][3]["events"][1]["category"], "receive");
    EXPECT_EQ(draw["repetitions"][3]["events"][1]["flow"], 7);
}

TEST_F(ExportTest, JsonSaysNullAndInfForWhatIsNoNumber) {
    const std::int64_t run = store_.begin_run(sample_record());
    const std::int64_t draw = store_.add_draw(run, sample_draw(0));
    store_.add_check(draw, {8, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e-6,
                            1e-5, false});
    const Json json = run_to_json(read_run(database_, run));
    EXPECT_TRUE(json["draws"][0]["checks"][0]["output_relative_error"].is_null());
    EXPECT_EQ(json["draws"][0]["checks"][0]["lse_absolute_error"], "inf");
    EXPECT_EQ(json["draws"][0]["statistics"]["repetitions"], 0);
    EXPECT_TRUE(json["draws"][0]["statistics"]["median_ns"].is_null());
    EXPECT_TRUE(json["ended_utc"].is_null());
}

}  // namespace
}  // namespace longscope
