// SPDX-License-Identifier: GPL-3.0-or-later
// What ranks do, send and hold, in words and as tables of text: exact, one quantity the same everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/parallel/communication_matrix.h"
#include "engine/parallel/memory_profile.h"
#include "engine/parallel/step_table.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// Lines about one cell of a table.
[[nodiscard]] std::vector<std::string> step_facts(const StepTable& table, const AttentionShape& shape,
                                                  std::int64_t rank, std::int32_t step);
[[nodiscard]] std::vector<std::string> traffic_facts(const CommunicationMatrix& matrix, std::int64_t from,
                                                     std::int64_t to);
// What a rank holds at a time as in MemoryChange::time.
[[nodiscard]] std::vector<std::string> memory_facts(const MemoryProfile& profile, std::int64_t rank, double time);

// One line a rank and step; a pair of ranks that sends; a change of memory. The first line names the columns.
[[nodiscard]] std::string step_lines(const StepTable& table, char separator);
[[nodiscard]] std::string traffic_lines(const CommunicationMatrix& matrix, char separator);
[[nodiscard]] std::string memory_lines(const std::vector<MemoryProfile>& ranks, char separator);

}  // namespace longscope
