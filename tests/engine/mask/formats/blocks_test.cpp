// SPDX-License-Identifier: GPL-3.0-or-later
// Formats made of blocks: FlexAttention's BlockMask and FlashInfer's block sparse rows.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/mask/formats/mask_format.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_cell_generators.h"

namespace longscope {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers values_of(const MaskArrays& arrays, const std::string& name) {
    Numbers values;
    for (std::int64_t i = 0; i < arrays.array(name).size(); ++i) {
        values.push_back(arrays.array(name).at(i));
    }
    return values;
}

FormatOptions blocks_of(std::int64_t q_block, std::int64_t k_block) {
    FormatOptions options;
    options.q_block = q_block;
    options.k_block = k_block;
    return options;
}

// A 4 x 4 matrix in blocks of 2 x 2.
MaskArrays block_mask(std::vector<std::int32_t> partial_numbers, std::vector<std::int32_t> partial,
                      std::vector<std::int32_t> full_numbers, std::vector<std::int32_t> full) {
    MaskArrays arrays{"block_mask", 4, 4, {}, {}, {}, ""};
    arrays.scalars["BLOCK_SIZE"] = Numbers{2, 2};
    arrays.arrays["kv_num_blocks"] = {{1, 1, 2}, std::move(partial_numbers)};
    arrays.arrays["kv_indices"] = {{1, 1, 2, 2}, std::move(partial)};
    arrays.arrays["full_kv_num_blocks"] = {{2}, std::move(full_numbers)};
    arrays.arrays["full_kv_indices"] = {{2, 2}, std::move(full)};
    return arrays;
}

std::unique_ptr<Mask> read(const MaskArrays& arrays, const Mask* companion = nullptr) {
    return find_mask_format(arrays.format, "test").read(arrays, companion);
}

MaskArrays write(const char* format, const Mask& mask, const FormatOptions& options) {
    return find_mask_format(format, "test").write(mask, options);
}

TEST(BlockMask, ListsFullAndPartialBlocksOfEachRow) {
    const auto causal = compiled_mask(R"({"causal": {}})", {6, 6, {}});
    const MaskArrays arrays = write("block_mask", *causal, blocks_of(2, 2));
    EXPECT_EQ(values_of(arrays, "kv_num_blocks"), (Numbers{1, 1, 1}));
    EXPECT_EQ(values_of(arrays, "kv_indices"), (Numbers{0, 0, 0, 1, 0, 0, 2, 0, 0}));
    EXPECT_EQ(values_of(arrays, "full_kv_num_blocks"), (Numbers{0, 1, 2}));
    EXPECT_EQ(values_of(arrays, "full_kv_indices"), (Numbers{0, 0, 0, 0, 0, 0, 0, 1, 0}));
}

TEST(BlockMask, CountsBlocksThatTheMatrixCutsOffAsPartial) {
    const MaskArrays arrays = write("block_mask", *mask_of_cells({"###", "###", "###"}), blocks_of(2, 2));
    EXPECT_EQ(values_of(arrays, "full_kv_num_blocks"), (Numbers{1, 0}));
    EXPECT_EQ(values_of(arrays, "kv_num_blocks"), (Numbers{1, 2}));
}

TEST(BlockMask, TakesThePartialBlocksFromTheCompanion) {
    const auto companion = mask_of_cells({"#.#.", ".#.#", "##..", "..##"});
    const auto mask = read(block_mask({1, 0}, {1, 0, 0, 0}, {0, 1}, {0, 0, 0, 0}), companion.get());
    EXPECT_EQ(cells_of(*mask), (MaskPictureText{"..#.", "...#", "##..", "##.."}));
    expect_error(ErrorKind::bad_input, {"kv_indices: block (0, 1) is kept in part", "--companion"}, [] {
        (void)read(block_mask({1, 0}, {1, 0, 0, 0}, {0, 1}, {0, 0, 0, 0}));
    });
    EXPECT_EQ(read(block_mask({0, 0}, {0, 0, 0, 0}, {1, 1}, {1, 0, 0, 0}))->pairs(), 8) << "none is partial";
}

TEST(BlockMask, RefusesContradictions) {
    const auto all = mask_of_cells(MaskPictureText(4, "####"));
    expect_error(ErrorKind::bad_input, {"kv_indices: block (0, 1) is named twice", "as full or as partial"}, [&] {
        (void)read(block_mask({1, 0}, {1, 0, 0, 0}, {1, 0}, {1, 0, 0, 0}), all.get());
    });
    expect_error(ErrorKind::bad_input, {"full_kv_indices: block (1, 0) is named twice"}, [&] {
        (void)read(block_mask({0, 0}, {0, 0, 0, 0}, {0, 2}, {0, 0, 0, 0}), all.get());
    });
    expect_error(ErrorKind::bad_input, {"full_kv_num_blocks[1]: 3 is out of range", "from 0 to 2"}, [&] {
        (void)read(block_mask({0, 0}, {0, 0, 0, 0}, {0, 3}, {0, 0, 0, 0}), all.get());
    });
    expect_error(ErrorKind::bad_input, {"kv_indices[0]: 2 is out of range", "from 0 to 1"}, [&] {
        (void)read(block_mask({1, 0}, {2, 0, 0, 0}, {0, 0}, {0, 0, 0, 0}), all.get());
    });
    MaskArrays narrow = block_mask({0, 0}, {0, 0, 0, 0}, {0, 0}, {0, 0, 0, 0});
    narrow.arrays["kv_indices"] = {{1, 1, 2, 1}, std::vector<std::int32_t>{0, 0}};
    expect_error(ErrorKind::bad_input, {"kv_indices: 1 x 1 x 2 x 1 is not its shape", "1 x 1 x 2 x 2"},
                 [&] { (void)read(narrow, all.get()); });
}

TEST(BlockMask, RefusesTooManyBlocksBeforeItTakesMemoryForThem) {
    MaskArrays arrays = block_mask({0, 0}, {0, 0, 0, 0}, {0, 0}, {0, 0, 0, 0});
    arrays.query_tokens = arrays.key_tokens = max_tokens;
    arrays.scalars["BLOCK_SIZE"] = Numbers{1, 1};
    expect_error(ErrorKind::bad_input, {"BLOCK_SIZE: [1, 1] makes too many blocks"}, [&] { (void)read(arrays); });
    const auto long_mask = compiled_mask(R"({"causal": {}})", {1'000'000'000, 1'000'000'000, {}});
    expect_error(ErrorKind::bad_input, {"a BlockMask of", "is over the budget", "4.00 GiB"},
                 [&] { (void)write("block_mask", *long_mask, blocks_of(128, 128)); });
}

TEST(Bsr, ListsTheKeptBlocks) {
    const auto mask = mask_of_cells({"##....", "##....", "..####", "..####"});
    const MaskArrays arrays = write("bsr", *mask, blocks_of(2, 2));
    EXPECT_EQ(values_of(arrays, "indptr"), (Numbers{0, 1, 3}));
    EXPECT_EQ(values_of(arrays, "indices"), (Numbers{0, 1, 2}));
    EXPECT_EQ(cells_of(*read(arrays)), cells_of(*mask));
}

TEST(Bsr, NamesTheFirstBlockThatIsNotWhole) {
    const auto causal = compiled_mask(R"({"causal": {}})", {6, 6, {}});
    expect_error(ErrorKind::bad_input, {"block (0, 0) of 2 x 2, which is kept in part", "whole blocks only"},
                 [&] { (void)write("bsr", *causal, blocks_of(2, 2)); });
    expect_error(ErrorKind::bad_input, {"a mask of 6 queries, which blocks of 4 do not divide"},
                 [&] { (void)write("bsr", *causal, blocks_of(4, 2)); });
    const auto blockwise = mask_of_cells({"##..", "##..", "####", "####"});
    EXPECT_EQ(values_of(write("bsr", *blockwise, blocks_of(2, 2)), "indices"), (Numbers{0, 0, 1}));
}

TEST(Bsr, RefusesListsThatDoNotFit) {
    const auto bsr = [](std::vector<std::int32_t> indptr, std::vector<std::int32_t> indices) {
        MaskArrays arrays{"bsr", 4, 6, {}, {}, {}, ""};
        arrays.scalars["R"] = std::int64_t{2};
        arrays.scalars["C"] = std::int64_t{2};
        const auto rows = static_cast<std::int64_t>(indptr.size());
        const auto blocks = static_cast<std::int64_t>(indices.size());
        arrays.arrays["indptr"] = {{rows}, std::move(indptr)};
        arrays.arrays["indices"] = {{blocks}, std::move(indices)};
        return arrays;
    };
    EXPECT_EQ(read(bsr({0, 2, 3}, {2, 0, 1}))->pairs(), 12) << "in any order";
    expect_error(ErrorKind::bad_input, {"indptr: 2 numbers do not fit 2 rows"}, [&] { (void)read(bsr({0, 1}, {0})); });
    expect_error(ErrorKind::bad_input, {"indptr[1]: 4 is out of range"}, [&] {
        (void)read(bsr({0, 4, 3}, {0, 1, 2}));
    });
    expect_error(ErrorKind::bad_input, {"indptr[2]: 0 is out of range"}, [&] { (void)read(bsr({0, 1, 0}, {0})); });
    expect_error(ErrorKind::bad_input, {"indices[1]: 3 is out of range"}, [&] { (void)read(bsr({0, 1, 2}, {0, 3})); });
    expect_error(ErrorKind::bad_input, {"indices[0:2]: column 1 is named twice"}, [&] {
        (void)read(bsr({0, 2, 2}, {1, 1}));
    });
    expect_error(ErrorKind::bad_input, {"indices: 2 numbers are not as many as indptr ends with"}, [&] {
        (void)read(bsr({0, 1, 1}, {1, 1}));
    });
    MaskArrays none = bsr({0, 1, 1}, {1});
    none.scalars["C"] = std::int64_t{4};
    expect_error(ErrorKind::bad_input, {"C: 4 does not divide 6 tokens"}, [&] { (void)read(none); });
    none.scalars.erase("C");
    expect_error(ErrorKind::bad_input, {"C: no integer"}, [&] { (void)read(none); });
}

}  // namespace
}  // namespace longscope
