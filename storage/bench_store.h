// SPDX-License-Identifier: GPL-3.0-or-later
// Writes benches into a result database. A bench is stored whole, in one transaction, or not at all.
#pragma once

#include <cstdint>

#include "storage/bench_record.h"
#include "storage/database.h"

namespace SQLite {
class Database;
}

namespace longscope {

// Returns the bench's number. Throws Error(failed).
std::int64_t store_bench(Database& database, const BenchRecord& record);

// Without a transaction of its own. Throws SQLite::Exception.
std::int64_t insert_bench(SQLite::Database& handle, const BenchRecord& record);

}  // namespace longscope
