// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_ledger.h"

namespace longscope {

MemoryLedger memory_ledger(const Schedule& schedule, const AttentionShape& shape, std::int64_t tokens) {
    const std::int64_t query_bytes = shape.query_heads * shape.head_dim_qk * size_bytes(shape.dtype);
    return {tokens * (query_bytes + shape.key_value_bytes_per_token()), totals(schedule).peak_buffer_bytes};
}

}  // namespace longscope
