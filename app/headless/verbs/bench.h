// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs under "bench". To add one: a file with its function, one line in bench.cpp, one test, one doc line
// (resources/docs/performance.md).
#pragma once

#include "app/headless/verbs/verb.h"

namespace longscope {

void declare_bench_attention(CLI::App& verb, VerbAction& action);
void declare_bench_masks(CLI::App& verb, VerbAction& action);

}  // namespace longscope
