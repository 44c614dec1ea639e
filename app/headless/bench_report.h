// SPDX-License-Identifier: GPL-3.0-or-later
// A bench for people: which implementation took how long for which case, and how many times as long as ours that is.
#pragma once

#include <string>
#include <vector>

#include "storage/bench_record.h"

namespace longscope {

// A row for each case and implementation; rows in which nothing was measured say why.
[[nodiscard]] std::string bench_rows_text(const std::vector<BenchRow>& rows);

// What `db show` prints.
[[nodiscard]] std::string bench_report(const StoredBench& bench);

}  // namespace longscope
