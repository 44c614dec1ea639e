// SPDX-License-Identifier: GPL-3.0-or-later
// Keys or values in pages of so many tokens each, as servers of models keep them (vLLM's block tables, FlashInfer's
// page tables): the pages of a sequence lie anywhere in a cache that many sequences share, and a table names them in
// order.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/tensor/head_view.h"

namespace longscope {

// The cache. Someone else keeps the memory. Strides in elements; the elements of a row stand side by side, and `dim`
// may be less than what is stored of each row: the values of multi-head latent attention are the first of the keys'
// elements.
struct PagedCache {
    const void* data = nullptr;
    DType dtype = DType::float32;
    std::int64_t pages = 0;
    std::int64_t page_tokens = 0;
    std::int64_t heads = 0;
    std::int64_t dim = 0;
    std::int64_t page_stride = 0;
    std::int64_t token_stride = 0;
    std::int64_t head_stride = 0;

    PagedCache() = default;
    // Dense, pages x tokens of a page x heads x dim: vLLM's order, FlashInfer's NHD.
    PagedCache(const void* dense, DType type, std::int64_t page_count, std::int64_t tokens_of_page,
               std::int64_t head_count, std::int64_t row_dim)
        : data(dense),
          dtype(type),
          pages(page_count),
          page_tokens(tokens_of_page),
          heads(head_count),
          dim(row_dim),
          page_stride(tokens_of_page * head_count * row_dim),
          token_stride(head_count * row_dim),
          head_stride(row_dim) {}
};

// The first `tokens` tokens of the sequence whose pages are `table`, which must live as long as the view; of a longer
// table the rest is not looked at. Throws Error(bad_input) that names `field` when the table is too short, or names a
// page that the cache does not have.
[[nodiscard]] HeadView paged_view(const PagedCache& cache, std::span<const std::int32_t> table, std::int64_t tokens,
                                  std::string_view field);

}  // namespace longscope
