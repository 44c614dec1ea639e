// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/tensor/paged_view.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace longscope {

HeadView paged_view(const PagedCache& cache, std::span<const std::int32_t> table, std::int64_t tokens,
                    std::string_view field) {
    if (cache.page_tokens < 1) {
        throw bad_input(field, fmt::format("pages of {} tokens", cache.page_tokens), "hold nothing", "1 or more");
    }
    const std::int64_t used = tokens / cache.page_tokens + (tokens % cache.page_tokens == 0 ? 0 : 1);
    if (used > static_cast<std::int64_t>(table.size())) {
        throw bad_input(field, fmt::format("{} pages of {} tokens", table.size(), cache.page_tokens),
                        fmt::format("do not hold {} tokens", tokens), fmt::format("{} pages or more", used));
    }
    for (std::int64_t i = 0; i < used; ++i) {
        const std::int32_t page = table[static_cast<std::size_t>(i)];
        if (page < 0 || page >= cache.pages) {
            throw bad_input(fmt::format("{}[{}]", field, i), fmt::format("{}", page), "is no page of the cache",
                            cache.pages == 0 ? "nothing: it has no pages" : fmt::format("0 to {}", cache.pages - 1));
        }
    }
    HeadView view;
    view.data = cache.data;
    view.dtype = cache.dtype;
    view.heads = cache.heads;
    view.tokens = tokens;
    view.dim = cache.dim;
    view.head_stride = cache.head_stride;
    view.token_stride = cache.token_stride;
    view.pages = {table.data(), cache.page_tokens, cache.page_stride};
    return view;
}

}  // namespace longscope
