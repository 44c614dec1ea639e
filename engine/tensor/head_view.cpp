// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/head_view.h"

#include <span>

#include "engine/tensor/element_type.h"

namespace longscope {

namespace {

ElementType element_type(DType dtype) {
    switch (dtype) {
        case DType::bfloat16:
            return ElementType::bfloat16;
        case DType::float16:
            return ElementType::float16;
        case DType::float32:
            break;
    }
    return ElementType::float32;
}

}  // namespace

void load_row(const HeadView& view, std::int64_t head, std::int64_t token, float* out) {
    const auto bytes = static_cast<std::size_t>(view.dim * size_bytes(view.dtype));
    to_float(element_type(view.dtype), {static_cast<const std::byte*>(view.row(head, token)), bytes},
             {out, static_cast<std::size_t>(view.dim)});
}

}  // namespace longscope
