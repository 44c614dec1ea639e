// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/bench_query.h"

#include "engine/base/error.h"
#include "storage/bind.h"
#include "storage/read_view.h"
#include "storage/stored_name.h"

namespace longscope {

namespace {

// The five columns from `first` on.
Summary summary_from(SQLite::Statement& row, int first, std::int64_t count) {
    const auto number = [&](int column) {
        return row.isColumnNull(first + column) ? std::numeric_limits<double>::quiet_NaN()
                                                : row.getColumn(first + column).getDouble();
    };
    return {count, number(0), number(1), number(2), number(3), number(4)};
}

}  // namespace

std::vector<BenchSummary> list_benches(Database& database, std::int64_t limit) {
    return guarded(database, "list the benches", [&] {
        SQLite::Statement row(database.handle(), R"(
SELECT bench, uuid, kind, version, host, started_utc,
       (SELECT count(DISTINCT case_name) FROM bench_results WHERE bench_results.bench = benches.bench),
       (SELECT count(DISTINCT implementation) FROM bench_results WHERE bench_results.bench = benches.bench)
FROM benches ORDER BY bench DESC LIMIT ?)");
        bind_all(row, limit);
        std::vector<BenchSummary> benches;
        while (row.executeStep()) {
            benches.push_back({row.getColumn(0).getInt64(), row.getColumn(1).getString(), row.getColumn(2).getString(),
                               row.getColumn(3).getString(), row.getColumn(4).getString(), row.getColumn(5).getString(),
                               row.getColumn(6).getInt64(), row.getColumn(7).getInt64()});
        }
        return benches;
    });
}

std::int64_t resolve_bench(Database& database, std::string_view text) {
    return resolve_name(database, NamedTable::bench, text);
}

StoredBench read_bench(Database& database, std::int64_t bench) {
    const ReadView view(database);
    return guarded(database, "read a bench", [&] {
        SQLite::Statement head(database.handle(), R"(
SELECT uuid, kind, environment.document, version, command_line, host, started_utc, ended_utc, settings
FROM bench JOIN environment ON environment.id = bench.environment WHERE bench.id = ?)");
        bind_all(head, bench);
        if (!head.executeStep()) {
            throw bad_input("bench", std::to_string(bench), "is not in " + database.path().string(),
                            "a bench's number (see db list)");
        }
        StoredBench stored;
        stored.id = bench;
        BenchRecord& record = stored.record;
        int column = 0;
        for (std::string* text :
             {&record.uuid, &record.kind, &record.environment, &record.version, &record.command_line, &record.host,
              &record.started_utc, &record.ended_utc, &record.settings}) {
            *text = head.getColumn(column++).getString();
        }
        SQLite::Statement row(database.handle(), R"(
SELECT case_name, implementation, outcome, message, repetitions, minimum_ns, first_quartile_ns, median_ns,
       third_quartile_ns, maximum_ns, ratio_minimum, ratio_first_quartile, ratio_median, ratio_third_quartile,
       ratio_maximum, details
FROM bench_result WHERE bench = ? ORDER BY number)");
        bind_all(row, bench);
        while (row.executeStep()) {
            const std::int64_t repetitions = row.getColumn(4).getInt64();
            constexpr int first_of_ratio = 10;
            record.rows.push_back(
                {row.getColumn(0).getString(), row.getColumn(1).getString(),
                 bench_outcome_from_string(row.getColumn(2).getString(), "bench_result.outcome"),
                 row.getColumn(3).getString(), summary_from(row, 5, repetitions),
                 summary_from(row, first_of_ratio, row.isColumnNull(first_of_ratio) ? 0 : repetitions),
                 row.getColumn(15).getString()});
        }
        return stored;
    });
}

}  // namespace longscope
