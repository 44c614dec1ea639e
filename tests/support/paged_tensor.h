// SPDX-License-Identifier: GPL-3.0-or-later
// Keys or values as a server keeps them: in pages that lie in a random order among others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "engine/base/random.h"
#include "engine/tensor/element_type.h"
#include "engine/tensor/paged_view.h"

namespace longscope {

class PagedTensor {
  public:
    // A copy of `tensor`, whose values `dtype` has. Pages that are not used, and what the last page does not need, hold
    // NaN: whoever reads them is found out. `heads_first`: a page is heads x tokens x dim, otherwise tokens x heads x
    // dim. The same seed gives the same order.
    PagedTensor(HeadMatrix<const float> tensor, DType dtype, std::int64_t page_tokens, bool heads_first,
                std::uint64_t seed)
        : used_((tensor.tokens + page_tokens - 1) / page_tokens),
          tokens_(tensor.tokens),
          bytes_(static_cast<std::size_t>((used_ + spare_pages) * page_tokens * tensor.heads * tensor.dim *
                                          size_bytes(dtype)),
                 std::byte{0xFF}),
          cache_(bytes_.data(), dtype, used_ + spare_pages, page_tokens, tensor.heads, tensor.dim),
          table_(static_cast<std::size_t>(used_ + spare_pages)) {
        if (heads_first) {
            cache_.token_stride = tensor.dim;
            cache_.head_stride = page_tokens * tensor.dim;
        }
        std::iota(table_.begin(), table_.end(), 0);
        RandomStream random(seed, 30);
        for (std::size_t i = table_.size(); i > 1; --i) {
            std::swap(table_[i - 1], table_[static_cast<std::size_t>(random.next_unit() * static_cast<double>(i))]);
        }
        for (std::int64_t head = 0; head < tensor.heads; ++head) {
            for (std::int64_t token = 0; token < tensor.tokens; ++token) {
                const std::int64_t page = table_[static_cast<std::size_t>(token / page_tokens)];
                const std::int64_t first =
                    page * cache_.page_stride + head * cache_.head_stride + token % page_tokens * cache_.token_stride;
                const auto dim = static_cast<std::size_t>(tensor.dim);
                from_float({tensor.row(head, token), dim}, element_type(dtype),
                           std::span(bytes_).subspan(static_cast<std::size_t>(first * size_bytes(dtype)),
                                                     dim * static_cast<std::size_t>(size_bytes(dtype))));
            }
        }
    }
    PagedTensor(const PagedTensor&) = delete;
    PagedTensor& operator=(const PagedTensor&) = delete;
    PagedTensor(PagedTensor&&) = delete;
    PagedTensor& operator=(PagedTensor&&) = delete;
    ~PagedTensor() = default;

    [[nodiscard]] HeadView view() const { return paged_view(cache_, table_, tokens_, "pages"); }
    [[nodiscard]] const PagedCache& cache() const { return cache_; }
    // Pages that are used, then others.
    [[nodiscard]] std::vector<std::int32_t>& table() { return table_; }

  private:
    static constexpr std::int64_t spare_pages = 3;

    std::int64_t used_;
    std::int64_t tokens_;
    std::vector<std::byte> bytes_;
    PagedCache cache_;
    std::vector<std::int32_t> table_;
};

}  // namespace longscope
