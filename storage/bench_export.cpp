// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/bench_export.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "storage/csv_field.h"
#include "storage/run_json.h"

namespace longscope {

namespace {

constexpr std::string_view header =
    "bench,uuid,kind,version,host,started_utc,case,implementation,outcome,message,repetitions,minimum_ns,"
    "first_quartile_ns,median_ns,third_quartile_ns,maximum_ns,ratio_minimum,ratio_first_quartile,ratio_median,"
    "ratio_third_quartile,ratio_maximum\r\n";

Json quantiles_to_json(const Summary& summary) {
    if (summary.count == 0) {
        return nullptr;
    }
    return {{"minimum", number_to_json(summary.min)},
            {"first_quartile", number_to_json(summary.first_quartile)},
            {"median", number_to_json(summary.median)},
            {"third_quartile", number_to_json(summary.third_quartile)},
            {"maximum", number_to_json(summary.max)}};
}

}  // namespace

Json summary_to_json(const BenchSummary& bench) {
    return {{"bench", bench.id},    {"uuid", bench.uuid},
            {"kind", bench.kind},   {"version", bench.version},
            {"host", bench.host},   {"started_utc", bench.started_utc},
            {"cases", bench.cases}, {"implementations", bench.implementations}};
}

Json bench_to_json(const StoredBench& bench) {
    const BenchRecord& record = bench.record;
    Json json{{"version", run_json_version},
              {"bench", bench.id},
              {"uuid", record.uuid},
              {"kind", record.kind},
              {"program_version", record.version},
              {"command_line", record.command_line},
              {"host", record.host},
              {"started_utc", record.started_utc},
              {"ended_utc", record.ended_utc},
              {"environment", parse_json(record.environment, "environment.document")},
              {"settings", parse_json(record.settings, "bench.settings")},
              {"results", Json::array()}};
    for (const BenchRow& row : record.rows) {
        json["results"].push_back({{"case", row.case_name},
                                   {"implementation", row.implementation},
                                   {"outcome", to_string(row.outcome)},
                                   {"message", row.message},
                                   {"repetitions", row.duration_ns.count},
                                   {"duration_ns", quantiles_to_json(row.duration_ns)},
                                   {"ratio", quantiles_to_json(row.ratio)},
                                   {"details", parse_json(row.details, "bench_result.details")}});
    }
    return json;
}

void export_bench_csv(const StoredBench& bench, std::ostream& out) {
    const BenchRecord& record = bench.record;
    out << header;
    for (const BenchRow& row : record.rows) {
        const Summary& time = row.duration_ns;
        const Summary& ratio = row.ratio;
        std::vector<std::string> fields{csv_field(bench.id)};
        for (const std::string& text :
             {record.uuid, record.kind, record.version, record.host, record.started_utc, row.case_name,
              row.implementation, std::string(to_string(row.outcome)), row.message}) {
            fields.push_back(csv_field(text));
        }
        fields.push_back(csv_field(time.count));
        for (const double number : {time.min, time.first_quartile, time.median, time.third_quartile, time.max,
                                    ratio.min, ratio.first_quartile, ratio.median, ratio.third_quartile, ratio.max}) {
            fields.push_back(csv_field(number));
        }
        out << fmt::format("{}\r\n", fmt::join(fields, ","));
    }
}

void export_bench_json(const StoredBench& bench, std::ostream& out) {
    out << bench_to_json(bench).dump(1, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace longscope
