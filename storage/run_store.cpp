// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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
                             "peak_memory_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const RankResult& r : ranks) {
        bind_all(insert, repetition, r.rank, r.tokens, r.pairs, r.computing_ns, r.exposed_communication_ns,
                 r.waiting_ns, r.other_ns, r.bytes_sent, r.bytes_received, r.peak_memory_bytes);
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

RunStore::RunStore(Database& database) : database_(database) {
    if (!database.writable()) {
        throw failed(
            fmt::format("{}: cannot store a run: the database is open for reading only", database.path().string()));
    }
}

std::int64_t RunStore::begin_run(const RunRecord& record) {
    return in_transaction(database_, "store a run", [&] {
        SQLite::Database& handle = database_.handle();
        const std::int64_t experiment =
            shared_document(handle, "experiment", record.experiment, &record.experiment_name);
        const std::int64_t environment = shared_document(handle, "environment", record.environment, nullptr);
        execute(handle,
                "INSERT INTO run (uuid, experiment, environment, state, message, command_line, backend, ranks, "
                "started_utc, run_folder, host, pid) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                record.uuid.empty() ? random_uuid() : record.uuid, experiment, environment, to_string(record.state),
                record.message, record.command_line, record.backend, record.ranks,
                record.started_utc.empty() ? utc_now_text() : record.started_utc, record.run_folder, record.host,
                record.pid);
        return std::int64_t{handle.getLastInsertRowid()};
    });
}

void RunStore::set_state(std::int64_t run, RunState state, std::string_view message) {
    const bool ended = is_final(state) && state != RunState::lost;
    in_transaction(database_, "store the state of a run", [&] {
        const int changed =
            execute(database_.handle(), "UPDATE run SET state = ?, message = ?, ended_utc = nullif(?, '') WHERE id = ?",
                    to_string(state), message, ended ? utc_now_text() : std::string(), run);
        if (changed != 1) {
            throw failed(fmt::format("{}: run {} is not in the database", database_.path().string(), run));
        }
    });
}

void RunStore::end_run(std::int64_t run, RunState state, std::string_view message) {
    if (!is_final(state)) {
        throw failed(fmt::format("run {}: cannot end as {}", run, to_string(state)));
    }
    set_state(run, state, message);
}

std::int64_t RunStore::add_draw(std::int64_t run, const DrawRecord& record) {
    return in_transaction(database_, "store a draw", [&] {
        execute(database_.handle(),
                "INSERT INTO draw (run, number, seed, documents, tokens, pairs, flops, lengths, plan_hash) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                run, record.index, record.seed, record.documents, record.tokens, record.pairs, record.flops,
                Json(record.lengths).dump(), record.plan_hash);
        return std::int64_t{database_.handle().getLastInsertRowid()};
    });
}

void RunStore::add_plan(std::int64_t draw, std::int64_t rank, std::string_view schedule) {
    in_transaction(database_, "store a plan", [&] {
        execute(database_.handle(), "INSERT INTO plan (draw, rank, schedule) VALUES (?, ?, ?)", draw, rank, schedule);
    });
}

std::int64_t RunStore::add_repetition(std::int64_t draw, const RepetitionRecord& record) {
    return in_transaction(database_, "store a repetition", [&] {
        SQLite::Database& handle = database_.handle();
        execute(handle, "INSERT INTO repetition (draw, number, kind, duration_ns) VALUES (?, ?, ?, ?)", draw,
                record.index, std::string_view(record.measured ? "measured" : "warm-up"), record.duration_ns);
        const std::int64_t repetition = handle.getLastInsertRowid();
        insert_ranks(handle, repetition, record.ranks);
        insert_events(handle, repetition, record.events);
        return repetition;
    });
}

void RunStore::add_check(std::int64_t draw, const CheckRecord& record) {
    in_transaction(database_, "store a check", [&] {
        execute(database_.handle(),
                "INSERT INTO check_result (draw, rows, output_relative_error, lse_absolute_error, output_limit, "
                "lse_limit, passed) VALUES (?, ?, ?, ?, ?, ?, ?)",
                draw, record.rows, record.output_relative_error, record.lse_absolute_error, record.output_limit,
                record.lse_limit, record.passed);
    });
}

void RunStore::add_clock(std::int64_t run, const ClockRecord& record) {
    in_transaction(database_, "store a clock", [&] {
        execute(database_.handle(), "INSERT INTO clock (run, rank, offset_ns, error_ns) VALUES (?, ?, ?, ?)", run,
                record.rank, record.offset_ns, record.error_ns);
    });
}

void RunStore::add_artifact(std::int64_t run, const ArtifactRecord& record) {
    in_transaction(database_, "store the place of a file", [&] {
        execute(database_.handle(), "INSERT INTO artifact (run, kind, path) VALUES (?, ?, ?)", run, record.kind,
                record.path);
    });
}

std::vector<std::int64_t> RunStore::mark_lost(const std::function<bool(const std::string&)>& abandoned) {
    struct Unfinished {
        std::int64_t run;
        std::string folder;
    };
    const std::vector<Unfinished> unfinished = guarded(database_, "look for lost runs", [&] {
        std::vector<Unfinished> found;
        SQLite::Statement select(database_.handle(),
                                 "SELECT id, run_folder FROM run WHERE state IN ('queued', 'running') ORDER BY id");
        while (select.executeStep()) {
            found.push_back({select.getColumn(0).getInt64(), select.getColumn(1).getString()});
        }
        return found;
    });
    std::vector<std::int64_t> lost;
    for (const Unfinished& candidate : unfinished) {
        if (!abandoned(candidate.folder)) {
            continue;
        }
        // The state once more: the run may have ended meanwhile.
        const int changed = in_transaction(database_, "mark a lost run", [&] {
            return execute(database_.handle(),
                           "UPDATE run SET state = 'lost', message = ? "
                           "WHERE id = ? AND state IN ('queued', 'running')",
                           std::string_view("it was not finished, and no process holds its run folder any more"),
                           candidate.run);
        });
        if (changed == 1) {
            lost.push_back(candidate.run);
        }
    }
    return lost;
}

}  // namespace longscope
