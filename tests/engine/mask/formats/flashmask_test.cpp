// SPDX-License-Identifier: GPL-3.0-or-later
// FlashMask: the meaning of the vectors column by column, the fewest that do, and what does not fit.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/mask/formats/mask_format.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

MaskArrays vectors(std::int64_t queries, bool causal, std::int64_t count, std::vector<std::int32_t> values) {
    const auto keys = static_cast<std::int64_t>(values.size()) / count;
    MaskArrays arrays{"flashmask", queries, keys, {}, {}, {}, ""};
    arrays.scalars["causal"] = causal;
    arrays.arrays["startend_row_indices"] = {{1, 1, keys, count}, std::move(values)};
    return arrays;
}

std::unique_ptr<Mask> read(const MaskArrays& arrays) {
    return find_mask_format("flashmask", "test").read(arrays, nullptr);
}

MaskArrays write(const Mask& mask) {
    return find_mask_format("flashmask", "test").write(mask, {});
}

std::int64_t vectors_of(const MaskArrays& arrays) {
    return arrays.array("startend_row_indices").shape().back();
}

std::vector<std::int64_t> column_of(const MaskArrays& arrays, std::int64_t column) {
    std::vector<std::int64_t> values;
    for (std::int64_t i = 0; i < vectors_of(arrays); ++i) {
        values.push_back(arrays.array("startend_row_indices").at(column * vectors_of(arrays) + i));
    }
    return values;
}

RC_GTEST_PROP(FlashMaskProperty, MasksTheRowsThatTheVectorsName, ()) {
    const bool causal = *rc::gen::arbitrary<bool>();
    const bool more = *rc::gen::arbitrary<bool>();
    const std::int64_t count = causal ? (more ? 2 : 1) : (more ? 4 : 2);
    const auto keys = *integer_from(1, 12);
    const auto rows = causal ? keys : *integer_from(1, 12);
    std::vector<std::int32_t> values;
    for (std::int64_t i = 0; i < keys * count; ++i) {
        values.push_back(static_cast<std::int32_t>(*integer_from(0, rows)));
    }
    const auto mask = read(vectors(rows, causal, count, values));
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t column = 0; column < keys; ++column) {
            const auto at = [&](std::int64_t i) { return values[static_cast<std::size_t>(column * count + i)]; };
            bool masked = causal && row < column;
            masked = masked || (row >= at(0) && (count == 1 || (!causal && count == 2) || row < at(1)));
            masked = masked || (!causal && count == 2 && row < at(1));
            masked = masked || (count == 4 && row >= at(2) && row < at(3));
            RC_ASSERT(mask->contains(row, column) == !masked);
        }
    }
    const MaskArrays again = write(*mask);
    RC_ASSERT(cells_of(*read(again)) == cells_of(*mask));
    RC_ASSERT(vectors_of(again) <= count);
}

TEST(FlashMask, TakesTheFewestVectors) {
    const MaskDomain documents{12, 12, {0, 5, 12}};
    const auto written = [&](const char* json) { return write(*compiled_mask(json, documents)); };
    const auto form_of = [](const MaskArrays& arrays) {
        return std::pair(std::get<bool>(arrays.scalars.at("causal")), vectors_of(arrays));
    };
    using Form = std::pair<bool, std::int64_t>;
    EXPECT_EQ(form_of(written(R"({"causal": {}})")), (Form{true, 1}));
    EXPECT_EQ(form_of(written(R"({"and": [{"causal": {}}, {"documents": {}}]})")), (Form{true, 1}));
    EXPECT_EQ(form_of(written(R"({"window": {"left": 3, "right": 0}})")), (Form{true, 1}));
    EXPECT_EQ(form_of(written(R"({"full": {}})")), (Form{false, 2}));
    EXPECT_EQ(form_of(written(R"({"documents": {}})")), (Form{false, 2}));
    EXPECT_EQ(form_of(written(R"({"window": {"left": 3, "right": 2}})")), (Form{false, 2}));
    EXPECT_EQ(form_of(written(R"({"or": [{"causal": {}}, {"prefix": {"tokens": 4}}]})")), (Form{false, 2}));
    const auto evicted = mask_of_cells({"#...", "##..", ".##.", "####"});
    EXPECT_EQ(form_of(write(*evicted)), (Form{true, 2}));
    EXPECT_EQ(column_of(write(*evicted), 0), (std::vector<std::int64_t>{2, 3}));
}

TEST(FlashMask, HoldsThePublishedColumn) {
    // Column 5 is masked in [7, 10) and [2, 4).
    MaskPictureText lines(12, std::string(12, '#'));
    for (const std::size_t row : {2, 3, 7, 8, 9}) {
        lines[row][5] = '.';
    }
    const MaskArrays arrays = write(*mask_of_cells(lines));
    EXPECT_EQ(column_of(arrays, 5), (std::vector<std::int64_t>{7, 10, 2, 4}));
    EXPECT_EQ(cells_of(*read(arrays)), lines);
}

TEST(FlashMask, NamesTheColumnThatHasTooManyIntervals) {
    MaskPictureText lines(20, std::string(20, '#'));
    for (const std::size_t row : {1, 5, 6, 19}) {
        lines[row][17] = '.';
    }
    expect_error(ErrorKind::bad_input,
                 {"FlashMask holds at most two masked intervals per column: column 17 has three", "slices"},
                 [&] { (void)write(*mask_of_cells(lines)); });
}

TEST(FlashMask, RefusesOtherShapesAndRows) {
    expect_error(ErrorKind::bad_input, {"startend_row_indices[1]: 5 is out of range", "from 0 to 4"}, [] {
        (void)read(vectors(4, true, 1, {4, 5, 4, 4}));
    });
    expect_error(ErrorKind::bad_input, {"startend_row_indices: 1 x 1 x 2 x 3 is not its shape", "1 or 2, causal"}, [] {
        (void)read(vectors(2, true, 3, {0, 0, 0, 0, 0, 0}));
    });
    expect_error(ErrorKind::bad_input, {"is not its shape", "2 or 4, not causal"}, [] {
        (void)read(vectors(2, false, 1, {0, 0}));
    });
    expect_error(ErrorKind::bad_input, {"causal: true is not defined for 5 queries and 4 keys"}, [] {
        (void)read(vectors(5, true, 1, {4, 4, 4, 4}));
    });
    MaskArrays heads = vectors(4, true, 1, {4, 4, 4, 4});
    heads.arrays["startend_row_indices"] = {{1, 2, 4, 1}, std::vector<std::int32_t>(8, 4)};
    expect_error(ErrorKind::bad_input, {"one mask at a time"}, [&] { (void)read(heads); });
}

}  // namespace
}  // namespace longscope
