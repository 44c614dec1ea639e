// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_store.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "storage/bind.h"
#include "storage/run_insert.h"

namespace longscope {

RunStore::RunStore(Database& database) : database_(database) {
    if (!database.writable()) {
        throw failed(
            fmt::format("{}: cannot store a run: the database is open for reading only", database.path().string()));
    }
}

std::int64_t RunStore::begin_run(const RunRecord& record) {
    return in_transaction(database_, "store a run", [&] { return insert_run(database_.handle(), record); });
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
    return in_transaction(database_, "store a draw", [&] { return insert_draw(database_.handle(), run, record); });
}

void RunStore::add_plan(std::int64_t draw, std::int64_t rank, std::string_view schedule) {
    in_transaction(database_, "store a plan", [&] { insert_plan(database_.handle(), draw, rank, schedule); });
}

std::int64_t RunStore::add_repetition(std::int64_t draw, const RepetitionRecord& record) {
    return in_transaction(database_, "store a repetition",
                          [&] { return insert_repetition(database_.handle(), draw, record); });
}

void RunStore::add_check(std::int64_t draw, const CheckRecord& record) {
    in_transaction(database_, "store a check", [&] { insert_check(database_.handle(), draw, record); });
}

void RunStore::add_clock(std::int64_t run, const ClockRecord& record) {
    in_transaction(database_, "store a clock", [&] { insert_clock(database_.handle(), run, record); });
}

void RunStore::add_artifact(std::int64_t run, const ArtifactRecord& record) {
    in_transaction(database_, "store the place of a file", [&] { insert_artifact(database_.handle(), run, record); });
}

std::vector<std::int64_t> RunStore::mark_lost(const IsAbandoned& abandoned) {
    struct Unfinished {
        std::int64_t run;
        std::string folder;
        std::string host;
    };
    const std::vector<Unfinished> unfinished = guarded(database_, "look for lost runs", [&] {
        std::vector<Unfinished> found;
        SQLite::Statement select(
            database_.handle(),
            "SELECT id, run_folder, host FROM run WHERE state IN ('queued', 'running') ORDER BY id");
        while (select.executeStep()) {
            found.push_back(
                {select.getColumn(0).getInt64(), select.getColumn(1).getString(), select.getColumn(2).getString()});
        }
        return found;
    });
    std::vector<std::int64_t> lost;
    for (const Unfinished& candidate : unfinished) {
        if (!abandoned(candidate.folder, candidate.host)) {
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
