// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_query.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "storage/bind.h"
#include "storage/read_view.h"

namespace longscope {

namespace {

double number_or_nan(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

std::vector<std::int64_t> lengths_from(const std::string& text, const Database& database) {
    const std::string field = database.path().string() + ": draw.lengths";
    std::vector<std::int64_t> lengths;
    for (const Json& element : parse_json(text, field)) {
        lengths.push_back(checked_integer(element, field, 0, std::numeric_limits<std::int64_t>::max()));
    }
    return lengths;
}

RunRecord read_record(Database& database, std::int64_t run) {
    SQLite::Statement row(database.handle(), R"(
SELECT run.uuid, experiment.name, experiment.document, environment.document, run.state, run.message, run.command_line,
       run.backend, run.ranks, run.started_utc, coalesce(run.ended_utc, ''), run.run_folder, run.host, run.pid
FROM run JOIN experiment ON experiment.id = run.experiment JOIN environment ON environment.id = run.environment
WHERE run.id = ?)");
    bind_all(row, run);
    if (!row.executeStep()) {
        throw bad_input("run", std::to_string(run), "is not in " + database.path().string(),
                        "a run's number (see db list)");
    }
    RunRecord record;
    record.uuid = row.getColumn(0).getString();
    record.experiment_name = row.getColumn(1).getString();
    record.experiment = row.getColumn(2).getString();
    record.environment = row.getColumn(3).getString();
    record.state = run_state_from_string(row.getColumn(4).getString(), "run.state");
    record.message = row.getColumn(5).getString();
    record.command_line = row.getColumn(6).getString();
    record.backend = row.getColumn(7).getString();
    record.ranks = row.getColumn(8).getInt64();
    record.started_utc = row.getColumn(9).getString();
    record.ended_utc = row.getColumn(10).getString();
    record.run_folder = row.getColumn(11).getString();
    record.host = row.getColumn(12).getString();
    record.pid = row.getColumn(13).getInt64();
    return record;
}

std::vector<RankResult> read_ranks(Database& database, std::int64_t repetition) {
    SQLite::Statement row(
        database.handle(),
        "SELECT rank, tokens, pairs, computing_ns, exposed_communication_ns, waiting_ns, other_ns, "
        "bytes_sent, bytes_received, peak_memory_bytes, dropped_events FROM rank_result WHERE repetition = ? "
        "ORDER BY rank");
    bind_all(row, repetition);
    std::vector<RankResult> ranks;
    while (row.executeStep()) {
        ranks.push_back({row.getColumn(0).getInt64(), row.getColumn(1).getInt64(), row.getColumn(2).getInt64(),
                         row.getColumn(3).getInt64(), row.getColumn(4).getInt64(), row.getColumn(5).getInt64(),
                         row.getColumn(6).getInt64(), row.getColumn(7).getInt64(), row.getColumn(8).getInt64(),
                         row.getColumn(9).getInt64(), row.getColumn(10).getInt64()});
    }
    return ranks;
}

std::vector<StoredRepetition> read_repetitions(Database& database, std::int64_t draw) {
    SQLite::Statement row(database.handle(),
                          "SELECT id, number, kind = 'measured' AS measured, duration_ns, backward_ns, "
                          "(SELECT count(*) FROM event WHERE event.repetition = repetition.id) "
                          "FROM repetition WHERE draw = ? ORDER BY measured, number");
    bind_all(row, draw);
    std::vector<StoredRepetition> repetitions;
    while (row.executeStep()) {
        StoredRepetition stored;
        stored.id = row.getColumn(0).getInt64();
        stored.record.index = row.getColumn(1).getInt64();
        stored.record.measured = row.getColumn(2).getInt() == 1;
        stored.record.duration_ns = row.getColumn(3).getInt64();
        stored.record.ranks = read_ranks(database, stored.id);
        if (const SQLite::Column backward = row.getColumn(4); !backward.isNull()) {
            stored.record.backward_ns = backward.getInt64();
        }
        stored.event_count = row.getColumn(5).getInt64();
        repetitions.push_back(std::move(stored));
    }
    return repetitions;
}

std::vector<CheckRecord> read_checks(Database& database, std::int64_t draw) {
    SQLite::Statement row(database.handle(),
                          "SELECT rows, output_relative_error, lse_absolute_error, output_limit, lse_limit, passed, "
                          "query_gradient_error, key_gradient_error, value_gradient_error, gradient_limit, "
                          "has_sinks, sink_gradient_error "
                          "FROM check_result WHERE draw = ? ORDER BY id");
    bind_all(row, draw);
    std::vector<CheckRecord> checks;
    while (row.executeStep()) {
        checks.push_back({row.getColumn(0).getInt64(), number_or_nan(row.getColumn(1)), number_or_nan(row.getColumn(2)),
                          row.getColumn(3).getDouble(), row.getColumn(4).getDouble(), row.getColumn(5).getInt() == 1});
        if (!row.getColumn(9).isNull()) {
            CheckRecord& check = checks.back();
            check.query_gradient_error = number_or_nan(row.getColumn(6));
            check.key_gradient_error = number_or_nan(row.getColumn(7));
            check.value_gradient_error = number_or_nan(row.getColumn(8));
            check.gradient_limit = row.getColumn(9).getDouble();
        }
        if (row.getColumn(10).getInt() == 1) {
            checks.back().sink_gradient_error = number_or_nan(row.getColumn(11));
        }
    }
    return checks;
}

std::vector<StoredDraw> read_draws(Database& database, std::int64_t run) {
    SQLite::Statement row(database.handle(),
                          "SELECT id, number, seed, documents, tokens, pairs, flops, lengths, plan_hash "
                          "FROM draw WHERE run = ? ORDER BY number");
    bind_all(row, run);
    std::vector<StoredDraw> draws;
    while (row.executeStep()) {
        StoredDraw draw;
        draw.id = row.getColumn(0).getInt64();
        draw.record = {row.getColumn(1).getInt64(),
                       row.getColumn(2).getInt64(),
                       row.getColumn(3).getInt64(),
                       row.getColumn(4).getInt64(),
                       row.getColumn(5).getInt64(),
                       row.getColumn(6).getDouble(),
                       lengths_from(row.getColumn(7).getString(), database),
                       row.getColumn(8).getString()};
        draw.repetitions = read_repetitions(database, draw.id);
        draw.checks = read_checks(database, draw.id);
        draws.push_back(std::move(draw));
    }
    return draws;
}

}  // namespace

StoredRun read_run(Database& database, std::int64_t run) {
    return guarded(database, "read a run", [&] {
        const ReadView view(database);
        StoredRun stored;
        stored.id = run;
        stored.record = read_record(database, run);
        stored.draws = read_draws(database, run);
        SQLite::Statement clock(database.handle(),
                                "SELECT rank, offset_ns, error_ns FROM clock WHERE run = ? ORDER BY rank");
        bind_all(clock, run);
        while (clock.executeStep()) {
            stored.clocks.push_back(
                {clock.getColumn(0).getInt64(), clock.getColumn(1).getInt64(), clock.getColumn(2).getInt64()});
        }
        SQLite::Statement artifact(database.handle(), "SELECT kind, path FROM artifact WHERE run = ? ORDER BY id");
        bind_all(artifact, run);
        while (artifact.executeStep()) {
            stored.artifacts.push_back({artifact.getColumn(0).getString(), artifact.getColumn(1).getString()});
        }
        SQLite::Statement tag(database.handle(), "SELECT name FROM tag WHERE run = ? ORDER BY name");
        bind_all(tag, run);
        while (tag.executeStep()) {
            stored.tags.push_back(tag.getColumn(0).getString());
        }
        SQLite::Statement note(database.handle(), "SELECT text FROM note WHERE run = ?");
        bind_all(note, run);
        if (note.executeStep()) {
            stored.note = note.getColumn(0).getString();
        }
        return stored;
    });
}

std::vector<TraceEvent> read_events(Database& database, std::int64_t repetition) {
    return guarded(database, "read events", [&] {
        SQLite::Statement row(database.handle(),
                              "SELECT rank, stream, category, start_ns, duration_ns, bytes, flops, operation, flow, "
                              "step FROM event WHERE repetition = ? ORDER BY rank, start_ns, id");
        bind_all(row, repetition);
        std::vector<TraceEvent> events;
        while (row.executeStep()) {
            TraceEvent event;
            event.rank = row.getColumn(0).getInt();
            event.stream = stream_from_string(row.getColumn(1).getString());
            event.category = category_from_string(row.getColumn(2).getString());
            event.start_ns = row.getColumn(3).getInt64();
            event.duration_ns = row.getColumn(4).getInt64();
            event.bytes = row.getColumn(5).getInt64();
            event.flops = row.getColumn(6).getDouble();
            event.operation = row.getColumn(7).getInt64();
            event.flow = row.getColumn(8).getInt64();
            event.step = row.getColumn(9).getInt();
            events.push_back(event);
        }
        return events;
    });
}

std::vector<StoredPlan> read_plans(Database& database, std::int64_t draw) {
    return guarded(database, "read plans", [&] {
        SQLite::Statement row(database.handle(), "SELECT rank, schedule FROM plan WHERE draw = ? ORDER BY rank");
        bind_all(row, draw);
        std::vector<StoredPlan> plans;
        while (row.executeStep()) {
            plans.push_back({row.getColumn(0).getInt64(), row.getColumn(1).getString()});
        }
        return plans;
    });
}

}  // namespace longscope
