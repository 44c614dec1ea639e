// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_ledger.h"

namespace longscope {

MemoryLedger memory_ledger(const Schedule& schedule, const AttentionShape& shape, std::int64_t tokens) {
    return memory_ledger(totals(schedule).peak_buffer_bytes, shape, tokens);
}

MemoryLedger memory_ledger(std::int64_t peak_buffer_bytes, const AttentionShape& shape, std::int64_t tokens) {
    const std::int64_t query_bytes = shape.query_heads * shape.head_dim_qk * size_bytes(shape.dtype);
    return {tokens * (query_bytes + shape.key_value_bytes_per_token()), peak_buffer_bytes};
}

}  // namespace longscope
