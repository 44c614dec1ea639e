// SPDX-License-Identifier: GPL-3.0-or-later
// What a result database holds of a bench, as plain values. The same structures are written and read back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/benches/bench_outcome.h"
#include "profiler/statistics.h"

namespace longscope {

// The implementation of a case that others are compared with.
inline constexpr std::string_view own_implementation = "longscope";

// One implementation of one case.
struct BenchRow {
    std::string case_name;
    std::string implementation{own_implementation};
    BenchOutcome outcome = BenchOutcome::measured;
    std::string message;         // why it is not measured, or wrong; empty when all is well
    Summary duration_ns;         // without values where nothing was measured
    Summary ratio;               // own duration / this one's, pair by pair; without values of the own implementation
    std::string details = "{}";  // JSON: all else that the bench says of it
};

struct BenchRecord {
    std::string uuid;         // empty: store_bench makes one
    std::string kind;         // "attention", "masks"
    std::string environment;  // JSON, as RunRecord has it
    std::string version;      // of this program
    std::string command_line;
    std::string host;
    std::string started_utc;
    std::string ended_utc;
    std::string settings = "{}";  // JSON: what holds of all rows
    std::vector<BenchRow> rows;
};

struct StoredBench {
    std::int64_t id = 0;
    BenchRecord record;
};

}  // namespace longscope
