// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_insert.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "storage/bind.h"
#include "storage/uuid.h"

namespace longscope {

namespace {

// The id of the row of `table` with this document, which is inserted when it is new. `table` is ours, never a user's.
std::int64_t shared_document(SQLite::Database& handle, const std::string& table, const std::string& document,
                             const std::string* name) {
    const std::string hash = hash_text(fnv1a(document));
    SQLite::Statement find(handle, fmt::format("SELECT id, document FROM {} WHERE hash = ?", table));
    bind_all(find, hash);
    if (find.executeStep()) {
        if (find.getColumn(1).getString() != document) {
            throw failed(fmt::format("{}: two documents have the same fingerprint {}", table, hash));
        }
        return find.getColumn(0).getInt64();
    }
    if (name != nullptr) {
        execute(handle, "INSERT INTO experiment (hash, document, name) VALUES (?, ?, ?)", hash, document, *name);
    } else {
        execute(handle, "INSERT INTO environment (hash, document) VALUES (?, ?)", hash, document);
    }
    return handle.getLastInsertRowid();
}

void insert_ranks(SQLite::Database& handle, std::int64_t repetition, const std::vector<RankResult>& ranks) {
    SQLite::Statement insert(handle,
                             "INSERT INTO rank_result (repetition, rank, tokens, pairs, computing_ns, "
                             "exposed_communication_ns, waiting_ns, other_ns, bytes_sent, bytes_received, "
                             "peak_memory_bytes, dropped_events) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const RankResult& r : ranks) {
        bind_all(insert, repetition, r.rank, r.tokens, r.pairs, r.computing_ns, r.exposed_communication_ns,
                 r.waiting_ns, r.other_ns, r.bytes_sent, r.bytes_received, r.peak_memory_bytes, r.dropped_events);
        insert.exec();
        insert.reset();
    }
}

void insert_events(SQLite::Database& handle, std::int64_t repetition, const std::vector<TraceEvent>& events) {
    SQLite::Statement insert(handle,
                             "INSERT INTO event (repetition, rank, stream, category, start_ns, duration_ns, bytes, "
                             "flops, operation, flow, step) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const TraceEvent& e : events) {
        bind_all(insert, repetition, e.rank, to_string(e.stream), to_string(e.category), e.start_ns, e.duration_ns,
                 e.bytes, e.flops, e.operation, e.flow, e.step);
        insert.exec();
        insert.reset();
    }
}

}  // namespace

std::int64_t insert_environment(SQLite::Database& handle, const std::string& document) {
    return shared_document(handle, "environment", document, nullptr);
}

std::int64_t insert_run(SQLite::Database& handle, const RunRecord& record) {
    const std::int64_t experiment = shared_document(handle, "experiment", record.experiment, &record.experiment_name);
    const std::int64_t environment = insert_environment(handle, record.environment);
    execute(handle,
            "INSERT INTO run (uuid, experiment, environment, state, message, command_line, backend, ranks, "
            "started_utc, ended_utc, run_folder, host, pid) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?)",
            record.uuid.empty() ? random_uuid() : record.uuid, experiment, environment, to_string(record.state),
            record.message, record.command_line, record.backend, record.ranks,
            record.started_utc.empty() ? utc_now_text() : record.started_utc, record.ended_utc, record.run_folder,
            record.host, record.pid);
    return handle.getLastInsertRowid();
}

std::int64_t insert_draw(SQLite::Database& handle, std::int64_t run, const DrawRecord& record) {
    execute(handle,
            "INSERT INTO draw (run, number, seed, documents, tokens, pairs, flops, lengths, plan_hash) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            run, record.index, record.seed, record.documents, record.tokens, record.pairs, record.flops,
            Json(record.lengths).dump(), record.plan_hash);
    return handle.getLastInsertRowid();
}

void insert_plan(SQLite::Database& handle, std::int64_t draw, std::int64_t rank, std::string_view schedule) {
    execute(handle, "INSERT INTO plan (draw, rank, schedule) VALUES (?, ?, ?)", draw, rank, schedule);
}

std::int64_t insert_repetition(SQLite::Database& handle, std::int64_t draw, const RepetitionRecord& record) {
    execute(handle, "INSERT INTO repetition (draw, number, kind, duration_ns, backward_ns) VALUES (?, ?, ?, ?, ?)",
            draw, record.index, std::string_view(record.measured ? "measured" : "warm-up"), record.duration_ns,
            record.backward_ns);
    const std::int64_t repetition = handle.getLastInsertRowid();
    insert_ranks(handle, repetition, record.ranks);
    insert_events(handle, repetition, record.events);
    return repetition;
}

void insert_check(SQLite::Database& handle, std::int64_t draw, const CheckRecord& record) {
    const auto of_gradients = [&](double value) {
        return record.has_gradients() ? std::optional(value) : std::optional<double>();
    };
    execute(handle,
            "INSERT INTO check_result (draw, rows, output_relative_error, lse_absolute_error, output_limit, "
            "lse_limit, passed, query_gradient_error, key_gradient_error, value_gradient_error, gradient_limit, "
            "has_sinks, sink_gradient_error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            draw, record.rows, record.output_relative_error, record.lse_absolute_error, record.output_limit,
            record.lse_limit, record.passed, of_gradients(record.query_gradient_error),
            of_gradients(record.key_gradient_error), of_gradients(record.value_gradient_error),
            of_gradients(record.gradient_limit), record.sink_gradient_error.has_value(), record.sink_gradient_error);
}

void insert_clock(SQLite::Database& handle, std::int64_t run, const ClockRecord& record) {
    execute(handle, "INSERT INTO clock (run, rank, offset_ns, error_ns) VALUES (?, ?, ?, ?)", run, record.rank,
            record.offset_ns, record.error_ns);
}

void insert_artifact(SQLite::Database& handle, std::int64_t run, const ArtifactRecord& record) {
    execute(handle, "INSERT INTO artifact (run, kind, path) VALUES (?, ?, ?)", run, record.kind, record.path);
}

void insert_tag(SQLite::Database& handle, std::int64_t run, std::string_view name) {
    execute(handle, "INSERT OR IGNORE INTO tag (run, name) VALUES (?, ?)", run, name);
}

void replace_note(SQLite::Database& handle, std::int64_t run, std::string_view text) {
    execute(handle, "DELETE FROM note WHERE run = ?", run);
    if (!text.empty()) {
        execute(handle, "INSERT INTO note (run, text) VALUES (?, ?)", run, text);
    }
}

}  // namespace longscope
