// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "storage/bind.h"
#include "storage/csv_field.h"
#include "storage/run_page_refresh.h"

namespace longscope {

namespace {

struct ColumnSql {
    std::string_view name;   // in exports
    std::string_view order;  // an expression over temp.run_row
};

// By RunColumn.
constexpr std::array<ColumnSql, run_column_count> columns{{
    {"run", "run"},
    {"name", "name COLLATE NOCASE"},
    {"state", "state"},
    {"started_utc", "started_utc"},
    {"wall_ns", "wall_ns"},
    {"ranks", "ranks"},
    {"strategy", "nullif(strategy, '') COLLATE NOCASE"},
    {"dispatch", "nullif(dispatch, '') COLLATE NOCASE"},
    {"backend", "nullif(backend, '') COLLATE NOCASE"},
    {"tokens", "tokens"},
    {"median_ns", "median_ns"},
    {"flops_per_s", "flops_per_s"},
    {"tags", "nullif(tags, '') COLLATE NOCASE"},
    {"host", "nullif(host, '') COLLATE NOCASE"},
    {"message", "nullif(message, '') COLLATE NOCASE"},
    {"note", "nullif(note, '') COLLATE NOCASE"},
}};

// More words than anybody types are not looked for: each is a condition of the statement.
constexpr std::size_t max_words = 32;

std::vector<std::string> words_of(const std::string& filter) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : filter + ' ') {
        if (c == '\0' || std::isspace(static_cast<unsigned char>(c)) != 0) {
            if (!word.empty() && words.size() < max_words) {
                words.push_back(lower_case(word));
            }
            word.clear();
        } else {
            word += c;
        }
    }
    return words;
}

std::string condition(std::size_t words) {
    std::string sql = words == 0 ? "" : " WHERE instr(search, ?) > 0";
    for (std::size_t i = 1; i < words; ++i) {
        sql += " AND instr(search, ?) > 0";
    }
    return sql;
}

int bind_words(SQLite::Statement& statement, const std::vector<std::string>& words) {
    int index = 0;
    for (const std::string& word : words) {
        statement.bind(++index, word);
    }
    return index;
}

double number_or_nan(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

std::optional<std::int64_t> integer_or_none(const SQLite::Column& column) {
    return column.isNull() ? std::nullopt : std::optional(column.getInt64());
}

RunRow row_from(SQLite::Statement& select) {
    RunRow row;
    row.run = select.getColumn(0).getInt64();
    row.uuid = select.getColumn(1).getString();
    row.name = select.getColumn(2).getString();
    row.state = run_state_from_string(select.getColumn(3).getString(), "run.state");
    row.started_utc = select.getColumn(4).getString();
    row.wall_ns = integer_or_none(select.getColumn(5));
    row.ranks = select.getColumn(6).getInt64();
    row.strategy = select.getColumn(7).getString();
    row.dispatch = select.getColumn(8).getString();
    row.backend = select.getColumn(9).getString();
    row.tokens = integer_or_none(select.getColumn(10));
    row.median_ns = number_or_nan(select.getColumn(11));
    row.flops_per_s = number_or_nan(select.getColumn(12));
    row.tags = select.getColumn(13).getString();
    row.host = select.getColumn(14).getString();
    row.message = select.getColumn(15).getString();
    row.note = select.getColumn(16).getString();
    return row;
}

}  // namespace

std::string_view to_string(RunColumn column) {
    return columns.at(static_cast<std::size_t>(column)).name;
}

RunPages::RunPages(Database& database) : database_(database) {
    guarded(database_, "list the runs", [&] { create_run_rows(database_.handle()); });
}

std::vector<std::int64_t> RunPages::refresh() {
    return guarded(database_, "list the runs", [&] {
        const std::int64_t version = database_.handle().execAndGet("PRAGMA data_version").getInt64();
        if (seen_version_ == version) {
            return std::vector<std::int64_t>();
        }
        std::vector<std::int64_t> changed = refresh_run_rows(database_.handle());
        seen_version_ = version;
        return changed;
    });
}

std::int64_t RunPages::count(const std::string& filter) {
    return guarded(database_, "count the runs", [&] {
        const std::vector<std::string> words = words_of(filter);
        SQLite::Statement select(database_.handle(), "SELECT count(*) FROM temp.run_row" + condition(words.size()));
        bind_words(select, words);
        select.executeStep();
        return select.getColumn(0).getInt64();
    });
}

std::vector<std::int64_t> RunPages::numbers(const RunQuery& query, std::int64_t offset, std::int64_t limit) {
    return guarded(database_, "list the runs", [&] {
        const std::vector<std::string> words = words_of(query.filter);
        const std::string_view order = columns.at(static_cast<std::size_t>(query.order)).order;
        const std::string_view direction = query.descending ? "DESC" : "ASC";
        std::string sql = "SELECT run FROM temp.run_row" + condition(words.size()) + " ORDER BY ";
        if (query.order != RunColumn::number) {
            sql += fmt::format("{} {} NULLS LAST, ", order, direction);
        }
        sql += fmt::format("run {} LIMIT ? OFFSET ?", direction);
        SQLite::Statement select(database_.handle(), sql);
        const int bound = bind_words(select, words);
        bind_one(select, bound + 1, limit);
        bind_one(select, bound + 2, offset);
        std::vector<std::int64_t> runs;
        while (select.executeStep()) {
            runs.push_back(select.getColumn(0).getInt64());
        }
        return runs;
    });
}

std::vector<RunRow> RunPages::rows(const std::vector<std::int64_t>& runs) {
    return guarded(database_, "list the runs", [&] {
        SQLite::Statement select(database_.handle(),
                                 "SELECT run, uuid, name, state, started_utc, wall_ns, ranks, strategy, dispatch, "
                                 "backend, tokens, median_ns, flops_per_s, tags, host, message, note "
                                 "FROM temp.run_row WHERE run = ?");
        std::vector<RunRow> found;
        found.reserve(runs.size());
        for (const std::int64_t run : runs) {
            bind_all(select, run);
            if (select.executeStep()) {
                found.push_back(row_from(select));
            }
            select.reset();
        }
        return found;
    });
}

std::vector<RunRow> RunPages::page(const RunQuery& query, std::int64_t offset, std::int64_t limit) {
    return rows(numbers(query, offset, limit));
}

std::string raw_text(const RunRow& row, RunColumn column) {
    switch (column) {
        case RunColumn::number:
            return csv_field(row.run);
        case RunColumn::name:
            return row.name;
        case RunColumn::state:
            return std::string(to_string(row.state));
        case RunColumn::started:
            return row.started_utc;
        case RunColumn::wall_time:
            return row.wall_ns ? csv_field(*row.wall_ns) : "";
        case RunColumn::ranks:
            return csv_field(row.ranks);
        case RunColumn::strategy:
            return row.strategy;
        case RunColumn::dispatch:
            return row.dispatch;
        case RunColumn::backend:
            return row.backend;
        case RunColumn::tokens:
            return row.tokens ? csv_field(*row.tokens) : "";
        case RunColumn::median_time:
            return csv_field(row.median_ns);
        case RunColumn::rate:
            return csv_field(row.flops_per_s);
        case RunColumn::tags:
            return row.tags;
        case RunColumn::host:
            return row.host;
        case RunColumn::message:
            return row.message;
        case RunColumn::note:
            return row.note;
    }
    return "";
}

}  // namespace longscope
