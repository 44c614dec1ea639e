// SPDX-License-Identifier: GPL-3.0-or-later
// The layout of queries, keys, values and outputs inside the engine: heads x tokens x dim, dense, row-major.
#pragma once

#include <cstdint>

namespace longscope {

// A view; the memory is someone else's and must outlive it.
template <typename T>
struct HeadMatrix {
    T* data = nullptr;
    std::int64_t heads = 0;
    std::int64_t tokens = 0;
    std::int64_t dim = 0;

    [[nodiscard]] T* head(std::int64_t h) const { return data + h * tokens * dim; }
    [[nodiscard]] T* row(std::int64_t h, std::int64_t token) const { return data + (h * tokens + token) * dim; }
    [[nodiscard]] std::int64_t size() const { return heads * tokens * dim; }
    // NOLINTNEXTLINE(google-explicit-constructor): a writable view serves wherever a readable one is asked for.
    operator HeadMatrix<const T>() const { return {data, heads, tokens, dim}; }
};

}  // namespace longscope
