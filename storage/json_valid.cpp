// SPDX-License-Identifier: GPL-3.0-or-later
#include "storage/json_valid.h"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cstddef>
#include <nlohmann/json.hpp>

namespace longscope {

namespace {

// NULL for NULL, as SQLite's own.
void json_valid(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(values[0]));
    if (text == nullptr) {
        return;
    }
    try {
        const auto length = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
        sqlite3_result_int(context, nlohmann::json::accept(text, text + length) ? 1 : 0);
    } catch (...) {  // nothing but memory can fail; and nothing may be thrown through SQLite
        sqlite3_result_error_nomem(context);
    }
}

}  // namespace

void register_json_valid(SQLite::Database& handle) {
    handle.check(sqlite3_create_function_v2(handle.getHandle(), "json_valid", 1,
                                            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr, json_valid,
                                            nullptr, nullptr, nullptr));
}

}  // namespace longscope
