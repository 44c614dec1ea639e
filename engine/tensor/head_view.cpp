// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/head_view.h"

#include <algorithm>
#include <span>

#include "engine/tensor/element_type.h"

namespace longscope {

void row_addresses(const HeadView& view, std::int64_t head, std::int64_t first, std::int64_t last, const void** out) {
    const std::int64_t row_bytes = view.token_stride * size_bytes(view.dtype);
    while (first < last) {
        const std::int64_t end =
            view.is_paged() ? std::min(last, (first / view.pages.page_tokens + 1) * view.pages.page_tokens) : last;
        const auto* row = static_cast<const char*>(view.row(head, first));
        const std::int64_t count = end - first;
        for (std::int64_t i = 0; i < count; ++i) {
            out[i] = row + i * row_bytes;
        }
        out += count;
        first = end;
    }
}

void load_row(const HeadView& view, std::int64_t head, std::int64_t token, float* out) {
    const auto bytes = static_cast<std::size_t>(view.dim * size_bytes(view.dtype));
    to_float(element_type(view.dtype), {static_cast<const std::byte*>(view.row(head, token)), bytes},
             {out, static_cast<std::size_t>(view.dim)});
}

}  // namespace longscope
