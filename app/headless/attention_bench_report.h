// SPDX-License-Identifier: GPL-3.0-or-later
// What bench attention prints of its cases: tables for people, JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "engine/base/json.h"
#include "profiler/benches/attention_bench.h"

namespace longscope {

// Names are those of several cases that differ in their tokens.
[[nodiscard]] std::string full_name(const AttentionBenchCase& asked);

[[nodiscard]] std::string percent(double share);

[[nodiscard]] Json to_json(const AttentionBenchResult& result);

// The cases beside their peaks and goals.
[[nodiscard]] std::string results_text(const std::vector<AttentionBenchResult>& results);
// Those that were measured in both orders of the loops; nothing where there are none.
[[nodiscard]] std::string orders_text(const std::vector<AttentionBenchResult>& results);

}  // namespace longscope
