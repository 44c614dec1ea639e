// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_ledger.h"

#include <fmt/format.h>

#include "engine/base/units.h"
#include "engine/parallel/buffer_layout.h"

namespace longscope {

MemoryLedger memory_ledger(const Schedule& schedule, const AttentionShape& shape, HeldTokens tokens) {
    MemoryLedger ledger = memory_ledger(totals(schedule).peak_buffer_bytes, shape, tokens, schedule.pass);
    ledger.gap_bytes = lay_out(buffer_lives(schedule)).bytes - ledger.buffer_bytes;
    return ledger;
}

MemoryLedger memory_ledger(std::int64_t peak_buffer_bytes, const AttentionShape& shape, HeldTokens tokens, Pass pass) {
    const std::int64_t row_dims = shape.head_dim_qk + (pass == Pass::forward ? 0 : shape.head_dim_v);
    const std::int64_t row_bytes = shape.query_heads * row_dims * size_bytes(shape.dtype);
    return {tokens.queries * row_bytes + tokens.keys * shape.key_value_bytes_per_token(), peak_buffer_bytes, 0};
}

std::string memory_refusal(std::int64_t needed_bytes, std::int64_t limit_bytes) {
    if (limit_bytes == 0 || needed_bytes <= limit_bytes) {
        return {};
    }
    return fmt::format("would need {} for its tensors and buffers; backend.memory_per_rank_bytes allows {}",
                       format_bytes(needed_bytes), format_bytes(limit_bytes));
}

}  // namespace longscope
