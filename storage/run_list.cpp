// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_list.h"

#include "storage/bind.h"
#include "storage/stored_name.h"

namespace longscope {

namespace {

constexpr const char* list_sql = R"(
SELECT runs.run, runs.uuid, runs.name, runs.state, runs.message, runs.backend, runs.ranks, runs.started_utc,
       coalesce(runs.ended_utc, ''), runs.host, (SELECT count(*) FROM draws WHERE draws.run = runs.run),
       coalesce(statistics.repetitions, 0), statistics.flops_per_s
FROM runs LEFT JOIN (
    SELECT run, sum(repetitions) AS repetitions, sum(flops) * 1e9 / nullif(sum(median_ns), 0) AS flops_per_s
    FROM draw_statistics GROUP BY run
) AS statistics ON statistics.run = runs.run
WHERE (?1 = '' OR runs.state = ?1) AND (?2 = 0 OR runs.name = ?3)
      AND (?4 = 0 OR EXISTS (SELECT 1 FROM tags WHERE tags.run = runs.run AND tags.name = ?5))
ORDER BY runs.run DESC LIMIT ?6)";

RunSummary summary_from(SQLite::Statement& row) {
    RunSummary run;
    run.id = row.getColumn(0).getInt64();
    run.uuid = row.getColumn(1).getString();
    run.name = row.getColumn(2).getString();
    run.state = run_state_from_string(row.getColumn(3).getString(), "run.state");
    run.message = row.getColumn(4).getString();
    run.backend = row.getColumn(5).getString();
    run.ranks = row.getColumn(6).getInt64();
    run.started_utc = row.getColumn(7).getString();
    run.ended_utc = row.getColumn(8).getString();
    run.host = row.getColumn(9).getString();
    run.draws = row.getColumn(10).getInt64();
    run.measured_repetitions = row.getColumn(11).getInt64();
    if (!row.isColumnNull(12)) {
        run.flops_per_s = row.getColumn(12).getDouble();
    }
    return run;
}

}  // namespace

std::vector<RunSummary> list_runs(Database& database, const RunFilter& filter) {
    return guarded(database, "list the runs", [&] {
        SQLite::Statement select(database.handle(), list_sql);
        bind_all(select, filter.state ? to_string(*filter.state) : std::string_view(), filter.name.has_value(),
                 std::string_view(filter.name.value_or("")), filter.tag.has_value(),
                 std::string_view(filter.tag.value_or("")), filter.limit);
        std::vector<RunSummary> runs;
        while (select.executeStep()) {
            runs.push_back(summary_from(select));
        }
        return runs;
    });
}

std::int64_t resolve_run(Database& database, std::string_view text) {
    return resolve_name(database, NamedTable::run, text);
}

}  // namespace longscope
