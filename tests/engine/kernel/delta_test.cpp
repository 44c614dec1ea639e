// SPDX-License-Identifier: GPL-3.0-or-later
// delta: the sum of dO * O over each row, for tensors of any type and with gaps between their rows.
#include <gtest/gtest.h>

#include "tests/support/attention_case.h"
#include "tests/support/typed_tensor.h"

namespace longscope {
namespace {

TEST(Delta, IsTheProductOfARowWithItsGradient) {
    const std::vector<float> output{1, 2, 3, 4, 5, 6, 7, 8};
    const std::vector<float> gradients{1, 0, 1, 1, -1, 2, 0.5, 0.25};
    std::vector<float> delta(4);
    compute_delta(HeadMatrix<const float>{gradients.data(), 2, 2, 2}, HeadMatrix<const float>{output.data(), 2, 2, 2},
                  delta.data());
    EXPECT_EQ(delta, (std::vector<float>{1, 7, 7, 5.5}));
}

TEST(Delta, KeepsSmallTermsBesideLargeOnes) {
    // In float32 the first sum would be 0.
    const std::vector<float> output{1e8F, 1, -1e8F};
    const std::vector<float> ones{1, 1, 1};
    float delta = 0;
    compute_delta(HeadMatrix<const float>{ones.data(), 1, 1, 3}, HeadMatrix<const float>{output.data(), 1, 1, 3},
                  &delta);
    EXPECT_EQ(delta, 1.0F);
}

TEST(Delta, ReadsEveryTypeAndSkipsWhatLiesBetweenRows) {
    constexpr std::int64_t heads = 3;
    constexpr std::int64_t rows = 700;  // more than one thread takes at a time
    constexpr std::int64_t dim = 17;
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        const std::vector<float> gradients = rounded(normal_tensor(1, 0, heads * rows * dim), dtype);
        const std::vector<float> output = normal_tensor(1, 1, heads * rows * dim);
        const TypedTensor typed({gradients.data(), heads, rows, dim}, dtype, 5);
        const TypedTensor apart({output.data(), heads, rows, dim}, DType::float32, 3);
        std::vector<float> delta(heads * rows);
        compute_delta(typed.view(), apart.view(), delta.data());
        for (std::size_t i = 0; i < delta.size(); ++i) {
            double expected = 0.0;
            for (std::size_t d = 0; d < dim; ++d) {
                expected += double{gradients[i * dim + d]} * double{output[i * dim + d]};
            }
            ASSERT_EQ(delta[i], static_cast<float>(expected)) << to_string(dtype) << " row " << i;
        }
    }
}

}  // namespace
}  // namespace longscope
