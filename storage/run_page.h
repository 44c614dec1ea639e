// SPDX-License-Identifier: GPL-3.0-or-later
// The runs of a database as a table of which only a part is looked at: filtered, ordered, page by page. What a row says
// comes from several tables and from the experiment's document, so the rows are kept in a temporary table in memory,
// and only runs that changed are read again.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "storage/database.h"
#include "storage/run_state.h"

namespace longscope {

enum class RunColumn : std::uint8_t {
    number,
    name,
    state,
    started,
    wall_time,
    ranks,
    strategy,
    dispatch,
    backend,
    tokens,
    median_time,
    rate,
    tags,
    host,
    message,
    note,
};
inline constexpr std::size_t run_column_count = 16;

// Longer notes are cut to so many characters.
inline constexpr std::size_t most_shown_note = 4000;

// As fields of exported files are named, with units.
[[nodiscard]] std::string_view to_string(RunColumn column);

struct RunRow {
    std::int64_t run = 0;
    std::string uuid;
    std::string name;
    RunState state = RunState::queued;
    std::string started_utc;
    std::optional<Nanoseconds> wall_ns;  // from start to end, to the millisecond; none while it runs
    std::int64_t ranks = 0;
    std::string strategy;  // of the experiment's layout; empty when it names none
    std::string dispatch;
    std::string backend;
    std::optional<std::int64_t> tokens;  // of the longest draw
    // As RunFigures has them.
    double median_ns = std::numeric_limits<double>::quiet_NaN();
    double flops_per_s = std::numeric_limits<double>::quiet_NaN();
    std::string tags;  // "a, b"
    std::string host;
    std::string message;
    std::string note;

    [[nodiscard]] bool operator==(const RunRow&) const = default;
};

struct RunQuery {
    // Words, all of which stand somewhere in the name, state, backend, host, tags, note, strategy or dispatch; upper
    // and lower case of A to Z are the same, no character has a special meaning.
    std::string filter = {};
    RunColumn order = RunColumn::number;
    bool descending = true;

    [[nodiscard]] bool operator==(const RunQuery&) const = default;
};

// The database is this object's alone: writes through the same connection would not be noticed.
class RunPages {
  public:
    explicit RunPages(Database& database);

    [[nodiscard]] Database& database() { return database_; }

    // Reads what changed in the file since the last time, the first time everything. Returns the runs that are new or
    // changed; those that are gone are not named.
    std::vector<std::int64_t> refresh();

    [[nodiscard]] std::int64_t count(const std::string& filter = {});
    // The numbers of the runs that match, from `offset` on, at most `limit`. Equal values are ordered by number in
    // the same direction; runs without a value come last.
    [[nodiscard]] std::vector<std::int64_t> numbers(const RunQuery& query, std::int64_t offset = 0,
                                                    std::int64_t limit = std::numeric_limits<std::int64_t>::max());
    // In the order asked for; runs that are gone are left out.
    [[nodiscard]] std::vector<RunRow> rows(const std::vector<std::int64_t>& runs);
    [[nodiscard]] std::vector<RunRow> page(const RunQuery& query, std::int64_t offset, std::int64_t limit);

  private:
    Database& database_;
    std::optional<std::int64_t> seen_version_;  // of the file's content, as SQLite counts it
};

// The value under a column as exported files have it: raw numbers, empty where there is none.
[[nodiscard]] std::string raw_text(const RunRow& row, RunColumn column);

}  // namespace longscope
