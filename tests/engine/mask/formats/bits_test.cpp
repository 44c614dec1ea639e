// SPDX-License-Identifier: GPL-3.0-or-later
// Formats that hold every pair: dense matrices of truth values, and FlashInfer's packed bits.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <numeric>

#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/formats/mask_format.h"
#include "engine/mask/mask_of_bits.h"
#include "tests/support/bitmap_cases.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

using Numbers = std::vector<std::int64_t>;

MaskArrays write(const char* format, const Mask& mask, const FormatOptions& options = {}) {
    return find_mask_format(format, "test").write(mask, options);
}

std::unique_ptr<Mask> read(const MaskArrays& arrays) {
    return find_mask_format(arrays.format, "test").read(arrays, nullptr);
}

RC_GTEST_PROP(DenseProperty, HasATruthValueAPair, ()) {
    const auto lines = *random_cells();
    const MaskArrays arrays = write("dense", *mask_of_cells(lines));
    std::int64_t at = 0;
    for (const std::string& line : lines) {
        for (const char cell : line) {
            RC_ASSERT(arrays.array("mask").at(at++) == (cell == '#' ? 1 : 0));
        }
    }
    RC_ASSERT(arrays.array("mask").type() == IntegerType::boolean);
}

TEST(Dense, SaysItsSizeAndKeepsToTheBudget) {
    const auto mask = compiled_mask(R"({"causal": {}})", {100'000, 100'000, {}});
    expect_error(ErrorKind::bad_input,
                 {"mask: a dense mask of 9.31 GiB is over the budget", "at most 4.00 GiB (--max-bytes)"},
                 [&] { (void)write("dense", *mask); });
    FormatOptions options;
    options.max_bytes = 15;
    expect_error(ErrorKind::bad_input, {"16 B"}, [&] {
        (void)write("dense", *compiled_mask(R"({"full": {}})", {4, 4, {}}), options);
    });
}

TEST(Dense, RefusesOtherElements) {
    MaskArrays arrays{"dense", 2, 2, {}, {}, {}, ""};
    arrays.arrays["mask"] = {{2, 2}, std::vector<std::int32_t>{1, 0, 0, 1}};
    expect_error(ErrorKind::bad_input, {"mask: elements of more than a byte", "bool, uint8"},
                 [&] { (void)read(arrays); });
    arrays.arrays["mask"] = {{1, 4}, std::vector<std::uint8_t>{1, 0, 0, 1}, IntegerType::boolean};
    expect_error(ErrorKind::bad_input, {"mask: 1 x 4 is not the shape of the mask", "2 x 2"},
                 [&] { (void)read(arrays); });
}

std::vector<std::uint8_t> random_bytes(std::int64_t count, std::uint64_t mask) {
    std::vector<std::uint8_t> bytes;
    bytes.reserve(static_cast<std::size_t>(count));
    RandomStream random(4, 0);
    for (std::int64_t i = 0; i < count; i += 8) {
        const std::uint64_t drawn = random.next_u64();
        for (unsigned byte = 0; byte < 8; ++byte) {
            bytes.push_back(static_cast<std::uint8_t>(drawn >> 8 * byte & mask));
        }
    }
    return bytes;
}

// 16.8 million pairs at random, through a file into a mask of bits and out of it again.
TEST(Dense, RandomPairsGoThereAndBack) {
    constexpr std::int64_t tokens = 4096;
    const auto bytes = random_bytes(tokens * tokens, 1);
    MaskArrays arrays{"dense", tokens, tokens, {}, {}, {}, ""};
    arrays.arrays["mask"] = {{tokens, tokens}, bytes, IntegerType::boolean};
    const TemporaryFolder folder;
    const auto begin = std::chrono::steady_clock::now();
    write_mask_arrays(arrays, folder.path() / "theirs.npy");
    const auto mask = read(read_mask_arrays(folder.path() / "theirs.npy"));
    ASSERT_NE(bitmap_of(*mask), nullptr);
    EXPECT_LT(bitmap_of(*mask)->bits()->bytes(), tokens * tokens / 8 * 11 / 10);
    EXPECT_EQ(mask->pairs(), std::accumulate(bytes.begin(), bytes.end(), std::int64_t{0}));
    write_mask_arrays(write("dense", *mask), folder.path() / "ours.npy");
    const IntegerArray again = IntegerArray::open(folder.path() / "ours.npy");
    EXPECT_EQ(again.shape(), (Numbers{tokens, tokens}));
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), reinterpret_cast<const std::uint8_t*>(again.bytes().data())));
    EXPECT_EQ(write("packed", *read(write("packed", *mask))).array("packed_custom_mask").bytes().size(),
              static_cast<std::size_t>(tokens * tokens / 8));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

// Truth values that are not 0 and 1, in rows that no word and no eight bytes divide.
TEST(Dense, AnyOtherByteThanZeroIsTrue) {
    constexpr std::int64_t keys = 75;
    const auto bytes = random_bytes(keys * 96, 0x83);
    MaskArrays arrays{"dense", 96, keys, {}, {}, {}, ""};
    arrays.arrays["mask"] = {{96, keys}, bytes, IntegerType::uint8};
    const auto mask = read(arrays);
    for (std::int64_t query = 0; query < 96; ++query) {
        for (std::int64_t key = 0; key < keys; ++key) {
            ASSERT_EQ(mask->contains(query, key), bytes[static_cast<std::size_t>(query * keys + key)] != 0);
        }
    }
}

// Two requests that begin in the middle of a word.
TEST(Packed, RandomPairsOfRequestsGoThereAndBack) {
    const BitmapCase drawn{400, 400, 8};
    const auto all = drawn.mask();
    FormatOptions options;
    options.cu_seqlens = {0, 150, 150, 400};
    const MaskDomain domain{400, 400, options.cu_seqlens};
    const std::shared_ptr<const Mask> documents = compiled_mask(R"({"documents": {}})", domain);
    const auto inside =
        mask_of_bits({MaskOperation::Kind::all_of,
                      nullptr,
                      {{MaskOperation::Kind::mask, all, {}}, {MaskOperation::Kind::mask, documents, {}}}},
                     domain.box(), bytes_of_bits(*all));
    ASSERT_NE(inside, nullptr);
    const MaskArrays arrays = write("packed", *inside, options);
    EXPECT_EQ(arrays.array("mask_indptr").size(), 4);
    EXPECT_EQ(cells_of(*read(arrays)), cells_of(*inside));
}

RC_GTEST_PROP(PackedProperty, BitsAreInOrderFromTheLowestOfEachByte, ()) {
    const auto lines = *random_cells();
    const MaskArrays arrays = write("packed", *mask_of_cells(lines));
    std::int64_t bit = 0;
    for (const std::string& line : lines) {
        for (const char cell : line) {
            const std::int64_t byte = arrays.array("packed_custom_mask").at(bit / 8);
            RC_ASSERT((byte >> (bit % 8) & 1) == (cell == '#' ? 1 : 0));
            ++bit;
        }
    }
    RC_ASSERT(arrays.array("packed_custom_mask").size() == (bit + 7) / 8);
}

TEST(Packed, GivesEachDocumentARequestThatBeginsWithAByte) {
    const MaskDomain domain{8, 8, {0, 3, 8}};
    FormatOptions options;
    options.cu_seqlens = domain.cu_seqlens;
    const auto inside = compiled_mask(R"({"and": [{"causal": {}}, {"documents": {}}]})", domain);
    const MaskArrays arrays = write("packed", *inside, options);
    EXPECT_EQ(arrays.array("mask_indptr").at(1), 2);  // 9 bits
    EXPECT_EQ(arrays.array("mask_indptr").at(2), 6);  // and 25
    EXPECT_EQ(arrays.array("packed_custom_mask").at(0), 0b11011001);
    EXPECT_EQ(arrays.array("packed_custom_mask").at(1), 0b1);
    EXPECT_EQ(cells_of(*read(arrays)), cells_of(*inside));

    const auto across = compiled_mask(R"({"causal": {}})", domain);
    EXPECT_EQ(write("packed", *across, options).array("mask_indptr").size(), 2) << "which sees other documents";
}

TEST(Packed, RefusesPartsThatDoNotFitTogether) {
    const MaskDomain domain{8, 8, {0, 3, 8}};
    FormatOptions options;
    options.cu_seqlens = domain.cu_seqlens;
    const MaskArrays good = write("packed", *compiled_mask(R"({"documents": {}})", domain), options);
    const auto with = [&](const char* name, IntegerArray array) {
        MaskArrays changed = good;
        changed.arrays[name] = std::move(array);
        return changed;
    };
    expect_error(ErrorKind::bad_input, {"mask_indptr[1]: 3 does not fit 3 queries and 3 keys", "2, and at most"}, [&] {
        (void)read(with("mask_indptr", {{3}, std::vector<std::int32_t>{0, 3, 6}}));
    });
    expect_error(ErrorKind::bad_input, {"mask_indptr: 5 in all do not fill the mask", "6"}, [&] {
        (void)read(with("mask_indptr", {{3}, std::vector<std::int32_t>{0, 2, 5}}));
    });
    expect_error(ErrorKind::bad_input, {"mask_indptr: 2 numbers are not as many as in qo_indptr"}, [&] {
        (void)read(with("mask_indptr", {{2}, std::vector<std::int32_t>{0, 6}}));
    });
    expect_error(ErrorKind::bad_input, {"packed_custom_mask", "are no packed bits"}, [&] {
        (void)read(with("packed_custom_mask", {{6}, std::vector<std::uint8_t>(6, 1), IntegerType::boolean}));
    });
}

}  // namespace
}  // namespace longscope
