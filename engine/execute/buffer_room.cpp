// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/buffer_room.h"

#include "engine/kernel/partial.h"

namespace longscope {

namespace {

constexpr std::int64_t float_bytes = sizeof(float);

bool is_part(BufferRole part, BufferRole whole) {
    switch (part) {
        case BufferRole::lse:
            return whole == BufferRole::partial;
        case BufferRole::keys:
        case BufferRole::values:
            return whole == BufferRole::key_values;
        case BufferRole::key_gradients:
        case BufferRole::value_gradients:
            return whole == BufferRole::key_value_gradients;
        default:
            return false;
    }
}

}  // namespace

std::int64_t bytes_of_room(const BufferPlan& plan, const AttentionShape& shape, std::int64_t tokens,
                           std::int64_t all_tokens) {
    switch (plan.role) {
        case BufferRole::queries:
            return plan.heads.size() * tokens * shape.head_dim_qk * size_bytes(shape.dtype);
        case BufferRole::key_values:
            return plan.heads.size() * tokens * (shape.head_dim_qk + shape.head_dim_v) * size_bytes(shape.dtype);
        case BufferRole::partial:
            return Partial::size_bytes(plan.heads.size(), tokens, shape.head_dim_v);
        case BufferRole::output_gradients:
            return plan.heads.size() * tokens * shape.head_dim_v * size_bytes(shape.dtype);
        case BufferRole::delta:
        case BufferRole::lse:
            return plan.heads.size() * tokens * float_bytes;
        case BufferRole::query_gradients:
            return plan.heads.size() * tokens * shape.head_dim_qk * float_bytes;
        case BufferRole::key_value_gradients:
            return plan.heads.size() * tokens * (shape.head_dim_qk + shape.head_dim_v) * float_bytes;
        case BufferRole::keys:
            return plan.heads.size() * tokens * shape.head_dim_qk * size_bytes(shape.dtype);
        case BufferRole::values:
            return plan.heads.size() * tokens * shape.head_dim_v * size_bytes(shape.dtype);
        case BufferRole::scores:
            return plan.heads.size() * tokens * all_tokens * float_bytes;
        case BufferRole::key_gradients:
            return plan.heads.size() * tokens * shape.head_dim_qk * float_bytes;
        case BufferRole::value_gradients:
            return plan.heads.size() * tokens * shape.head_dim_v * float_bytes;
        case BufferRole::message:
            break;
    }
    return 0;
}

bool holds_keys(BufferRole role) {
    switch (role) {
        case BufferRole::key_values:
        case BufferRole::keys:
        case BufferRole::values:
        case BufferRole::key_value_gradients:
        case BufferRole::key_gradients:
        case BufferRole::value_gradients:
            return true;
        default:
            return false;
    }
}

bool are_gradients(BufferRole role) {
    return role == BufferRole::query_gradients || role == BufferRole::key_value_gradients ||
           role == BufferRole::key_gradients || role == BufferRole::value_gradients;
}

bool is_in(BufferRole part, BufferRole whole) {
    return part == whole || is_part(part, whole);
}

}  // namespace longscope
