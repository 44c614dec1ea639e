// SPDX-License-Identifier: GPL-3.0-or-later
// What a rank holds in memory, operation by operation, as its schedule allocates and frees.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/parallel/memory_ledger.h"
#include "engine/parallel/schedule.h"

namespace longscope {

inline constexpr std::size_t buffer_role_count = static_cast<std::size_t>(BufferRole::value_gradients) + 1;

// Bytes of each role.
using BytesByRole = std::array<std::int64_t, buffer_role_count>;
[[nodiscard]] std::int64_t sum_of(const BytesByRole& bytes);

// "keys and values", as people read it.
[[nodiscard]] std::string_view role_name(BufferRole role);

struct MemoryChange {
    // When, in steps: the whole part is the step, the rest how much of the step's operations comes before. Operations
    // that are written later are never earlier, also where a strategy goes back to a step.
    double time = 0;
    std::int32_t step = 0;
    BytesByRole bytes{};  // from here on
};

struct MemoryProfile {
    std::int64_t input_bytes = 0;       // the rank's own tensors, which are there before and after
    std::vector<MemoryChange> changes;  // in order
    std::int64_t peak_buffer_bytes = 0;
    std::size_t peak = 0;  // the first change that reaches it; nothing where there is no change

    [[nodiscard]] std::int64_t peak_bytes() const { return input_bytes + peak_buffer_bytes; }
};

// `tokens` are those of the schedule's rank. The peak is that of memory_ledger().
[[nodiscard]] MemoryProfile memory_profile(const Schedule& schedule, const AttentionShape& shape, HeldTokens tokens);

}  // namespace longscope
