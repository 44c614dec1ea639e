// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "storage/export.h"
#include "storage/run_query.h"

namespace longscope {

namespace {

// Quoted only where RFC 4180 asks for it.
std::string field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += '"';
        }
    }
    return quoted + '"';
}

// The shortest text that reads back as the same number.
std::string field(double value) {
    return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

std::string field(std::int64_t value) {
    return std::to_string(value);
}

using Row = std::vector<std::string>;

// Units stand in the names; without one it is a count.
constexpr std::string_view header =
    "run,uuid,name,state,backend,ranks,"
    "draw,seed,documents,tokens,pairs,flops,output_relative_error,lse_absolute_error,check_passed,"
    "repetition,kind,duration_ns,"
    "rank,rank_tokens,rank_pairs,computing_ns,exposed_communication_ns,waiting_ns,other_ns,bytes_sent,bytes_received,"
    "peak_memory_bytes,dropped_events\r\n";

Row run_fields(const StoredRun& run) {
    const RunRecord& r = run.record;
    return {field(run.id),    field(r.uuid), field(r.experiment_name), field(std::string(to_string(r.state))),
            field(r.backend), field(r.ranks)};
}

Row draw_fields(const StoredDraw& draw) {
    const DrawRecord& d = draw.record;
    Row row{field(d.index), field(d.seed), field(d.documents), field(d.tokens), field(d.pairs), field(d.flops)};
    if (draw.checks.empty()) {
        row.insert(row.end(), 3, "");
    } else {
        const CheckRecord& check = draw.checks.back();
        row.insert(row.end(),
                   {field(check.output_relative_error), field(check.lse_absolute_error), check.passed ? "1" : "0"});
    }
    return row;
}

Row repetition_fields(const RepetitionRecord& r) {
    return {field(r.index), r.measured ? "measured" : "warm-up", field(r.duration_ns)};
}

Row rank_fields(const RankResult& r) {
    return {field(r.rank),
            field(r.tokens),
            field(r.pairs),
            field(r.computing_ns),
            field(r.exposed_communication_ns),
            field(r.waiting_ns),
            field(r.other_ns),
            field(r.bytes_sent),
            field(r.bytes_received),
            field(r.peak_memory_bytes),
            field(r.dropped_events)};
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
