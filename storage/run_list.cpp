// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/run_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/error.h"
#include "storage/bind.h"

namespace longscope {

namespace {

constexpr const char* list_sql = R"(
SELECT runs.run, runs.uuid, runs.name, runs.state, runs.message, runs.backend, runs.ranks, runs.started_utc,
       coalesce(runs.ended_utc, ''), runs.host, (SELECT count(*) FROM draws WHERE draws.run = runs.run),
       coalesce(statistics.repetitions, 0), statistics.flops_per_s
FROM runs LEFT JOIN (
    SELECT run, sum(repetitions) AS repetitions, sum(flops) * 1e9 / nullif(sum(median_ns), 0) AS flops_per_s
    FROM draw_statistics GROUP BY run
) AS statistics ON statistics.run = runs.run
WHERE (?1 = '' OR runs.state = ?1) AND (?2 = 0 OR runs.name = ?3)
      AND (?4 = 0 OR EXISTS (SELECT 1 FROM tags WHERE tags.run = runs.run AND tags.name = ?5))
ORDER BY runs.run DESC LIMIT ?6)";

RunSummary summary_from(SQLite::Statement& row) {
    RunSummary run;
    run.id = row.getColumn(0).getInt64();
    run.uuid = row.getColumn(1).getString();
    run.name = row.getColumn(2).getString();
    run.state = run_state_from_string(row.getColumn(3).getString(), "run.state");
    run.message = row.getColumn(4).getString();
    run.backend = row.getColumn(5).getString();
    run.ranks = row.getColumn(6).getInt64();
    run.started_utc = row.getColumn(7).getString();
    run.ended_utc = row.getColumn(8).getString();
    run.host = row.getColumn(9).getString();
    run.draws = row.getColumn(10).getInt64();
    run.measured_repetitions = row.getColumn(11).getInt64();
    if (!row.isColumnNull(12)) {
        run.flops_per_s = row.getColumn(12).getDouble();
    }
    return run;
}

// Runs that a statement finds, at most two: enough to tell none, one and several.
std::vector<std::int64_t> up_to_two(SQLite::Statement& select) {
    std::vector<std::int64_t> found;
    while (found.size() < 2 && select.executeStep()) {
        found.push_back(select.getColumn(0).getInt64());
    }
    return found;
}

Error no_run(std::string_view text, std::string_view why) {
    return bad_input("run", text, why, "a run's number, its uuid or the beginning of it, or last (see db list)");
}

std::optional<std::int64_t> run_by_number(Database& database, std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    SQLite::Statement select(database.handle(), "SELECT id FROM run WHERE id = ?");
    bind_all(select, number);
    return select.executeStep() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::vector<RunSummary> list_runs(Database& database, const RunFilter& filter) {
    return guarded(database, "list the runs", [&] {
        SQLite::Statement select(database.handle(), list_sql);
        bind_all(select, filter.state ? to_string(*filter.state) : std::string_view(), filter.name.has_value(),
                 std::string_view(filter.name.value_or("")), filter.tag.has_value(),
                 std::string_view(filter.tag.value_or("")), filter.limit);
        std::vector<RunSummary> runs;
        while (select.executeStep()) {
            runs.push_back(summary_from(select));
        }
        return runs;
    });
}

std::int64_t resolve_run(Database& database, std::string_view text) {
    return guarded(database, "look for a run", [&] {
        if (text == "last") {
            SQLite::Statement select(database.handle(), "SELECT id FROM run ORDER BY id DESC");
            const auto found = up_to_two(select);
            if (found.empty()) {
                throw no_run(text, "names no run: " + database.path().string() + " holds none");
            }
            return found.front();
        }
        if (const auto number = run_by_number(database, text)) {
            return *number;
        }
        std::string prefix(text);
        std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        SQLite::Statement select(database.handle(), "SELECT id FROM run WHERE substr(uuid, 1, length(?1)) = ?1");
        bind_all(select, prefix);
        // A few digits always mean a number: the run that it named may be gone, and another one's uuid begin so.
        constexpr std::size_t uuid_digits = 8;
        const bool number_only = prefix.size() < uuid_digits &&
                                 std::all_of(prefix.begin(), prefix.end(), [](char c) { return c >= '0' && c <= '9'; });
        const auto found = number_only ? std::vector<std::int64_t>() : up_to_two(select);
        if (found.empty()) {
            throw no_run(text, "names no run in " + database.path().string());
        }
        if (found.size() > 1) {
            throw no_run(text, "is the beginning of more than one uuid");
        }
        return found.front();
    });
}

}  // namespace longscope
