// SPDX-License-Identifier: GPL-3.0-or-later
// Which benches a database holds, and one of them read back. Databases are untrusted: what does not have the form that
// store_bench writes is Error(bad_input).
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "storage/bench_record.h"
#include "storage/database.h"

namespace longscope {

struct BenchSummary {
    std::int64_t id = 0;
    std::string uuid;
    std::string kind;
    std::string version;
    std::string host;
    std::string started_utc;
    std::int64_t cases = 0;
    std::int64_t implementations = 0;
};

// Newest first.
[[nodiscard]] std::vector<BenchSummary> list_benches(Database& database,
                                                     std::int64_t limit = std::numeric_limits<std::int64_t>::max());

// The number of the bench that `text` names: a number, a uuid or the beginning of one, or "last". Throws
// Error(bad_input) when no bench or more than one is meant.
[[nodiscard]] std::int64_t resolve_bench(Database& database, std::string_view text);

// In one consistent view. Throws Error(bad_input) when there is no such bench.
[[nodiscard]] StoredBench read_bench(Database& database, std::int64_t bench);

}  // namespace longscope
