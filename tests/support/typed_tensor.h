// SPDX-License-Identifier: GPL-3.0-or-later
// A tensor as the callers of kernels hold it: of any element type, dense or with rows and heads apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/tensor/element_type.h"
#include "engine/tensor/head_view.h"

namespace longscope {

class TypedTensor {
  public:
    // A copy of `tensor`, whose values `dtype` has. Behind every row there is a gap of so many elements, which hold
    // NaN: whoever reads them is found out.
    TypedTensor(HeadMatrix<const float> tensor, DType dtype, std::int64_t row_gap = 0)
        : bytes_(static_cast<std::size_t>(tensor.heads * tensor.tokens * (tensor.dim + row_gap) * size_bytes(dtype)),
                 std::byte{0xFF}),
          view_(bytes_.data(), dtype, tensor.heads, tensor.tokens, tensor.dim) {
        view_.token_stride = tensor.dim + row_gap;
        view_.head_stride = tensor.tokens * view_.token_stride;
        const auto dim = static_cast<std::size_t>(tensor.dim);
        for (std::int64_t i = 0; i < tensor.heads * tensor.tokens; ++i) {
            const auto first = static_cast<std::size_t>(i * view_.token_stride * size_bytes(dtype));
            from_float({tensor.data + i * tensor.dim, dim}, element_type(dtype),
                       {bytes_.data() + first, dim * static_cast<std::size_t>(size_bytes(dtype))});
        }
    }
    TypedTensor(const TypedTensor&) = delete;
    TypedTensor& operator=(const TypedTensor&) = delete;
    TypedTensor(TypedTensor&&) = delete;
    TypedTensor& operator=(TypedTensor&&) = delete;
    ~TypedTensor() = default;

    [[nodiscard]] const HeadView& view() const { return view_; }

  private:
    std::vector<std::byte> bytes_;
    HeadView view_;
};

}  // namespace longscope
