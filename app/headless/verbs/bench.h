// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs under "bench". To add one: a file with its function, one line in bench.cpp, one test, one doc line
// (resources/docs/performance.md).
#pragma once

#include "app/headless/verbs/verb.h"
#include "engine/base/json.h"
#include "profiler/statistics.h"

namespace longscope {

// Of what a bench measured: min, first_quartile, median, third_quartile, max.
[[nodiscard]] Json to_json(const Summary& summary);

// Declares --db FILE, without which nothing is stored.
void add_bench_database_option(CLI::App& verb, std::string& file);

void declare_bench_attention(CLI::App& verb, VerbAction& action);
void declare_bench_masks(CLI::App& verb, VerbAction& action);

}  // namespace longscope
