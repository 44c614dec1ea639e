// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "storage/run_query.h"
#include "storage/run_statistics.h"
#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

using Runs = std::vector<std::int64_t>;

TEST(RunSearch, OnlyWhatIsTheSameAndSettledCounts) {
    const TemporaryFolder folder;
    Database database(folder.path() / "r.db");
    RunStore store(database);
    const RunRecord same = sample_record();
    const auto find = [&] { return find_settled_runs(database, same.experiment, same.environment, same.host); };
    EXPECT_EQ(find(), Runs{});
    const auto add = [&](const RunRecord& record, RunState state) {
        const std::int64_t run = store.begin_run(record);
        if (is_final(state)) {
            store.end_run(run, state, "");
        }
        return run;
    };
    add(same, RunState::failed);
    add(same, RunState::cancelled);
    add(same, RunState::running);
    RunRecord other = same;
    other.experiment = R"({"version":1})";
    add(other, RunState::done);
    other = same;
    other.environment = R"({"processor":"Example 9000","revision":"another"})";
    add(other, RunState::done);
    other = same;
    other.host = "elsewhere";
    add(other, RunState::done);
    EXPECT_EQ(find(), Runs{});
    const std::int64_t first = add(same, RunState::done);
    const std::int64_t second = add(same, RunState::done);
    EXPECT_EQ(find(), (Runs{second, first}));
    // What does not fit, or is not computed, is so again.
    const std::int64_t infeasible = add(same, RunState::infeasible);
    const std::int64_t unsupported = add(same, RunState::unsupported);
    add(same, RunState::out_of_memory);
    EXPECT_EQ(find(), (Runs{unsupported, infeasible, second, first}));
}

TEST(RunFigures, MediansOfDrawsAreAveragedAndTheWorstErrorStands) {
    const TemporaryFolder folder;
    Database database(folder.path() / "r.db");
    RunStore store(database);
    const std::int64_t run = store_sample_run(store);
    const StoredRun stored = read_run(database, run);
    RunFigures figures = figures_of(stored);
    EXPECT_EQ(figures.median_ns, 2.5e6) << "medians of 2 and 3 ms";
    EXPECT_DOUBLE_EQ(figures.flops_per_s, 2 * 4.2e9 / 5e-3);
    EXPECT_EQ(figures.output_relative_error, 2.5e-7);
    StoredRun worse = stored;
    worse.draws[0].checks[0].output_relative_error = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(std::isnan(figures_of(worse).output_relative_error));
    worse.draws.clear();
    EXPECT_TRUE(std::isnan(figures_of(worse).median_ns));
    EXPECT_TRUE(std::isnan(figures_of(worse).flops_per_s));
}

}  // namespace
}  // namespace longscope
