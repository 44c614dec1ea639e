// SPDX-License-Identifier: GPL-3.0-or-later
// The statements that put a run into a database, without transactions of their own: callers bracket what belongs
// together. All throw SQLite::Exception; those that make a row return its id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/records.h"

namespace SQLite {
class Database;
}

namespace longscope {

// The id of the environment with this document, which is made when it is new.
std::int64_t insert_environment(SQLite::Database& handle, const std::string& document);
std::int64_t insert_run(SQLite::Database& handle, const RunRecord& record);
std::int64_t insert_draw(SQLite::Database& handle, std::int64_t run, const DrawRecord& record);
void insert_plan(SQLite::Database& handle, std::int64_t draw, std::int64_t rank, std::string_view schedule);
std::int64_t insert_repetition(SQLite::Database& handle, std::int64_t draw, const RepetitionRecord& record);
void insert_check(SQLite::Database& handle, std::int64_t draw, const CheckRecord& record);
void insert_clock(SQLite::Database& handle, std::int64_t run, const ClockRecord& record);
void insert_artifact(SQLite::Database& handle, std::int64_t run, const ArtifactRecord& record);
void insert_tag(SQLite::Database& handle, std::int64_t run, std::string_view name);
// Empty: removes it.
void replace_note(SQLite::Database& handle, std::int64_t run, std::string_view text);

}  // namespace longscope
