// SPDX-License-Identifier: GPL-3.0-or-later
// Helpers over SQLiteCpp for the files of storage: bind a row of values in order, and turn exceptions into Error.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/database.h"
#include "storage/sqlite_error.h"
#include "storage/work_limit.h"

namespace longscope {

inline void bind_one(SQLite::Statement& statement, int index, std::int64_t value) {
    statement.bind(index, value);
}
inline void bind_one(SQLite::Statement& statement, int index, std::int32_t value) {
    statement.bind(index, value);
}
// NaN becomes NULL: SQLite has no NaN.
inline void bind_one(SQLite::Statement& statement, int index, double value) {
    statement.bind(index, value);
}
// Nothing becomes NULL.
inline void bind_one(SQLite::Statement& statement, int index, std::optional<std::int64_t> value) {
    if (value) {
        statement.bind(index, *value);
    } else {
        statement.bind(index);
    }
}
inline void bind_one(SQLite::Statement& statement, int index, std::optional<double> value) {
    if (value) {
        statement.bind(index, *value);
    } else {
        statement.bind(index);
    }
}
inline void bind_one(SQLite::Statement& statement, int index, bool value) {
    statement.bind(index, value ? 1 : 0);
}
inline void bind_one(SQLite::Statement& statement, int index, std::string_view value) {
    statement.bind(index, std::string(value));
}

// Binds to the parameters 1, 2, ... in order.
template <typename... Values>
void bind_all(SQLite::Statement& statement, const Values&... values) {
    int index = 0;
    (bind_one(statement, ++index, values), ...);
}

// One statement, once.
template <typename... Values>
int execute(SQLite::Database& handle, const char* sql, const Values&... values) {
    SQLite::Statement statement(handle, sql);
    bind_all(statement, values...);
    return statement.exec();
}

// Runs `action`, as one operation of bounded work, and turns SQLite's exceptions into Error: "FILE: cannot WHAT:
// reason".
template <typename Action>
auto guarded(const Database& database, const std::string& what, const Action& action) {
    try {
        const LimitedWork work(database.work_limit());
        return action();
    } catch (const SQLite::Exception& exception) {
        throw database_error(exception, database.path(), what);
    }
}

// The same in one transaction, which takes the write lock at its start.
template <typename Action>
auto in_transaction(Database& database, const std::string& what, const Action& action) {
    return guarded(database, what, [&] {
        SQLite::Transaction transaction(database.handle(), SQLite::TransactionBehavior::IMMEDIATE);
        if constexpr (std::is_void_v<decltype(action())>) {
            action();
            transaction.commit();
        } else {
            const auto result = action();
            transaction.commit();
            return result;
        }
    });
}

}  // namespace longscope
