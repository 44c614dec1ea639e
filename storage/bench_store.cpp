// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/bench_store.h"

#include "engine/base/error.h"
#include "storage/bind.h"
#include "storage/run_insert.h"
#include "storage/uuid.h"

namespace longscope {

std::int64_t insert_bench(SQLite::Database& handle, const BenchRecord& record) {
    execute(handle,
            "INSERT INTO bench (uuid, kind, environment, version, command_line, host, started_utc, ended_utc, "
            "settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            record.uuid.empty() ? random_uuid() : record.uuid, record.kind,
            insert_environment(handle, record.environment), record.version, record.command_line, record.host,
            record.started_utc, record.ended_utc, record.settings);
    const std::int64_t bench = handle.getLastInsertRowid();
    SQLite::Statement insert(handle,
                             "INSERT INTO bench_result (bench, number, case_name, implementation, outcome, message, "
                             "repetitions, minimum_ns, first_quartile_ns, median_ns, third_quartile_ns, maximum_ns, "
                             "ratio_minimum, ratio_first_quartile, ratio_median, ratio_third_quartile, ratio_maximum, "
                             "details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    std::int64_t number = 0;
    for (const BenchRow& row : record.rows) {
        const Summary& time = row.duration_ns;
        const Summary& ratio = row.ratio;
        bind_all(insert, bench, number++, row.case_name, row.implementation, to_string(row.outcome), row.message,
                 time.count, time.min, time.first_quartile, time.median, time.third_quartile, time.max, ratio.min,
                 ratio.first_quartile, ratio.median, ratio.third_quartile, ratio.max, row.details);
        insert.exec();
        insert.reset();
    }
    return bench;
}

std::int64_t store_bench(Database& database, const BenchRecord& record) {
    if (!database.writable()) {
        throw failed(database.path().string() + ": cannot store a bench: the database is open for reading only");
    }
    return in_transaction(database, "store a bench", [&] { return insert_bench(database.handle(), record); });
}

}  // namespace longscope
