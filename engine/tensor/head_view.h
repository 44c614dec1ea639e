// SPDX-License-Identifier: GPL-3.0-or-later
// A tensor of heads x tokens x dim as a kernel's caller holds it: of any element type, rows at any distance or in
// pages.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"
#include "engine/tensor/head_matrix.h"

namespace longscope {

// Where the tokens of a paged tensor lie: token t in row t % page_tokens of page table[t / page_tokens].
struct Pages {
    const std::int32_t* table =
        nullptr;  // of a page for every page_tokens tokens, the last of which may be partly used
    std::int64_t page_tokens = 0;
    std::int64_t page_stride = 0;  // elements from one page to the next
};

// The memory is someone else's and must outlive the view. The elements of a row stand side by side. In a paged tensor
// (paged_view) the strides are those inside a page.
struct HeadView {
    const void* data = nullptr;
    DType dtype = DType::float32;
    std::int64_t heads = 0;
    std::int64_t tokens = 0;
    std::int64_t dim = 0;
    std::int64_t head_stride = 0;   // elements from one head to the next
    std::int64_t token_stride = 0;  // elements from one row to the next
    Pages pages = {};               // without a table: not paged

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

    [[nodiscard]] bool is_paged() const { return pages.table != nullptr; }
    // Do the rows of these tokens (first < last) lie at one distance, token_stride?
    [[nodiscard]] bool is_strided(std::int64_t first, std::int64_t last) const {
        return !is_paged() || first / pages.page_tokens == last / pages.page_tokens;
    }

    // The first byte of a row.
    [[nodiscard]] const void* row(std::int64_t head, std::int64_t token) const {
        std::int64_t at = head * head_stride;
        if (is_paged()) {
            at += pages.table[token / pages.page_tokens] * pages.page_stride + token % pages.page_tokens * token_stride;
        } else {
            at += token * token_stride;
        }
        return static_cast<const char*>(data) + at * size_bytes(dtype);
    }
};

// The first bytes of consecutive rows, [first, last).
void row_addresses(const HeadView& view, std::int64_t head, std::int64_t first, std::int64_t last, const void** out);

// The elements of a row as float32, exact for all three types. `out` has room for dim of them.
void load_row(const HeadView& view, std::int64_t head, std::int64_t token, float* out);

}  // namespace longscope
