// SPDX-License-Identifier: GPL-3.0-or-later
// NaN and infinities of an input reach only the rows that see them (DESIGN.md section 6).
#include <gtest/gtest.h>

#include "tests/support/attention_case.h"
#include "tests/support/backends.h"

namespace longscope {
namespace {

struct Poison {
    const char* name;
    float value;
};

// Googletest would print the bytes, pointers among them, and the test would have another name in every process.
void PrintTo(const Poison& poison, std::ostream* out) {
    *out << poison.name;
}

class NonFinite : public ::testing::TestWithParam<std::tuple<std::string, Poison>> {
  protected:
    static constexpr std::int64_t tokens = 300;
    static constexpr std::int64_t bad_token = 150;

    AttentionCase case_{{1, 2, 1, 32, 32, DType::float32}, {tokens, tokens, {}}, R"({"causal": {}})", 3};
    AttentionInputs inputs_{case_};

    Partial run() {
        const std::unique_ptr<Mask> mask = case_.mask();
        const TokenSet all({{0, tokens}});
        const LocalMask local(*mask, all, all);
        Partial out(2, tokens, 32);
        backend_of(std::get<0>(GetParam()), 2)
            .attend({inputs_.q(), inputs_.k(), inputs_.v(), &local, case_.scale()}, out, {});
        return out;
    }
    // Rows [0, end) of all heads are as the reference has them without the poison.
    static void expect_clean(const Partial& clean, const Partial& poisoned, Range rows) {
        for (std::int64_t head = 0; head < 2; ++head) {
            for (std::int64_t row = rows.begin; row < rows.end; ++row) {
                for (std::int64_t d = 0; d < 32; ++d) {
                    ASSERT_NEAR(clean.output().row(head, row)[d], poisoned.output().row(head, row)[d], 1e-6)
                        << "head " << head << " row " << row;
                }
                ASSERT_NEAR(clean.lse(head)[row], poisoned.lse(head)[row], 1e-5);
            }
        }
    }
};

TEST_P(NonFinite, InAHiddenValueDoesNotLeak) {
    const Partial clean = run();
    inputs_.values[bad_token * 32 + 5] = std::get<1>(GetParam()).value;
    const Partial poisoned = run();
    expect_clean(clean, poisoned, {0, bad_token});
    for (std::int64_t row = bad_token; row < tokens; ++row) {
        EXPECT_FALSE(std::isfinite(poisoned.output().row(0, row)[5])) << row;
        EXPECT_TRUE(std::isfinite(poisoned.output().row(0, row)[6])) << row;
    }
}

TEST_P(NonFinite, InAHiddenKeyDoesNotLeak) {
    const Partial clean = run();
    inputs_.keys[bad_token * 32 + 5] = std::get<1>(GetParam()).value;
    const Partial poisoned = run();
    expect_clean(clean, poisoned, {0, bad_token});
    if (std::isnan(std::get<1>(GetParam()).value)) {
        for (std::int64_t row = bad_token; row < tokens; ++row) {
            EXPECT_TRUE(std::isnan(poisoned.output().row(0, row)[6])) << row;
        }
    }
}

TEST_P(NonFinite, InAQueryReachesOnlyItsRow) {
    const Partial clean = run();
    inputs_.queries[bad_token * 32 + 5] = std::get<1>(GetParam()).value;
    const Partial poisoned = run();
    expect_clean(clean, poisoned, {0, bad_token});
    expect_clean(clean, poisoned, {bad_token + 1, tokens});
    EXPECT_FALSE(std::isfinite(poisoned.output().row(0, bad_token)[0]));
}

INSTANTIATE_TEST_SUITE_P(
    Values, NonFinite,
    ::testing::Combine(::testing::Values(std::string("cpu"), std::string("opencl"), std::string("opencl_tiled")),
                       ::testing::Values(Poison{"NaN", std::numeric_limits<float>::quiet_NaN()},
                                         Poison{"Infinity", std::numeric_limits<float>::infinity()},
                                         Poison{"MinusInfinity", -std::numeric_limits<float>::infinity()})),
    [](const auto& parameter) { return std::get<0>(parameter.param) + std::get<1>(parameter.param).name; });

}  // namespace
}  // namespace longscope
