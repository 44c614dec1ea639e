// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/bench_report.h"

#include <fmt/format.h>

#include <cmath>

#include "app/headless/text_table.h"
#include "storage/report_text.h"

namespace longscope {

namespace {

std::string ratio_text(double ratio) {
    return std::isfinite(ratio) ? fmt::format("{:.3g}", ratio) : "-";
}

}  // namespace

std::string bench_rows_text(const std::vector<BenchRow>& rows) {
    TextTable table({{"case", Align::left},
                     {"implementation", Align::left},
                     {"time"},
                     {"quartiles"},
                     {"ours / this"},
                     {"quartiles"},
                     {"", Align::left}});
    const std::string* last = nullptr;
    for (const BenchRow& row : rows) {
        const Summary& time = row.duration_ns;
        const bool compared = row.ratio.count > 0;
        std::string remark = row.message;
        if (row.outcome != BenchOutcome::measured) {
            remark = fmt::format("{}: {}", to_string(row.outcome), row.message);
        }
        table.add_row({last != nullptr && *last == row.case_name ? "" : row.case_name, row.implementation,
                       time.count > 0 ? report_duration(time.median) : "-",
                       time.count > 0 ? fmt::format("{} to {}", report_duration(time.first_quartile),
                                                    report_duration(time.third_quartile))
                                      : "",
                       compared ? ratio_text(row.ratio.median) : "",
                       compared ? fmt::format("{} to {}", ratio_text(row.ratio.first_quartile),
                                              ratio_text(row.ratio.third_quartile))
                                : "",
                       remark});
        last = &row.case_name;
    }
    return table.text();
}

std::string bench_report(const StoredBench& bench) {
    const BenchRecord& record = bench.record;
    return fmt::format("Bench {}: {}\n  uuid      {}\n  measured  {} to {} on {}\n  version   {}\n  command   {}\n\n{}",
                       bench.id, printable(record.kind), printable(record.uuid), printable(record.started_utc),
                       printable(record.ended_utc), printable(record.host), printable(record.version),
                       printable(record.command_line), bench_rows_text(record.rows));
}

}  // namespace longscope
