// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_ledger.h"

namespace longscope {

MemoryLedger memory_ledger(const Schedule& schedule, const AttentionShape& shape, HeldTokens tokens) {
    return memory_ledger(totals(schedule).peak_buffer_bytes, shape, tokens, schedule.pass);
}

MemoryLedger memory_ledger(std::int64_t peak_buffer_bytes, const AttentionShape& shape, HeldTokens tokens, Pass pass) {
    const std::int64_t row_dims = shape.head_dim_qk + (pass == Pass::forward ? 0 : shape.head_dim_v);
    const std::int64_t row_bytes = shape.query_heads * row_dims * size_bytes(shape.dtype);
    return {tokens.queries * row_bytes + tokens.keys * shape.key_value_bytes_per_token(), peak_buffer_bytes};
}

}  // namespace longscope
