// SPDX-License-Identifier: GPL-3.0-or-later
// What every format promises: a mask that it takes is the same mask when it is read back, also through files.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/mask/formats/mask_folder.h"
#include "engine/mask/formats/mask_format.h"
#include "tests/support/mask_cell_generators.h"
#include "tests/support/mask_generators.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

class MaskFormatRoundTrip : public testing::TestWithParam<MaskFormat> {
  protected:
    // None where the format refuses the mask, with a reason.
    static std::optional<MaskArrays> written(const Mask& mask, const FormatOptions& options) {
        try {
            return GetParam().write(mask, options);
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
            return std::nullopt;
        }
    }
    static void expect_same(const Mask& mask, const FormatOptions& options) {
        if (const auto arrays = written(mask, options)) {
            EXPECT_EQ(arrays->format, GetParam().name);
            RC_ASSERT(cells_of(*GetParam().read(*arrays, &mask)) == cells_of(mask));
        }
    }
};

TEST_P(MaskFormatRoundTrip, KeepsExpressions) {
    rc::check([] {
        const MaskCase drawn = *mask_case();
        FormatOptions options;
        options.cu_seqlens = drawn.domain.cu_seqlens;
        options.q_block = *integer_from(1, 5);
        options.k_block = *integer_from(1, 5);
        expect_same(*drawn.compiled(), options);
    });
}

TEST_P(MaskFormatRoundTrip, KeepsSinglePairs) {
    rc::check([] {
        FormatOptions options;
        options.q_block = *integer_from(1, 3);
        options.k_block = *integer_from(1, 3);
        expect_same(*mask_of_cells(*random_cells()), options);
    });
}

TEST_P(MaskFormatRoundTrip, GoesThroughFiles) {
    const TemporaryFolder folder;
    const auto full = mask_of_cells({"####", "####", "####", "####"});
    FormatOptions options;
    options.q_block = options.k_block = 2;
    const MaskArrays arrays = GetParam().write(*full, options);
    const auto path = folder.path() / "mask";
    write_mask_arrays(arrays, path);
    EXPECT_TRUE(looks_like_mask_arrays(path));
    const MaskArrays again = read_mask_arrays(path);
    EXPECT_EQ(again.format, arrays.format);
    EXPECT_EQ(again.scalars, arrays.scalars);
    EXPECT_EQ(cells_of(*GetParam().read(again, nullptr)), cells_of(*full));
    write_mask_arrays(arrays, path);  // over itself
}

std::vector<MaskFormat> readable_formats() {
    std::vector<MaskFormat> formats = mask_formats();
    std::erase_if(formats, [](const MaskFormat& format) { return format.read == nullptr; });
    return formats;
}

INSTANTIATE_TEST_SUITE_P(Every, MaskFormatRoundTrip, testing::ValuesIn(readable_formats()),
                         [](const testing::TestParamInfo<MaskFormat>& format) {
                             return std::string(format.param.name);
                         });

}  // namespace
}  // namespace longscope
