// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_page_refresh.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/base/json.h"
#include "storage/bind.h"
#include "storage/records.h"
#include "storage/run_statistics.h"

namespace longscope {

namespace {

// New runs, those that were going on, and those of which something else than results changed. Final runs get no more
// results. Texts of untrusted files are cut to what a table can show.
constexpr const char* changed_sql = R"(
SELECT now.* FROM (
    SELECT run.id AS run, run.uuid, substr(experiment.name, 1, 1000) AS name, run.state, run.started_utc,
           CAST(round((julianday(run.ended_utc) - julianday(run.started_utc)) * 86400e3) AS INTEGER) * 1000000
               AS wall_ns,
           run.ranks, substr(run.backend, 1, 1000) AS backend, substr(run.host, 1, 1000) AS host,
           substr(run.message, 1, 4000) AS message,
           coalesce((SELECT group_concat(name, ', ') FROM (
               SELECT name FROM main.tag WHERE tag.run = run.id ORDER BY name)), '') AS tags,
           coalesce((SELECT substr(text, 1, 4000) FROM main.note WHERE note.run = run.id), '') AS note,
           experiment.hash
    FROM main.run JOIN main.experiment ON experiment.id = run.experiment
) AS now LEFT JOIN temp.run_row AS before ON before.run = now.run
WHERE before.run IS NULL OR before.state IN ('queued', 'running') OR before.state <> now.state
      OR before.message <> now.message OR before.tags <> now.tags OR before.note <> now.note
)";

struct Layout {
    std::string strategy;
    std::string dispatch;
};

// Words of the layout in a document that may say anything.
Layout layout_of(SQLite::Database& handle, const std::string& hash) {
    SQLite::Statement select(handle, "SELECT document FROM main.experiment WHERE hash = ?");
    select.bind(1, hash);
    Layout layout;
    try {
        if (select.executeStep()) {
            const Json document = parse_json(select.getColumn(0).getString(), "experiment");
            const auto found = document.is_object() ? document.find("layout") : document.end();
            if (found != document.end() && found->is_object()) {
                const auto word = [&](const char* name) {
                    const auto value = found->find(name);
                    return value != found->end() && value->is_string() ? value->get<std::string>().substr(0, 200)
                                                                       : std::string();
                };
                layout = {word("strategy"), word("dispatch")};
            }
        }
    } catch (const Error&) {  // not a document of ours: the row says nothing about its layout
    }
    return layout;
}

// A row of changed_sql.
struct Changed {
    std::int64_t run = 0;
    std::string uuid;
    std::string name;
    std::string state;
    std::string started_utc;
    std::optional<std::int64_t> wall_ns;
    std::int64_t ranks = 0;
    std::string backend;
    std::string host;
    std::string message;
    std::string tags;
    std::string note;
    std::string experiment_hash;
};

std::vector<Changed> read_changed(SQLite::Database& handle) {
    SQLite::Statement select(handle, changed_sql);
    std::vector<Changed> changed;
    while (select.executeStep()) {
        const auto text = [&](int column) { return select.getColumn(column).getString(); };
        const SQLite::Column wall = select.getColumn(5);
        // A clock that was set back in between says nothing.
        const bool known = !wall.isNull() && wall.getInt64() >= 0;
        changed.push_back({select.getColumn(0).getInt64(), text(1), text(2), text(3), text(4),
                           known ? std::optional(wall.getInt64()) : std::nullopt, select.getColumn(6).getInt64(),
                           text(7), text(8), text(9), text(10), text(11), text(12)});
    }
    return changed;
}

struct Figures {
    RunFigures of;
    std::int64_t tokens = -1;  // none
};

Figures read_figures(SQLite::Statement& draws, SQLite::Statement& durations, std::int64_t run) {
    Figures figures;
    StoredRun stored;
    bind_all(draws, run);
    while (draws.executeStep()) {
        StoredDraw draw;
        draw.record.flops = draws.getColumn(1).getDouble();
        figures.tokens = std::max(figures.tokens, draws.getColumn(2).getInt64());
        bind_all(durations, draws.getColumn(0).getInt64());
        while (durations.executeStep()) {
            StoredRepetition repetition;
            repetition.record.duration_ns = durations.getColumn(0).getInt64();
            draw.repetitions.push_back(std::move(repetition));
        }
        durations.reset();
        stored.draws.push_back(std::move(draw));
    }
    draws.reset();
    figures.of = figures_of(stored);
    return figures;
}

void bind_known(SQLite::Statement& statement, int index, double value) {
    std::isfinite(value) ? statement.bind(index, value) : statement.bind(index);
}

void insert_row(SQLite::Statement& insert, const Changed& run, const Layout& layout, const Figures& figures) {
    // No word holds the line breaks between the texts: it is found in one text or not at all.
    std::string search;
    for (const std::string* text :
         {&run.name, &run.state, &run.backend, &run.host, &run.tags, &run.note, &layout.strategy, &layout.dispatch}) {
        search += *text + '\n';
    }
    bind_all(insert, run.run, run.uuid, run.name, run.state, run.started_utc);
    run.wall_ns ? insert.bind(6, *run.wall_ns) : insert.bind(6);
    insert.bind(7, run.ranks);
    insert.bind(8, layout.strategy);
    insert.bind(9, layout.dispatch);
    insert.bind(10, run.backend);
    figures.tokens >= 0 ? insert.bind(11, figures.tokens) : insert.bind(11);
    bind_known(insert, 12, figures.of.median_ns);
    bind_known(insert, 13, figures.of.flops_per_s);
    insert.bind(14, run.tags);
    insert.bind(15, run.host);
    insert.bind(16, run.message);
    insert.bind(17, run.note);
    insert.bind(18, lower_case(search));
    insert.exec();
    insert.reset();
}

}  // namespace

std::string lower_case(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'Z') {
            c = static_cast<char>(c - 'A' + 'a');
        }
    }
    return text;
}

void create_run_rows(SQLite::Database& handle) {
    handle.exec("PRAGMA temp_store = MEMORY");
    handle.exec(R"(
CREATE TEMP TABLE run_row (
    run INTEGER PRIMARY KEY, uuid TEXT, name TEXT, state TEXT, started_utc TEXT, wall_ns INTEGER, ranks INTEGER,
    strategy TEXT, dispatch TEXT, backend TEXT, tokens INTEGER, median_ns REAL, flops_per_s REAL, tags TEXT, host TEXT,
    message TEXT, note TEXT, search TEXT
))");
}

std::vector<std::int64_t> refresh_run_rows(SQLite::Database& handle) {
    // A read transaction on the file: all statements see the same commit.
    SQLite::Transaction view(handle);
    handle.exec("DELETE FROM temp.run_row WHERE run NOT IN (SELECT id FROM main.run)");
    const std::vector<Changed> changed = read_changed(handle);
    SQLite::Statement draws(handle, "SELECT id, flops, tokens FROM main.draw WHERE run = ?");
    SQLite::Statement durations(handle, "SELECT duration_ns FROM main.repetition WHERE draw = ? AND kind = 'measured'");
    SQLite::Statement insert(handle,
                             "INSERT OR REPLACE INTO temp.run_row VALUES "
                             "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    std::unordered_map<std::string, Layout> layouts;  // by the hash of the document
    std::vector<std::int64_t> runs;
    runs.reserve(changed.size());
    for (const Changed& change : changed) {
        auto layout = layouts.find(change.experiment_hash);
        if (layout == layouts.end()) {
            layout = layouts.emplace(change.experiment_hash, layout_of(handle, change.experiment_hash)).first;
        }
        insert_row(insert, change, layout->second, read_figures(draws, durations, change.run));
        runs.push_back(change.run);
    }
    view.commit();
    return runs;
}

}  // namespace longscope
