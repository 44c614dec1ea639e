// SPDX-License-Identifier: GPL-3.0-or-later
// A stored bench for other programs. Numbers that are not finite become null in JSON, an empty field in CSV.
#pragma once

#include <ostream>

#include "engine/base/json.h"
#include "storage/bench_query.h"

namespace longscope {

// As `db list --json` has it.
[[nodiscard]] Json summary_to_json(const BenchSummary& bench);
// Everything that is stored, as `db show --json` prints it.
[[nodiscard]] Json bench_to_json(const StoredBench& bench);

// RFC 4180: a header with units in its names, then one row per case and implementation; '.' as decimal point, UTF-8,
// lines end in CR LF.
void export_bench_csv(const StoredBench& bench, std::ostream& out);
void export_bench_json(const StoredBench& bench, std::ostream& out);

}  // namespace longscope
