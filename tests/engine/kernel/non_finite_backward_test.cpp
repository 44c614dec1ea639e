// SPDX-License-Identifier: GPL-3.0-or-later
// NaN and infinities of an input reach only the gradients of the rows that see them and of the keys that these rows see
// (DESIGN.md section 6).
#include <gtest/gtest.h>

#include "tests/support/backends.h"
#include "tests/support/backward_case.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens = 300;
constexpr std::int64_t dim = 32;
constexpr std::int64_t left = 20;        // of the window
constexpr std::int64_t bad_token = 150;  // of the first head

const AttentionCase window_case{{1, 4, 2, dim, dim, DType::float32},
                                {tokens, tokens, {}},
                                R"({"and": [{"causal": {}}, {"window": {"left": 20, "right": 0}}]})",
                                3};

struct Poison {
    const char* name;
    float value;
};

// Googletest would print the bytes, pointers among them, and the test would have another name in every process.
void PrintTo(const Poison& poison, std::ostream* out) {
    *out << poison.name;
}

// Where a poison may show: tokens of the first `heads` heads.
struct Reach {
    std::int64_t heads;
    Range tokens;
};

class NonFiniteBackward : public ::testing::TestWithParam<std::tuple<std::string, Poison>> {
  protected:
    NonFiniteBackward() : clean_(run()) {}

    [[nodiscard]] static float poison() { return std::get<1>(GetParam()).value; }

    // End to end: lse and delta come from the kernel's own forward pass.
    [[nodiscard]] Gradients run() {
        const Kernel& kernel = backend_of(std::get<0>(GetParam()), 2);
        const std::unique_ptr<Mask> mask = window_case.mask();
        const TokenSet all({{0, tokens}});
        const LocalMask local(*mask, all, all);
        const AttendInput forward{inputs_.forward.q(), inputs_.forward.k(), inputs_.forward.v(), &local,
                                  window_case.scale()};
        Partial partial(window_case.shape.query_heads, tokens, dim);
        kernel.attend(forward, partial, {});
        std::vector<float> delta(static_cast<std::size_t>(window_case.shape.query_heads * tokens));
        compute_delta(inputs_.dout(), std::as_const(partial).output(), delta.data());
        Gradients out(inputs_.forward);
        kernel.attend_backward({forward, inputs_.dout(), partial.lse(0), delta.data()}, out.view(inputs_.forward), {});
        return out;
    }

    // Everything but what lies in reach is as without the poison.
    static void expect_clean(const char* name, HeadMatrix<const float> clean, HeadMatrix<const float> got,
                             Reach reach) {
        for (std::int64_t head = 0; head < got.heads; ++head) {
            for (std::int64_t token = 0; token < got.tokens; ++token) {
                for (std::int64_t d = 0; d < dim && (head >= reach.heads || !reach.tokens.contains(token)); ++d) {
                    ASSERT_NEAR(got.row(head, token)[d], clean.row(head, token)[d], 1e-5)
                        << name << ": head " << head << " token " << token << " component " << d;
                }
            }
        }
    }
    void expect_clean_beyond(Gradients& got, Reach queries, Reach keys) {
        const AttendGradients clean = clean_.view(inputs_.forward);
        const AttendGradients view = got.view(inputs_.forward);
        expect_clean("queries", clean.queries, view.queries, queries);
        expect_clean("keys", clean.keys, view.keys, keys);
        expect_clean("values", clean.values, view.values, keys);
    }
    [[nodiscard]] static bool has_non_finite(const float* row) {
        return std::any_of(row, row + dim, [](float value) { return !std::isfinite(value); });
    }

    BackwardInputs inputs_{window_case};
    Gradients clean_;

    // Two query heads read the first key/value head.
    static constexpr Reach rows_that_see{2, {bad_token, bad_token + left + 1}};
    static constexpr Reach keys_beside{1, {bad_token - left, bad_token + left + 1}};
    static constexpr Reach row_alone{1, {bad_token, bad_token + 1}};
    static constexpr Reach keys_of_row{1, {bad_token - left, bad_token + 1}};
};

TEST_P(NonFiniteBackward, InAKey) {
    inputs_.forward.keys[bad_token * dim + 5] = poison();
    Gradients got = run();
    expect_clean_beyond(got, rows_that_see, keys_beside);
    EXPECT_TRUE(has_non_finite(&got.queries[bad_token * dim]));
}

TEST_P(NonFiniteBackward, InAValue) {
    inputs_.forward.values[bad_token * dim + 5] = poison();
    Gradients got = run();
    expect_clean_beyond(got, rows_that_see, keys_beside);
    EXPECT_TRUE(has_non_finite(&got.queries[bad_token * dim]));
    EXPECT_TRUE(has_non_finite(&got.keys[bad_token * dim]));
}

TEST_P(NonFiniteBackward, InAQuery) {
    inputs_.forward.queries[bad_token * dim + 5] = poison();
    Gradients got = run();
    expect_clean_beyond(got, row_alone, keys_of_row);
    EXPECT_TRUE(has_non_finite(&got.queries[bad_token * dim]));
    EXPECT_TRUE(has_non_finite(&got.keys[bad_token * dim]));
}

TEST_P(NonFiniteBackward, InAnOutputGradient) {
    inputs_.output_gradients[bad_token * dim + 5] = poison();
    Gradients got = run();
    expect_clean_beyond(got, row_alone, keys_of_row);
    EXPECT_TRUE(has_non_finite(&got.queries[bad_token * dim]));
    EXPECT_TRUE(has_non_finite(&got.keys[bad_token * dim]));
    // dV = P^T dO: of other components than the poisoned one nothing changes.
    EXPECT_FALSE(std::isfinite(got.values[bad_token * dim + 5]));
    EXPECT_NEAR(got.values[bad_token * dim + 6], clean_.values[bad_token * dim + 6], 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Values, NonFiniteBackward,
    ::testing::Combine(::testing::Values(std::string("cpu"), std::string("opencl"), std::string("opencl_tiled"),
                                         std::string("reference")),
                       ::testing::Values(Poison{"NaN", std::numeric_limits<float>::quiet_NaN()},
                                         Poison{"Infinity", std::numeric_limits<float>::infinity()},
                                         Poison{"MinusInfinity", -std::numeric_limits<float>::infinity()})),
    [](const auto& parameter) { return std::get<0>(parameter.param) + std::get<1>(parameter.param).name; });

}  // namespace
}  // namespace longscope
