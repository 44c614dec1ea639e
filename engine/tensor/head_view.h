// SPDX-License-Identifier: GPL-3.0-or-later
// A tensor of heads x tokens x dim as a kernel's caller holds it: of any element type, rows at any distance.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"
#include "engine/tensor/head_matrix.h"

namespace longscope {

// The memory is someone else's and must outlive the view. The elements of a row stand side by side.
struct HeadView {
    const void* data = nullptr;
    DType dtype = DType::float32;
    std::int64_t heads = 0;
    std::int64_t tokens = 0;
    std::int64_t dim = 0;
    std::int64_t head_stride = 0;   // elements from one head to the next
    std::int64_t token_stride = 0;  // elements from one row to the next

    HeadView() = default;
    // Dense float32.
    // NOLINTNEXTLINE(google-explicit-constructor): the common case reads as if there were no other.
    HeadView(HeadMatrix<const float> m)
        : data(m.data),
          heads(m.heads),
          tokens(m.tokens),
          dim(m.dim),
          head_stride(m.tokens * m.dim),
          token_stride(m.dim) {}
    // NOLINTNEXTLINE(google-explicit-constructor)
    HeadView(HeadMatrix<float> m) : HeadView(HeadMatrix<const float>(m)) {}
    // Dense, of any type.
    HeadView(const void* dense, DType type, std::int64_t head_count, std::int64_t token_count, std::int64_t row_dim)
        : data(dense),
          dtype(type),
          heads(head_count),
          tokens(token_count),
          dim(row_dim),
          head_stride(token_count * row_dim),
          token_stride(row_dim) {}

    // The first byte of a row.
    [[nodiscard]] const void* row(std::int64_t head, std::int64_t token) const {
        return static_cast<const char*>(data) + (head * head_stride + token * token_stride) * size_bytes(dtype);
    }
};

// The elements of a row as float32, exact for all three types. `out` has room for dim of them.
void load_row(const HeadView& view, std::int64_t head, std::int64_t token, float* out);

}  // namespace longscope
