// SPDX-License-Identifier: GPL-3.0-or-later
// A window in which runs are started, by the built engine under mpirun; none outlives its test.
#pragma once

#include <signal.h>

#include <QTest>
#include <fstream>
#include <regex>

#include "app/headless/run/run_folder.h"
#include "storage/run_page.h"
#include "tests/gui/window_fixture.h"
#include "tests/support/sanitized.h"
#include "widgets/results/run_table.h"

namespace longscope {

class WindowRun : public WindowTest {
  protected:
    static constexpr int patience_ms = static_cast<int>(60'000 * sanitizer_slowdown);

    void TearDown() override {
        if (window_ != nullptr && status().going_on()) {
            action("run.cancel").trigger();
            EXPECT_TRUE(wait_for_end());
        }
    }

    [[nodiscard]] const RunStatus& status() const { return window_->runs().status(); }
    [[nodiscard]] std::string message() const { return window_->messages().text().toStdString(); }
    [[nodiscard]] bool wait_for_end() {
        return QTest::qWaitFor([this] { return !status().going_on(); }, patience_ms);
    }
    // Until its supervisor has said which run it is.
    [[nodiscard]] bool wait_for_begin() {
        return QTest::qWaitFor([this] { return status().phase != RunStatus::Phase::starting; }, patience_ms);
    }
    [[nodiscard]] pid_t supervisor() const { return static_cast<pid_t>(read_run_folder_state(status().folder).pid); }
    // As the log of the rank says; 0 when it does not.
    [[nodiscard]] pid_t process_of_rank(int rank) const {
        std::ifstream log(status().folder / ("rank-" + std::to_string(rank) + ".log"));
        const std::string text{std::istreambuf_iterator<char>(log), {}};
        std::smatch found;
        EXPECT_TRUE(std::regex_search(text, found, std::regex("process ([0-9]+)"))) << text;
        return found.empty() ? 0 : static_cast<pid_t>(std::stoi(found[1]));
    }
    // Of the row of a run, as it stands in the table; rows are read when they are first asked for.
    [[nodiscard]] bool wait_for_row(std::int64_t run, const char* state) {
        const RunTableModel& model = window_->results().model();
        return QTest::qWaitFor(
            [&] {
                const int row = model.row_of(run);
                return row >= 0 && model.data(model.index(row, static_cast<int>(RunColumn::state)),
                                              RunTableModel::raw_role) == QLatin1String(state);
            },
            patience_ms);
    }
    // Two ranks that compute for some seconds in all; a thousand repetitions go on for minutes.
    void put_long_experiment(int repetitions) {
        const QString path = put(QStringLiteral("long.json"), R"({
            "longscope_experiment": 1, "name": "long",
            "shape": {"query_heads": 4, "key_value_heads": 2, "head_dim_qk": 32, "head_dim_v": 16},
            "sequence": {"tokens": 4096}, "mask": {"causal": {}},
            "layout": {"ranks": 2, "strategy": "ring", "dispatch": "zigzag"},
            "backend": {"name": "cpu", "threads": 1},
            "repetitions": {"warm_up": 0, "measured": )" + std::to_string(repetitions) +
                                                                  R"(}, "check": {"rows": 8}})");
        window_->open_file(path);
        wait_for_answer();
    }
};

}  // namespace longscope
