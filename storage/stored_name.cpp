// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/stored_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/base/error.h"
#include "storage/bind.h"

namespace longscope {

namespace {

// Ours, never a user's.
std::string_view name_of(NamedTable table) {
    return table == NamedTable::run ? "run" : "bench";
}

// Rows that a statement finds, at most two: enough to tell none, one and several.
std::vector<std::int64_t> up_to_two(SQLite::Statement& select) {
    std::vector<std::int64_t> found;
    while (found.size() < 2 && select.executeStep()) {
        found.push_back(select.getColumn(0).getInt64());
    }
    return found;
}

Error not_one(NamedTable table, std::string_view text, const std::string& why) {
    const std::string_view name = name_of(table);
    return bad_input(name, text, why,
                     fmt::format("a {}'s number, its uuid or the beginning of it, or last (see db list)", name));
}

std::optional<std::int64_t> by_number(Database& database, NamedTable table, std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    SQLite::Statement select(database.handle(), fmt::format("SELECT id FROM {} WHERE id = ?", name_of(table)));
    bind_all(select, number);
    return select.executeStep() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::int64_t resolve_name(Database& database, NamedTable table, std::string_view text) {
    const std::string_view name = name_of(table);
    return guarded(database, fmt::format("look for a {}", name), [&] {
        if (text == "last") {
            SQLite::Statement select(database.handle(), fmt::format("SELECT id FROM {} ORDER BY id DESC", name));
            const auto found = up_to_two(select);
            if (found.empty()) {
                throw not_one(table, text, fmt::format("names no {}: {} holds none", name, database.path().string()));
            }
            return found.front();
        }
        if (const auto number = by_number(database, table, text)) {
            return *number;
        }
        std::string prefix(text);
        std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        SQLite::Statement select(database.handle(),
                                 fmt::format("SELECT id FROM {} WHERE substr(uuid, 1, length(?1)) = ?1", name));
        bind_all(select, prefix);
        // A few digits always mean a number: the row that it named may be gone, and another one's uuid begin so.
        constexpr std::size_t uuid_digits = 8;
        const bool number_only = prefix.size() < uuid_digits &&
                                 std::all_of(prefix.begin(), prefix.end(), [](char c) { return c >= '0' && c <= '9'; });
        const auto found = number_only ? std::vector<std::int64_t>() : up_to_two(select);
        if (found.empty()) {
            throw not_one(table, text, fmt::format("names no {} in {}", name, database.path().string()));
        }
        if (found.size() > 1) {
            throw not_one(table, text, "is the beginning of more than one uuid");
        }
        return found.front();
    });
}

}  // namespace longscope
