// SPDX-License-Identifier: GPL-3.0-or-later
// A small bench with a row of every outcome, for tests of storage and of what is built on it.
#pragma once

#include "storage/bench_record.h"

namespace longscope {

inline BenchRecord sample_bench() {
    BenchRecord record;
    record.kind = "attention";
    record.environment = R"({"processor":"Example 9000","memory_bytes":1024,"mpi":"none"})";
    record.version = "1.2.3";
    record.command_line = "longscope-engine bench attention --peers";
    record.host = "here";
    record.started_utc = "2026-01-31T23:59:58.000Z";
    record.ended_utc = "2026-01-31T23:59:59.000Z";
    record.settings = R"({"threads":2})";
    const Summary slow{3, 10.5, 20, 30, 40, 50};
    const Summary ratio{3, 0.25, 0.5, 0.75, 1, 2};
    record.rows.push_back({"full, \"quoted\"", "longscope", BenchOutcome::measured, "", slow, {}, R"({"share":0.5})"});
    record.rows.push_back({"full, \"quoted\"", "other", BenchOutcome::measured, "", slow, ratio, "{}"});
    record.rows.push_back({"full, \"quoted\"", "odd", BenchOutcome::wrong, "another result", slow, ratio, "{}"});
    record.rows.push_back({"full, \"quoted\"", "none", BenchOutcome::unsupported, "not installed", {}, {}, "{}"});
    record.rows.push_back({"causal", "longscope", BenchOutcome::failed, "no memory", {}, {}, "{}"});
    return record;
}

}  // namespace longscope
