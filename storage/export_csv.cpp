// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

#include "storage/csv_field.h"
#include "storage/export.h"
#include "storage/run_query.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

using Row = std::vector<std::string>;

// Units stand in the names; without one it is a count.
constexpr std::string_view header =
    "run,uuid,name,state,backend,ranks,"
    "draw,seed,documents,tokens,pairs,flops,output_relative_error,lse_absolute_error,check_passed,"
    "query_gradient_error,key_gradient_error,value_gradient_error,sink_gradient_error,"
    "repetition,kind,duration_ns,forward_ns,backward_ns,"
    "rank,rank_tokens,rank_pairs,computing_ns,exposed_communication_ns,waiting_ns,other_ns,bytes_sent,bytes_received,"
    "peak_memory_bytes,dropped_events\r\n";

Row run_fields(const StoredRun& run) {
    const RunRecord& r = run.record;
    return {csv_field(run.id),
            csv_field(r.uuid),
            csv_field(r.experiment_name),
            csv_field(std::string(to_string(r.state))),
            csv_field(r.backend),
            csv_field(r.ranks)};
}

Row draw_fields(const StoredDraw& draw) {
    const DrawRecord& d = draw.record;
    Row row{csv_field(d.index),  csv_field(d.seed),  csv_field(d.documents),
            csv_field(d.tokens), csv_field(d.pairs), csv_field(d.flops)};
    if (draw.checks.empty()) {
        row.insert(row.end(), 7, "");
    } else {
        const CheckRecord& check = draw.checks.back();
        const auto of_gradients = [&](double value) { return check.has_gradients() ? csv_field(value) : ""; };
        row.insert(row.end(), {csv_field(check.output_relative_error), csv_field(check.lse_absolute_error),
                               check.passed ? "1" : "0", of_gradients(check.query_gradient_error),
                               of_gradients(check.key_gradient_error), of_gradients(check.value_gradient_error),
                               check.sink_gradient_error ? csv_field(*check.sink_gradient_error) : ""});
    }
    return row;
}

Row repetition_fields(const RepetitionRecord& r) {
    return {csv_field(r.index), r.measured ? "measured" : "warm-up", csv_field(r.duration_ns), csv_field(forward_ns(r)),
            r.backward_ns ? csv_field(*r.backward_ns) : ""};
}

Row rank_fields(const RankResult& r) {
    return {csv_field(r.rank),
            csv_field(r.tokens),
            csv_field(r.pairs),
            csv_field(r.computing_ns),
            csv_field(r.exposed_communication_ns),
            csv_field(r.waiting_ns),
            csv_field(r.other_ns),
            csv_field(r.bytes_sent),
            csv_field(r.bytes_received),
            csv_field(r.peak_memory_bytes),
            csv_field(r.dropped_events)};
}

void write_row(std::ostream& out, const std::vector<Row>& parts) {
    std::vector<std::string> joined;
    for (const Row& part : parts) {
        joined.push_back(fmt::format("{}", fmt::join(part, ",")));
    }
    out << fmt::format("{}\r\n", fmt::join(joined, ","));
}

}  // namespace

void export_csv(Database& database, std::int64_t run, std::ostream& out) {
    const StoredRun stored = read_run(database, run);
    out << header;
    const Row of_run = run_fields(stored);
    const Row no_rank(rank_fields({}).size());
    for (const StoredDraw& draw : stored.draws) {
        const Row of_draw = draw_fields(draw);
        for (const StoredRepetition& repetition : draw.repetitions) {
            const Row of_repetition = repetition_fields(repetition.record);
            for (const RankResult& rank : repetition.record.ranks) {
                write_row(out, {of_run, of_draw, of_repetition, rank_fields(rank)});
            }
            if (repetition.record.ranks.empty()) {
                write_row(out, {of_run, of_draw, of_repetition, no_rank});
            }
        }
    }
}

}  // namespace longscope
