// SPDX-License-Identifier: GPL-3.0-or-later
// Views of tensors in pages: a token's row is where the table says, and a table that says nonsense is refused.
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "engine/tensor/paged_view.h"
#include "tests/support/expect_error.h"

namespace longscope {
namespace {

TEST(PagedView, FindsEveryRowThroughTheTable) {
    // 4 pages of 3 tokens, 2 heads, 5 elements; element e of a row is told by its place in memory.
    std::vector<float> memory(4 * 3 * 2 * 5);
    std::iota(memory.begin(), memory.end(), 0.0F);
    const PagedCache cache(memory.data(), DType::float32, 4, 3, 2, 5);
    const std::array<std::int32_t, 3> table{2, 0, 3};
    const HeadView view = paged_view(cache, table, 7, "pages");
    EXPECT_EQ(view.tokens, 7);
    std::array<const void*, 7> rows{};
    for (std::int64_t head = 0; head < 2; ++head) {
        row_addresses(view, head, 0, 7, rows.data());
        for (std::int64_t token = 0; token < 7; ++token) {
            const std::int64_t page = table.at(static_cast<std::size_t>(token / 3));
            const float* expected = memory.data() + ((page * 3 + token % 3) * 2 + head) * 5;
            EXPECT_EQ(view.row(head, token), expected);
            EXPECT_EQ(rows.at(static_cast<std::size_t>(token)), expected);
            std::array<float, 5> row{};
            load_row(view, head, token, row.data());
            EXPECT_EQ(row.back(), expected[4]);
        }
    }
    EXPECT_TRUE(view.is_strided(3, 5));
    EXPECT_FALSE(view.is_strided(2, 3)) << "these two tokens are in different pages";
}

TEST(PagedView, RowsMayBePartsOfWhatIsStored) {
    std::vector<float> memory(2 * 4 * 6);
    PagedCache cache(memory.data(), DType::float32, 2, 4, 1, 6);
    cache.dim = 4;
    const std::array<std::int32_t, 2> table{1, 0};
    const HeadView view = paged_view(cache, table, 8, "pages");
    EXPECT_EQ(view.dim, 4);
    EXPECT_EQ(view.row(0, 5), memory.data() + 6);
}

TEST(PagedView, OfNoTokensLooksAtNoPage) {
    const std::array<std::int32_t, 1> table{-1};
    EXPECT_EQ(paged_view(PagedCache(nullptr, DType::float32, 0, 16, 1, 4), table, 0, "pages").tokens, 0);
}

TEST(PagedView, RefusesTablesThatDoNotFitOnOneLine) {
    const std::vector<float> memory(5 * 16 * 4);
    const PagedCache cache(memory.data(), DType::float32, 5, 16, 1, 4);
    const std::array<std::int32_t, 3> high{0, 5, 1};
    expect_error(ErrorKind::bad_input, {"--page-table[1]", "5", "no page", "0 to 4"},
                 [&] { (void)paged_view(cache, high, 33, "--page-table"); });
    EXPECT_EQ(paged_view(cache, high, 16, "--page-table").tokens, 16) << "what no token needs is not looked at";
    const std::array<std::int32_t, 2> negative{4, -1};
    expect_error(ErrorKind::bad_input, {"--page-table[1]", "-1", "0 to 4"},
                 [&] { (void)paged_view(cache, negative, 17, "--page-table"); });
    const std::array<std::int32_t, 2> brief{0, 1};
    expect_error(ErrorKind::bad_input, {"2 pages of 16", "33 tokens", "3 pages or more"},
                 [&] { (void)paged_view(cache, brief, 33, "--page-table"); });
    PagedCache none = cache;
    none.page_tokens = 0;
    expect_error(ErrorKind::bad_input, {"pages of 0 tokens"},
                 [&] { (void)paged_view(none, brief, 1, "--page-table"); });
}

}  // namespace
}  // namespace longscope
