// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/output_comparison.h"

#include <gtest/gtest.h>

#include <limits>

#include "engine/base/error.h"
#include "tests/support/attention_case.h"

namespace longscope {
namespace {

class Comparison : public testing::Test {
  protected:
    Comparison() {
        problem_.shape = {1, 4, 2, 16, 8, DType::float32};
        problem_.domain = {50, 50, {}};
        problem_.mask_json = R"({"and": [{"causal": {}}, {"not": {"prefix": {"tokens": 3}}}]})";
        inputs_ = std::make_unique<AttentionInputs>(problem_);
        const ReferenceResult reference = reference_attention(problem_, *inputs_);
        output_.assign(reference.output.begin(), reference.output.end());
        lse_.assign(reference.lse.begin(), reference.lse.end());
        mask_ = problem_.mask();
        all_ = TokenSet({{0, 50}});
    }
    [[nodiscard]] std::vector<RowDifference> compare(const std::vector<std::int64_t>& queries) const {
        const LocalMask local(*mask_, all_, all_);
        return compare_rows({inputs_->q(), inputs_->k(), inputs_->v(), {output_.data(), 4, 50, 8}, lse_.data()},
                            {&local, problem_.scale(), false}, queries, 2, {}, nullptr);
    }

    AttentionCase problem_;
    std::unique_ptr<AttentionInputs> inputs_;
    std::unique_ptr<Mask> mask_;
    TokenSet all_;
    std::vector<float> output_;
    std::vector<float> lse_;
};

TEST_F(Comparison, ARoundedReferenceDiffersByItsRoundingAlone) {
    const auto rows = compare({0, 1, 2, 3, 17, 49});
    ASSERT_EQ(rows.size(), 4U * 6U);
    EXPECT_LE(relative_error(rows), 1e-7);
    for (const RowDifference& row : rows) {
        EXPECT_LE(row.lse_error(), 1e-6);
        if (row.query < 3) {
            EXPECT_EQ(row.reference_lse, -std::numeric_limits<double>::infinity()) << "sees no key";
            EXPECT_EQ(row.squared_error, 0);
        }
    }
}

TEST_F(Comparison, OneWrongElementIsFoundInItsRow) {
    output_[(2 * 50 + 17) * 8 + 5] += 0.5F;
    lse_[1 * 50 + 17] = std::numeric_limits<float>::infinity();
    for (const RowDifference& row : compare({16, 17, 18})) {
        const bool wrong = row.head == 2 && row.query == 17;
        EXPECT_NEAR(row.squared_error, wrong ? 0.25 : 0.0, 1e-6);
        EXPECT_EQ(std::isfinite(row.lse_error()), !(row.head == 1 && row.query == 17));
    }
}

TEST_F(Comparison, NanIsAnInfiniteError) {
    output_[(3 * 50 + 40) * 8] = std::nanf("");
    EXPECT_EQ(relative_error(compare({40})), std::numeric_limits<double>::infinity());
}

TEST_F(Comparison, IsCancelled) {
    const std::atomic<bool> cancelled{true};
    const LocalMask local(*mask_, all_, all_);
    EXPECT_THROW((void)compare_rows({inputs_->q(), inputs_->k(), inputs_->v(), {output_.data(), 4, 50, 8}, nullptr},
                                    {&local, problem_.scale(), false}, {0}, 1, {}, &cancelled),
                 Error);
}

}  // namespace
}  // namespace longscope
